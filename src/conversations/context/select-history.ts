import { callsOf } from '../../core/history.ts'
import type { Message } from '../../core/message.ts'
import { estimateUsage } from '../../observability/index.ts'
import type { HistoryBounds, TokenCounter } from '../contract/index.ts'

/** A conversation, cut to its newest part. */
export interface HistoryWindow {
  /** System turns first, then the newest turns in order. */
  readonly messages: readonly Message[]
  /** The turns that were left out, oldest first. */
  readonly dropped: readonly Message[]
  /** Tokens of `messages`, counted or estimated. */
  readonly tokens: number
}

export const DEFAULT_HISTORY = 20
export const MOST_HISTORY = 200

/** The estimate used where a host brings no tokenizer of its own. */
export const estimateMessage: TokenCounter = (message) => estimateUsage([message], '').inputTokens

/**
 * The newest turns that fit the bounds. System turns are kept whatever their age, and a tool call is never parted from its
 * results: where the bound falls between them, both are left out.
 */
export function selectHistory(
  messages: readonly Message[],
  { maxMessages = DEFAULT_HISTORY, maxTokens = Infinity }: HistoryBounds = {},
  count: TokenCounter = estimateMessage,
): HistoryWindow {
  const system = messages.filter(isSystem)
  const units = unitsOf(messages.filter((message) => !isSystem(message)))
  const most = Math.min(maxMessages, MOST_HISTORY)
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

/** Turns that only make sense together: an assistant turn with tool calls and the results that follow it. */
export function unitsOf(messages: readonly Message[]): readonly (readonly Message[])[] {
  const units: Message[][] = []
  let awaited = new Set<string>()
  for (const message of messages) {
    const open = units.at(-1)
    if (message.role === 'tool' && open !== undefined && awaited.has(message.toolCallId)) {
      open.push(message)
      continue
    }
    // A result whose call is not there has nothing to belong to; the wire formats would refuse it.
    if (message.role === 'tool') continue
    units.push([message])
    awaited = new Set(callsOf(message).map(({ id }) => id))
  }
  return units
}

/** Tokens of turns together. */
export function total(messages: readonly Message[], count: TokenCounter): number {
  let sum = 0
  for (const message of messages) sum += count(message)
  return sum
}

function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer'
}
