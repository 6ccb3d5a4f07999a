import { LlmError } from '../core/error.ts'
import type { ParsedRequest } from '../core/parse-request.ts'
import { readInputLimits } from '../core/input-limits.ts'
import type { OrchestratorOptions } from './config.ts'

/** Holds requests to the limits of this host. The checks are loaded with the first request; without limits, never. */
export function requestLimiter(
  given: OrchestratorOptions['requestLimits'],
): ((request: ParsedRequest) => Promise<void>) | undefined {
  if (given === undefined) return undefined
  const limits = readInputLimits(given)
  const load = async () => (await import('../core/check-input-limits.ts')).checkInputLimits
  let loaded: ReturnType<typeof load> | undefined
  return async (request) => {
    const check = await (loaded ??= load())
    try {
      check(request, limits)
    } catch (error) {
      const { requestId } = request.request
      throw LlmError.is(error) && requestId !== undefined ? error.with({ requestId }) : error
    }
  }
}
