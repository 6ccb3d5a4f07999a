import { errorTable, LlmError, toLlmError, type ErrorDetails, type ErrorKind } from '../../core/error.ts'
import { collectResponse } from '../../core/accumulate-response.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'
import type { LogEnding } from '../../core/stream-log.ts'

/** Converts anything that was thrown to the error of a run; what is no `LlmError` becomes `server-failed`. */
export function runError(error: unknown): LlmError {
  return toLlmError(error, 'server-failed', 'the run failed')
}

/** Converts the end of a run to the form that the log stores. */
export function endingOf(error: LlmError | undefined, usage: Usage): LogEnding {
  if (error === undefined) return { type: 'done' }
  // Serialized here too, so that readers in this process and in others get the same error.
  const record = JSON.parse(JSON.stringify({ ...error.toJSON(), usage })) as JsonObject
  return { type: 'error', error: record }
}

/** Converts a stored end back to an error. Its `partial` has the usage but no text, because the text is in the log. */
export function errorOf({ error = {} }: LogEnding): LlmError {
  const { kind, message, cause, usage, name: _name, ...rest } = error
  const details = rest as ErrorDetails
  const known = typeof kind === 'string' && kind in errorTable ? (kind as ErrorKind) : 'server-failed'
  const text = typeof message === 'string' ? message : 'the run failed'
  const { provider = '', model = '' } = details
  const partial = {
    ...collectResponse([], { provider, model }),
    usage: (usage as Usage | undefined) ?? NO_USAGE,
  }
  const causeDetails = typeof cause === 'string' ? { cause: new Error(cause) } : undefined
  return new LlmError(known, text, { ...details, partial, ...causeDetails })
}

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true }

/** The writer of the run has died. */
export function lostError(id: string): LlmError {
  const message = `run "${id}" is incomplete: its process has died; keep the text so far, or send the request again`
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

/** The log has dropped the batch after `after`; its oldest is `first`. */
export function positionError(id: string, after: number, first: number): LlmError {
  const message = `run "${id}": the log has dropped batch ${after + 1}, its oldest is ${first}; read the saved answer instead, or raise maxBytes or maxBatches of the log`
  return new LlmError('conflict', message, { code: 'position-gone' })
}

/** There is no such run, or its log has expired. */
export function unknownError(id: string): LlmError {
  const message = `run "${id}" does not exist, or its log has expired`
  return new LlmError('not-found', message, { code: 'run-unknown' })
}
