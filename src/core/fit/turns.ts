import type {
  AssistantMessage,
  AssistantPart,
  Message,
  SystemMessage,
  TextPart,
  UserMessage,
} from '../message.ts'
import { partsOf } from '../message.ts'
import type { WireRules } from './rules.ts'

/** Called with what was changed. */
type Note = (message: string) => void

/** Text of the user message that is added behind the last assistant message. */
const GO_ON = 'Continue.'
/** Text of the assistant message between a tool result and a user message. */
const BETWEEN = '.'

/** Fits the order and the emptiness of messages. Returns the same list if nothing has to change. */
export function fitTurns(messages: readonly Message[], rules: WireRules, note: Note): readonly Message[] {
  let fitted = placeInstructions(messages, rules.lateSystem, note)
  if (rules.blankMessages === 'left-out') fitted = withoutBlanks(fitted, note)
  if (rules.neighbours === 'joined') fitted = joinNeighbours(fitted, note)
  if (rules.userAfterResult === 'separated') fitted = separateResults(fitted, note)
  const last = fitted.at(-1)
  if (rules.lastAssistant !== 'refused' || last?.role !== 'assistant' || isPaused(last)) return fitted
  note(
    `the user message ${JSON.stringify(GO_ON)} was added: the model does not continue an assistant message`,
  )
  return [...fitted, { role: 'user', content: GO_ON }]
}

// A step of a tool at the end belongs to an answer that the provider paused, and goes on with when it is sent back.
function isPaused({ content }: AssistantMessage): boolean {
  return typeof content !== 'string' && content.at(-1)?.type === 'server-tool'
}

/** Instructions in the middle of a conversation, moved to where the format accepts them. */
function placeInstructions(
  messages: readonly Message[],
  place: WireRules['lateSystem'],
  note: Note,
): readonly Message[] {
  const begin = messages.findIndex((message) => !isInstructions(message))
  if (
    place === 'in-place' ||
    begin < 0 ||
    !messages.some((message, at) => at > begin && isInstructions(message))
  )
    return messages
  const placed: Message[] = []
  const waiting: SystemMessage[] = []
  for (const message of messages.slice(begin)) {
    if (isInstructions(message)) waiting.push(message)
    else placed.push(message)
    const follows = place === 'after-user' && waiting.length > 0 && TAKES_SYSTEM.has(placed.at(-1)?.role)
    if (follows)
      placed.push({
        role: 'system',
        content: waiting
          .splice(0)
          .map(({ content }) => content)
          .join('\n\n'),
      })
  }
  if (waiting.length > 0) note('instructions from inside the conversation were moved to its beginning')
  return [...messages.slice(0, begin), ...waiting, ...placed]
}
const TAKES_SYSTEM: ReadonlySet<unknown> = new Set(['user', 'tool'])

function isInstructions(message: Message): message is SystemMessage {
  return message.role === 'system' || message.role === 'developer'
}

function withoutBlanks(messages: readonly Message[], note: Note): readonly Message[] {
  if (!messages.some(holdsBlank)) return messages
  const kept = messages
    .map(withoutBlankParts)
    .filter(({ role, content }) => role === 'tool' || content.length > 0)
  if (kept.length === 0) return messages
  if (kept.length < messages.length) note('messages without content were left out: the format refuses them')
  return kept
}

function holdsBlank({ content }: Message): boolean {
  return typeof content === 'string' ? isBlank(content) : content.length === 0 || content.some(isBlankPart)
}

function withoutBlankParts(message: Message): Message {
  const { content } = message
  if (!holdsBlank(message)) return message
  if (typeof content === 'string') return { ...message, content: '' }
  return { ...message, content: (content as AssistantPart[]).filter((part) => !isBlankPart(part)) } as Message
}

// A blank text with a signature holds the vendor's reasoning.
function isBlankPart(part: { readonly type: string }): boolean {
  return (
    part.type === 'text' && isBlank((part as TextPart).text) && (part as TextPart).signature === undefined
  )
}

function isBlank(text: string): boolean {
  return text.trim() === ''
}

function joinNeighbours(messages: readonly Message[], note: Note): readonly Message[] {
  const joined: Message[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    const both = last === undefined ? undefined : join(last, message)
    if (both === undefined) joined.push(message)
    else joined[joined.length - 1] = both
  }
  if (joined.length === messages.length) return messages
  note('messages of one role in a row were joined: the format requires that roles alternate')
  return joined
}

function join(first: Message, second: Message): Message | undefined {
  if (first.role !== second.role || first.role === 'tool') return undefined
  if (typeof first.content === 'string' && typeof second.content === 'string')
    return { ...first, content: `${first.content}\n\n${second.content}` }
  const content = [...partsOf<AssistantPart>(first.content as string), ...partsOf(second.content as string)]
  return { ...first, content } as UserMessage | AssistantMessage
}

function separateResults(messages: readonly Message[], note: Note): readonly Message[] {
  const separated = messages.flatMap((message, at): Message[] => {
    const follows = message.role === 'user' && messages[at - 1]?.role === 'tool'
    return follows ? [{ role: 'assistant', content: BETWEEN }, message] : [message]
  })
  if (separated.length === messages.length) return messages
  note('an assistant message was put between tool results and the next user message: the model requires it')
  return separated
}
