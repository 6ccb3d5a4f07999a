import { argument, checkArguments, optional } from '../../core/check-arguments.ts'
import { LlmError } from '../../core/error.ts'
import type { Message } from '../../core/message.ts'
import type { ModelCapabilities } from '../../core/provider.ts'
import type { HistoryBounds, TokenCounter } from '../contract/index.ts'
import { estimateMessage, selectHistory, total } from './select-history.ts'

/** The messages of a call, and the limits that they must fit. */
export interface WindowRequest {
  /** The model's limits. Default: unknown, then only `bounds` apply. */
  readonly traits?: Pick<ModelCapabilities, 'contextWindow' | 'maxOutput'> | undefined
  /** Messages that are never dropped: instructions and the current message. */
  readonly fixed: readonly Message[]
  /** Earlier messages, oldest first. */
  readonly history: readonly Message[]
  readonly bounds?: HistoryBounds | undefined
  /** Tokens reserved for the answer. Default: a quarter of the window, at most the model's `maxOutput` and 4 096. */
  readonly answerTokens?: number | undefined
  /** Tokens of tool definitions or a schema. Default 0. */
  readonly extraTokens?: number | undefined
  /** Whether to throw instead of dropping messages that `bounds` would keep. Default false. */
  readonly whole?: boolean | undefined
  /** Counts the tokens of a message. Default: an estimate. */
  readonly countTokens?: TokenCounter | undefined
}

/** The history that fits, with the token counts. */
export interface FittedWindow {
  /** Messages to send. */
  readonly history: readonly Message[]
  /** Dropped messages, oldest first. */
  readonly dropped: readonly Message[]
  /** Tokens of all messages to send. */
  readonly inputTokens: number
  /** Tokens reserved for the answer. */
  readonly answerTokens: number
  /** Context window of the model in tokens; absent if unknown. */
  readonly contextWindow?: number | undefined
}

const MOST_ANSWER = 4096

/**
 * Drops the oldest history until the call fits the model's context window. Throws `context-too-long` with the token counts if
 * the messages that must not be dropped are too long. If the window is unknown, only `bounds` apply.
 */
export function fitWindow(request: WindowRequest): FittedWindow {
  checkArguments(
    'fitWindow',
    { fixed: argument.objects, history: argument.objects, extraTokens: optional.number },
    request,
  )
  const { traits, fixed, history, bounds, extraTokens = 0, countTokens = estimateMessage } = request
  const { contextWindow } = traits ?? {}
  const answerTokens = request.answerTokens ?? answerRoom(traits)
  const needed = total(fixed, countTokens) + extraTokens
  const room = contextWindow === undefined ? Infinity : contextWindow - answerTokens - needed
  if (room < 0) throw tooLong(contextWindow ?? 0, needed, answerTokens)
  const bounded = bounds?.maxTokens ?? Infinity
  const maxTokens = request.whole === true ? bounded : Math.min(bounded, room)
  const chosen = selectHistory(history, { maxMessages: bounds?.maxMessages, maxTokens }, countTokens)
  // Selection keeps all system messages of the history, and these alone may be too long.
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
    `the call needs ${inputTokens} tokens for messages that cannot be dropped and ${answerTokens} for the answer: ` +
    `${inputTokens + answerTokens} of a context window of ${contextWindow}; shorten the message, lower maxTokens, or use a model with a larger window`
  return new LlmError('context-too-long', message, {
    issues: [{ path: 'messages', message: `${inputTokens} + ${answerTokens} > ${contextWindow}` }],
  })
}
