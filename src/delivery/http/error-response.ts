import { LlmError } from '../../core/error.ts'
import type { LimitKeys } from '../../limits/index.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { HttpError, rateLimitHeaders, type RateLimitNames } from './guards/index.ts'

/** Whose limits a call is under, and how they are told. */
export interface Keyed {
  /** As the client named it. */
  readonly model: string
  readonly keys: LimitKeys
  readonly names: RateLimitNames
}

/** What is left of the caller's limits, where the host wants it told. */
export function limitFigures(
  { orchestrator, options }: EndpointContext,
  { keys, names }: Keyed,
): Promise<Record<string, string>> {
  const limiter = options.rateLimitHeaders === false ? undefined : orchestrator.limiter
  return rateLimitHeaders(limiter, keys, names)
}

const LEAST_QUEUE_WAIT_MS = 1_000

/** An error of a call with all that its client can use: that there is no such model, when to come again, what is left. */
export async function completeError(
  gateway: EndpointContext,
  thrown: unknown,
  keyed: Keyed,
): Promise<unknown> {
  const error = gateway.names.explain(thrown, keyed.model)
  if (LlmError.is(error, 'queue-full') && error.retryAfterMs === undefined) {
    const waitMs = gateway.orchestrator.queue?.estimateWaitMs() ?? 0
    return error.with({ retryAfterMs: Math.max(LEAST_QUEUE_WAIT_MS, waitMs) })
  }
  if (!LlmError.is(error, 'limit-exceeded')) return error
  return new HttpError(429, error, await limitFigures(gateway, keyed))
}
