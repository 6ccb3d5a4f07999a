import type { AssistantMessage, AssistantPart, Message, ToolCallPart, ToolMessage } from './message.ts'
import { partsOf, plainText } from './message.ts'
import type { Warning } from './response.ts'
import type { NameMap } from './fit/names.ts'
import type { Absent, CallIdRule } from './fit/rules.ts'
import { stableHash } from './fit/stable-hash.ts'

/** What a wire format requires of a conversation. */
export interface HistoryRules {
  /** The dialect's id. Reasoning of another origin loses its vendor fields. */
  readonly dialect: string
  readonly callIds: CallIdRule | Absent
  /** The names of tools on the wire. Default: sent unchanged. */
  readonly names?: NameMap | undefined
}

/** The tool names of a conversation by tool call id. */
export function toolNames(messages: readonly Message[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>()
  for (const message of messages) for (const call of callsOf(message)) names.set(call.id, call.name)
  return names
}

/** The tool calls of a message. */
export function callsOf(message: Message): readonly ToolCallPart[] {
  if (message.role !== 'assistant' || typeof message.content === 'string') return []
  return message.content.filter((part) => part.type === 'tool-call')
}

/**
 * Adapts a conversation of any origin to a wire format. Every tool call gets one result right after its message, a result
 * without a call becomes a user message, ids get the required form, and vendor fields of another origin are removed. Pure;
 * adds a warning per change to `warnings`.
 */
export function adaptHistory(
  messages: readonly Message[],
  rules: HistoryRules,
  warnings: Warning[],
): readonly Message[] {
  if (messages.every(isPlain)) return messages
  const paired = pairResults(messages, warnings)
  const wire = (name: string): string => rules.names?.wire(name) ?? name
  return paired.map((message) => {
    if (message.role === 'tool') {
      const { toolCallId, name } = message
      return {
        ...message,
        toolCallId: wireId(toolCallId, rules),
        name: name === undefined ? name : wire(name),
      }
    }
    return message.role === 'assistant'
      ? withoutForeignSteps(fitAssistant(message, rules, wire), rules, warnings)
      : message
  })
}

// Depends on the id alone, so that the body of a longer conversation begins like that of a shorter one.
function wireId(id: string, { callIds }: HistoryRules): string {
  if ('absent' in callIds || callIds.allowed.test(id)) return id
  return callIds.prefix + stableHash(id).slice(0, callIds.length - callIds.prefix.length)
}

// Most conversations hold neither tools nor vendor fields and need no copy.
function isPlain(message: Message): boolean {
  return message.role !== 'tool' && (message.role !== 'assistant' || typeof message.content === 'string')
}

function pairResults(messages: readonly Message[], warnings: Warning[]): Message[] {
  const results = new Map<string, ToolMessage[]>()
  for (const message of messages) {
    if (message.role === 'tool')
      results.set(message.toolCallId, [...(results.get(message.toolCallId) ?? []), message])
  }
  const paired: Message[] = []
  for (const message of messages) {
    if (message.role === 'tool') continue
    paired.push(message)
    for (const call of callsOf(message)) {
      const result = results.get(call.id)?.shift()
      if (result === undefined)
        warn(warnings, `tool call "${call.id}" (${call.name}) has no result; a placeholder was inserted`)
      paired.push(result ?? missingResult(call))
    }
  }
  for (const orphan of [...results.values()].flat()) {
    warn(warnings, `tool result "${orphan.toolCallId}" belongs to no call; it was sent as a user message`)
    paired.splice(placeOf(orphan, messages, paired), 0, orphanMessage(orphan))
  }
  return paired
}

function warn(warnings: Warning[], message: string): void {
  warnings.push({ type: 'compatibility', message })
}

function missingResult(call: ToolCallPart): ToolMessage {
  return {
    role: 'tool',
    toolCallId: call.id,
    name: call.name,
    content: 'No result was recorded for this call.',
    isError: true,
  }
}

function orphanMessage(orphan: ToolMessage): Message {
  const name = orphan.name === undefined ? '' : ` of ${orphan.name}`
  return { role: 'user', content: `Result${name}: ${plainText(orphan.content, '\n')}` }
}

// Before the message that followed it in the original.
function placeOf(orphan: ToolMessage, messages: readonly Message[], paired: readonly Message[]): number {
  for (let at = messages.indexOf(orphan) + 1; at < messages.length; at++) {
    const next = messages[at] as Message
    const place = next.role === 'tool' ? -1 : paired.indexOf(next)
    if (place !== -1) return place
  }
  return paired.length
}

// Only the provider that ran a tool takes its steps back.
function withoutForeignSteps(
  message: AssistantMessage,
  { dialect }: HistoryRules,
  warnings: Warning[],
): AssistantMessage {
  const content = partsOf(message.content)
  const kept = content.filter((part) => part.type !== 'server-tool' || (part.origin ?? dialect) === dialect)
  if (kept.length === content.length) return message
  const text = 'steps of tools that another provider ran were left out'
  if (!warnings.some(({ message: known }) => known === text)) warnings.push({ type: 'other', message: text })
  return { ...message, content: kept }
}

function fitAssistant(
  message: AssistantMessage,
  rules: HistoryRules,
  wire: (name: string) => string,
): AssistantMessage {
  const content = partsOf(message.content).map((part): AssistantPart => {
    if (part.type === 'tool-call') return { ...part, id: wireId(part.id, rules), name: wire(part.name) }
    const foreign = part.type === 'reasoning' && part.origin !== undefined && part.origin !== rules.dialect
    return foreign ? { type: 'reasoning', text: part.text, origin: part.origin } : part
  })
  return { ...message, content }
}
