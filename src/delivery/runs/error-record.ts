import { errorTable, LlmError, type ErrorDetails, type ErrorKind } from '../../core/error.ts'
import { collectResponse } from '../../core/accumulate-response.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'
import type { LogEnding } from '../../core/stream-log.ts'

/** How a run ended, as the log keeps it. */
export function endingOf(error: LlmError | undefined, usage: Usage): LogEnding {
  if (error === undefined) return { type: 'done' }
  // Written down and read back: what a reader here gets is what a reader elsewhere gets.
  const record = JSON.parse(JSON.stringify({ ...error.toJSON(), usage })) as JsonObject
  return { type: 'error', error: record }
}

/** The error that a log tells of. Its `partial` has the usage and no text: the text is in the log. */
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
  const said = typeof cause === 'string' ? { cause: new Error(cause) } : undefined
  return new LlmError(known, text, { ...details, partial, ...said })
}

const NO_USAGE: Usage = { inputTokens: 0, outputTokens: 0, totalTokens: 0, estimated: true }

/** For readers of a run whose writer has died. */
export function lostError(id: string): LlmError {
  const message = `run "${id}": the process that ran it is gone; what it wrote until then is all there is, ask again for the rest`
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

/** For readers who want what is no longer kept. */
export function positionError(id: string, after: number, first: number): LlmError {
  const message = `run "${id}": batch ${after + 1} is no longer kept, the oldest is ${first}; read the finished answer instead, or raise the bounds of the log`
  return new LlmError('conflict', message, { code: 'position-gone' })
}

/** For a run that is not there, or no more. */
export function unknownError(id: string): LlmError {
  const message = `there is no run "${id}", or it ended too long ago`
  return new LlmError('not-found', message, { code: 'run-unknown' })
}
