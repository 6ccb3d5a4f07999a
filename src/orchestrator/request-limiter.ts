import { LlmError } from '../core/error.ts'
import type { AdmittedRequest } from '../core/plain-request.ts'
import { readRequestLimits } from '../core/request-limits.ts'
import type { OrchestratorOptions } from './config.ts'

/** Holds requests to the limits of this host. The checks are loaded with the first request; without limits, never. */
export function requestLimiter(
  given: OrchestratorOptions['requestLimits'],
): ((request: AdmittedRequest) => Promise<void>) | undefined {
  if (given === undefined) return undefined
  const limits = readRequestLimits(given)
  const load = async () => (await import('../core/request-limits-check.ts')).checkRequestLimits
  let loaded: ReturnType<typeof load> | undefined
  return async (request) => {
    const check = await (loaded ??= load())
    try {
      check(request, limits)
    } catch (error) {
      const { requestId } = request.checked
      throw LlmError.is(error) && requestId !== undefined ? error.with({ requestId }) : error
    }
  }
}
