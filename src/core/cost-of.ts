import { toLlmError } from './error.ts'
import type { Logger } from './log.ts'
import type { ChatResponse, Usage } from './response.ts'

/** Returns the price of a usage at a target in USD; `null` or `undefined` if it is unknown. A call whose price it cannot find is `misconfigured` if it throws. */
export type CostOf = (
  usage: Usage,
  target: { readonly provider: string; readonly model: string },
) => number | null | undefined

/** The prices of the application, and where a failure of theirs is logged. */
interface Prices {
  readonly costUsd?: CostOf | undefined
  readonly logger?: Logger | undefined
}

/** The cost of a response in US dollars; `null` if it is unknown, is no amount, or `costUsd` throws. */
export function priceOf(
  { costUsd, logger }: Prices,
  { usage, provider, model }: Pick<ChatResponse, 'usage' | 'provider' | 'model'>,
): number | null {
  try {
    const cost = costUsd?.(usage, { provider, model })
    return typeof cost === 'number' && cost >= 0 && cost < Infinity ? cost : null
  } catch (error) {
    logger?.warn({}, toLlmError(error, 'misconfigured', 'costUsd failed').message)
    return null
  }
}
