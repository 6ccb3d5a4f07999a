import { argument, checkArguments } from '../../core/check-arguments.ts'
import { rowOf } from '../../core/json.ts'
import type { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'

/**
 * Why a run ended. `finished`: completely. `empty`: completely, but without content. `cancelled`: by a cancel or an abort.
 * `client-gone`: the last reader left. `shutdown`: the hub was closed. `size`: the answer exceeded its maximum length.
 * `idle`: no content for `idleMs`. `timeout`: another time limit. `lost`: the log no longer accepts this writer. `error`:
 * anything else.
 */
export type EndReason =
  | 'finished'
  | 'empty'
  | 'cancelled'
  | 'client-gone'
  | 'shutdown'
  | 'size'
  | 'idle'
  | 'timeout'
  | 'lost'
  | 'error'

/** How to save an answer: as `complete`, as `partial`, or `never`. */
export type SaveDecision = 'complete' | 'partial' | 'never'

/** The end of a run. */
export interface RunEnd {
  readonly runId: string
  readonly conversationId?: string | undefined
  readonly userId?: string | undefined
  readonly reason: EndReason
  /** `complete` or `partial`: save `response`. `never`: do not save it. */
  readonly save: SaveDecision
  /** The answer, or the part of it that arrived. */
  readonly response: ChatResponse
  /** Reported by the provider, or marked `estimated`. */
  readonly usage: Usage
  readonly error?: LlmError | undefined
  /** The `meta` of the request. */
  readonly meta: JsonObject
}

/** Called at the end of a run, before `onSave`; returns its `save`. */
export type SavePolicy = (end: Omit<RunEnd, 'save'>) => SaveDecision

const END = { reason: argument.text, response: argument.object }

/** Saves a finished answer as `complete`, any other with content as `partial`, and one without content `never`. */
export const savePartial: SavePolicy = (end) => {
  checkArguments('savePartial', END, end)
  const { reason, response } = end
  if (!hasContent(response)) return 'never'
  return reason === 'finished' ? 'complete' : 'partial'
}

/** Saves a finished answer with content as `complete`, and any other `never`. */
export const saveComplete: SavePolicy = (end) => {
  checkArguments('saveComplete', END, end)
  const { reason, response } = end
  return reason === 'finished' && hasContent(response) ? 'complete' : 'never'
}

/** Whether a response has text, reasoning, tool calls or files. */
export function hasContent({ text, reasoning, toolCalls, files }: ChatResponse): boolean {
  return text !== '' || reasoning !== '' || toolCalls.length > 0 || files.length > 0
}

const BY_CODE: Readonly<Record<string, EndReason>> = {
  cancelled: 'cancelled',
  'client-gone': 'client-gone',
  shutdown: 'shutdown',
  'answer-too-long': 'size',
  'run-lost': 'lost',
}

/** Returns why a run ended with this error, or without one. */
export function reasonOf(error: LlmError | undefined, response: ChatResponse): EndReason {
  if (error === undefined) return hasContent(response) ? 'finished' : 'empty'
  const known = rowOf(BY_CODE, error.code ?? '')
  if (known !== undefined) return known
  if (error.kind === 'timeout') return error.phase === 'idle' ? 'idle' : 'timeout'
  return error.kind === 'aborted' ? 'cancelled' : 'error'
}
