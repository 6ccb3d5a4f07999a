import { isObject } from '../json.ts'
import type { AssistantPart, Message, ReasoningPart } from '../message.ts'
import type { Quirks } from '../dialect.ts'

interface ThoughtTarget {
  readonly reasoningScope: string
  readonly dialect: { readonly id: string }
  readonly quirks: Quirks
}

/**
 * Prepares the reasoning of a conversation for one target. Reasoning of the target, also if marked with the dialect alone,
 * gets the dialect's id as origin. Reasoning of its vendor on another platform keeps its signature (quirk `thoughtsFrom`).
 * Reasoning of others loses the vendor fields that only its vendor accepts. Assistant messages do not end in a thought.
 */
export function ownThoughts(
  messages: readonly Message[],
  target: ThoughtTarget,
  note: (message: string) => void,
): readonly Message[] {
  if (messages.every((message) => message.role !== 'assistant' || typeof message.content === 'string'))
    return messages
  const own: Message[] = []
  let cut = false
  for (const message of messages) {
    if (message.role !== 'assistant' || typeof message.content === 'string') {
      own.push(message)
      continue
    }
    const parts = message.content.slice(0, endOfAnswer(message.content))
    cut ||= message.content.slice(parts.length).some((part) => part.type === 'reasoning')
    if (parts.length > 0 || message.content.length === 0)
      own.push({ ...message, content: parts.map((part) => ownPart(part, target)) })
  }
  if (cut) note('reasoning without an answer after it was left out: formats refuse it')
  return own
}

// The number of parts before the thoughts and blank texts at the end, which come from a cut answer.
function endOfAnswer(parts: readonly AssistantPart[]): number {
  let end = parts.length
  if (parts.some((part) => part.type === 'server-tool' || (part.type === 'reasoning' && holdsWork(part))))
    return end
  while (end > 0 && isTrailing(parts[end - 1] as AssistantPart)) end--
  return end
}

function isTrailing(part: AssistantPart): boolean {
  if (part.type === 'text') return part.text.trim() === '' && part.signature === undefined
  return part.type === 'reasoning'
}

// Steps of tools that the vendor ran are no thoughts: their message is a paused answer, which goes back whole.
function holdsWork({ details }: ReasoningPart): boolean {
  return (
    Array.isArray(details) &&
    details.some(
      (step) => isObject(step) && !/^(reasoning\.|(redacted_)?thinking$)/.test(String(step['type'])),
    )
  )
}

function ownPart(part: AssistantPart, target: ThoughtTarget): AssistantPart {
  if (part.type === 'tool-call' && part.details !== undefined && isForeign(part, target)) {
    const { details: _details, origin: _origin, ...call } = part
    return call
  }
  const { dialect, quirks } = target
  if (part.type === 'server-tool') return isForeign(part, target) ? part : { ...part, origin: dialect.id }
  if (part.type !== 'reasoning' || part.origin === undefined) return part
  if (!isForeign(part, target)) return { ...part, origin: dialect.id }
  const { text, signature, encrypted, details, origin } = part
  const kin = quirks['thoughtsFrom'] as readonly string[] | undefined
  if (origin === undefined || kin?.includes(origin) !== true) return { type: 'reasoning', text, origin }
  // Other details have the form of their dialect.
  const same = origin.endsWith(`/${dialect.id}`) ? { details } : undefined
  return { type: 'reasoning', text, signature, encrypted, ...same, origin: dialect.id }
}

function isForeign({ origin }: { readonly origin?: string | undefined }, target: ThoughtTarget): boolean {
  return origin !== undefined && origin !== target.reasoningScope && origin !== target.dialect.id
}
