import type { LlmError } from '../../core/error.ts'
import type { JsonObject } from '../../core/json.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'

/**
 * Why a run ended. `finished` is the good end, `empty` a good end without any content. `cancelled` was asked for,
 * `client-gone` follows from the policy; `size` is the limit on the answer's length, `idle` the silence of the upstream,
 * `timeout` any other clock, `lost` the log taken away from its writer, `error` everything else.
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

/** What of the answer is worth keeping. */
export type SaveDecision = 'complete' | 'partial' | 'never'

/** The end of a run, told once. */
export interface RunEnd {
  readonly runId: string
  readonly conversationId?: string | undefined
  readonly userId?: string | undefined
  readonly reason: EndReason
  /** `complete` or `partial`: keep `response`. `never`: there is nothing to keep, or the policy says so. */
  readonly save: SaveDecision
  /** The answer as far as it came. */
  readonly response: ChatResponse
  /** Measured, or marked `estimated`; on every end. */
  readonly usage: Usage
  readonly error?: LlmError | undefined
  readonly meta: JsonObject
}

/** What `onSave` is asked to judge before it is called. */
export type SavePolicy = (end: Omit<RunEnd, 'save'>) => SaveDecision

/** A finished answer is complete; one that was cut is kept as far as it came; one without content never. */
export const savePartial: SavePolicy = ({ reason, response }) => {
  if (!hasContent(response)) return 'never'
  return reason === 'finished' ? 'complete' : 'partial'
}

/** Only finished answers are kept. */
export const saveComplete: SavePolicy = ({ reason, response }) =>
  reason === 'finished' && hasContent(response) ? 'complete' : 'never'

/** Tool calls alone are an answer, too. */
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

/** The reason behind an error, or behind none. */
export function reasonOf(error: LlmError | undefined, response: ChatResponse): EndReason {
  if (error === undefined) return hasContent(response) ? 'finished' : 'empty'
  const known = BY_CODE[error.code ?? '']
  if (known !== undefined) return known
  if (error.kind === 'timeout') return error.phase === 'idle' ? 'idle' : 'timeout'
  return error.kind === 'aborted' ? 'cancelled' : 'error'
}
