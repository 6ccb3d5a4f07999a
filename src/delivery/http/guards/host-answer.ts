import { untilAborted } from '../../../core/abort.ts'
import { systemClock, type Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { inTime, isPromise } from '../../../core/host-function.ts'

/** How long a function of the application may take before the request that waits for it is refused, in ms. */
const HOST_MS = 30_000

/** What a request waits for. */
export interface HostWait {
  readonly request: { readonly signal?: AbortSignal | undefined }
  readonly clock?: Clock | undefined
  /** The option that holds the function, for the error. */
  readonly option: string
}

/** Waits for the answer of an application's function: until the client leaves, and at most 30 s. */
export function hostAnswer<T>(
  answer: T | PromiseLike<T>,
  { request, clock = systemClock, option }: HostWait,
): T | Promise<T> {
  if (!isPromise(answer)) return answer
  const late = (): LlmError =>
    new LlmError('timeout', `${option} of the handler did not answer within ${HOST_MS} ms`)
  return inTime(untilAborted({ signal: request.signal }, answer), { clock, ms: HOST_MS, late })
}
