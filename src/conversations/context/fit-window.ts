import { LlmError } from '../../core/error.ts'
import type { Message } from '../../core/message.ts'
import type { ModelCapabilities } from '../../core/provider.ts'
import type { HistoryBounds, TokenCounter } from '../contract/index.ts'
import { estimateMessage, selectHistory, total } from './select-history.ts'

/** What a call brings besides the history, and the room that the model has. */
export interface WindowRequest {
  /** What is known of the model: only `contextWindow` and `maxOutput` are read. */
  readonly traits?: Pick<ModelCapabilities, 'contextWindow' | 'maxOutput'> | undefined
  /** Instructions, and the turn being sent with all that belongs to it. Never left out. */
  readonly fixed: readonly Message[]
  /** Earlier turns, oldest first. */
  readonly history: readonly Message[]
  readonly bounds?: HistoryBounds | undefined
  /** Room kept for the answer, in tokens. Default: a quarter of the window, at most the model's longest answer and 4096. */
  readonly answerTokens?: number | undefined
  /** Tokens of what is no turn: tool definitions, a schema. Default 0. */
  readonly extraTokens?: number | undefined
  /** Refuse instead of leaving out what `bounds` would let through. Default false. */
  readonly whole?: boolean | undefined
  /** Default: an estimate by script and word lengths. */
  readonly countTokens?: TokenCounter | undefined
}

/** A call that fits its model, with the numbers. */
export interface FittedWindow {
  /** The history that goes with the call. */
  readonly history: readonly Message[]
  /** The turns that had to go, oldest first. */
  readonly dropped: readonly Message[]
  /** Tokens of everything that is sent. */
  readonly inputTokens: number
  readonly answerTokens: number
  /** Absent where the model's window is not known. */
  readonly contextWindow?: number | undefined
}

const MOST_ANSWER = 4096

/**
 * Leaves out the oldest history until the call fits the model's window. Throws `context-too-long`, with the numbers, where
 * what may not be left out is too much already. Where the window is not known, only `bounds` hold.
 */
export function fitWindow(request: WindowRequest): FittedWindow {
  const { traits, fixed, history, bounds, extraTokens = 0, countTokens = estimateMessage } = request
  const { contextWindow } = traits ?? {}
  const answerTokens = request.answerTokens ?? answerRoom(traits)
  const needed = total(fixed, countTokens) + extraTokens
  const room = contextWindow === undefined ? Infinity : contextWindow - answerTokens - needed
  if (room < 0) throw tooLong(contextWindow ?? 0, needed, answerTokens)
  const bounded = bounds?.maxTokens ?? Infinity
  const maxTokens = request.whole === true ? bounded : Math.min(bounded, room)
  const chosen = selectHistory(history, { maxMessages: bounds?.maxMessages, maxTokens }, countTokens)
  // System turns of the history are kept by selection: they alone may be more than there is room for.
  if (chosen.tokens > room) throw tooLong(contextWindow ?? 0, needed + chosen.tokens, answerTokens)
  const { messages, dropped, tokens } = chosen
  return { history: messages, dropped, inputTokens: needed + tokens, answerTokens, contextWindow }
}

function answerRoom(traits: WindowRequest['traits']): number {
  const { contextWindow, maxOutput = MOST_ANSWER } = traits ?? {}
  const quarter = contextWindow === undefined ? MOST_ANSWER : Math.floor(contextWindow / 4)
  return Math.min(quarter, maxOutput, MOST_ANSWER)
}

function tooLong(contextWindow: number, inputTokens: number, answerTokens: number): LlmError {
  const message =
    `the call needs ${inputTokens} tokens for what may not be left out, and ${answerTokens} for the answer: ` +
    `${inputTokens + answerTokens} of a context window of ${contextWindow}; shorten the turn, ask for a shorter answer, or take a model with a larger window`
  return new LlmError('context-too-long', message, {
    issues: [{ path: 'messages', message: `${inputTokens} + ${answerTokens} > ${contextWindow}` }],
  })
}
