import { LlmError, toLlmError } from '../core/error.ts'

/** The error of a body that ended before the response was complete. */
export function endOfBodyError(hasContent: boolean): LlmError {
  const message = hasContent
    ? 'the stream ended without a finish reason or an end mark: the response is cut'
    : 'the reply ended without any content or finish reason'
  return new LlmError('stream-broken', message)
}

/** The error of a read that failed: `stream-broken` if the connection broke inside a stream, or else the cause itself. */
export function readError(error: unknown, isStream: boolean): LlmError {
  const cause = toLlmError(error, 'network', 'the connection broke')
  if (cause.kind !== 'network' || !isStream) return cause
  return new LlmError('stream-broken', `the connection broke inside the stream: ${cause.message}`, { cause })
}

/** Whether an error only reports that the end mark is missing, because the finish reason has already arrived. */
export function isMissingEndMark({ kind, phase }: LlmError, isStopped: boolean): boolean {
  return isStopped && kind === 'timeout' && phase === 'idle'
}
