import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { callsOf } from '../../core/history.ts'
import type { Message } from '../../core/message.ts'
import { estimateUsage } from '../../core/tokens.ts'
import type { HistoryBounds, TokenCounter } from '../contract/index.ts'

/** The newest part of a conversation. */
export interface HistoryWindow {
  /** System messages first, then the newest messages in order. */
  readonly messages: readonly Message[]
  /** Dropped messages, oldest first. */
  readonly dropped: readonly Message[]
  /** Tokens of `messages`. */
  readonly tokens: number
}

/** Default of `maxMessages`. */
export const DEFAULT_HISTORY = 20
/** Maximum of `maxMessages`. */
export const MAX_HISTORY = 200

/** Estimates the tokens of a message; the default token counter. */
export const estimateMessage: TokenCounter = (message) => estimateUsage([message], '').inputTokens

/**
 * The newest messages that fit the bounds. All system messages are kept. A tool call and its results are kept or dropped
 * together.
 */
export function selectHistory(
  messages: readonly Message[],
  bounds: HistoryBounds = {},
  count: TokenCounter = estimateMessage,
): HistoryWindow {
  checkArguments('selectHistory', { messages: argument.objects }, { messages })
  checkArguments('selectHistory', { maxMessages: optional.number, maxTokens: optional.number }, bounds)
  const { maxMessages = DEFAULT_HISTORY, maxTokens = Infinity } = bounds
  const system = messages.filter(isSystem)
  const units = unitsOf(messages.filter((message) => !isSystem(message)))
  const most = Math.min(maxMessages, MAX_HISTORY)
  let tokens = total(system, count)
  let kept = 0
  let from = units.length
  while (from > 0) {
    const unit = units[from - 1] as readonly Message[]
    const cost = total(unit, count)
    if (kept + unit.length > most || tokens + cost > maxTokens) break
    kept += unit.length
    tokens += cost
    from--
  }
  return { messages: [...system, ...units.slice(from).flat()], dropped: units.slice(0, from).flat(), tokens }
}

/** Groups messages that must stay together: an assistant message with tool calls and the results that follow it. */
export function unitsOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  const units: Message[][] = []
  let awaited = new Set<string>()
  for (const message of messages) {
    const open = units.at(-1)
    if (message.role === 'tool' && open !== undefined && awaited.has(message.toolCallId)) {
      open.push(message)
      continue
    }
    // A result without its call is dropped, because providers reject it.
    if (message.role === 'tool') continue
    units.push([message])
    awaited = new Set(callsOf(message).map(({ id }) => id))
  }
  return units
}

/** Summed tokens of messages. */
export function total(messages: readonly Message[], count: TokenCounter): number {
  let sum = 0
  for (const message of messages) sum += count(message)
  return sum
}

function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer'
}
