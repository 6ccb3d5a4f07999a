import type { Address, Call, PreparedEndpoint } from '../core/call.ts'
import type { Target } from '../core/registry.ts'
import { addressOf } from './resolve-endpoint.ts'

type Configured = Pick<Call, 'headers' | 'variables'>

/**
 * Computes URL and headers of a target once, because all calls without headers or variables of their own share them. A URL
 * with variables is computed for every call, because the environment may change.
 */
export function prepareEndpoint(target: Target, { headers, variables }: Configured): PreparedEndpoint {
  const addresses: { whole?: Address; streamed?: Address } = {}
  const isConstant = !hasVariables(target)
  return {
    remedied: new Set(),
    addressOf: (call) => {
      const isUnchanged =
        call.operation === 'chat' &&
        call.target === target &&
        call.baseUrl === undefined &&
        call.headers === headers &&
        call.variables === variables
      if (!isConstant || !isUnchanged) return undefined
      return (addresses[call.stream ? 'streamed' : 'whole'] ??= addressOf(call))
    },
  }
}

function hasVariables({ baseUrl, definition }: Target): boolean {
  const texts = [baseUrl ?? '', ...Object.values(definition.query ?? {})]
  return texts.some((text) => text.includes('{'))
}
