import { LlmError } from '../../core/error.ts'
import type { LimitKeys } from '../../limits/index.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { HttpError, rateLimitHeaders, type RateLimitNames } from './guards/index.ts'

/** The limits that a call counts against, and the header names that report them. */
export interface Keyed {
  /** Model name as the client wrote it. */
  readonly model: string
  readonly keys: LimitKeys
  readonly names: RateLimitNames
}

/** Returns headers with the caller's remaining limits; none if the application turned them off. */
export function limitHeadersOf(
  { orchestrator, options }: EndpointContext,
  { keys, names }: Keyed,
): Promise<Record<string, string>> {
  const limiter = options.rateLimitHeaders === false ? undefined : orchestrator.limiter
  return rateLimitHeaders(limiter, keys, names)
}

const MIN_QUEUE_WAIT_MS = 1_000

/** Adds to a call's error what helps its client: an unknown model, when to retry, the remaining limits. */
export async function completeError(
  context: EndpointContext,
  thrown: unknown,
  keyed: Keyed,
): Promise<unknown> {
  const error = context.names.explain(thrown, keyed.model)
  if (LlmError.is(error, 'queue-full') && error.retryAfterMs === undefined) {
    const waitMs = context.orchestrator.queue?.estimateWaitMs() ?? 0
    return error.with({ retryAfterMs: Math.max(MIN_QUEUE_WAIT_MS, waitMs) })
  }
  if (!LlmError.is(error, 'limit-exceeded')) return error
  return new HttpError(429, error, await limitHeadersOf(context, keyed))
}
