import { argument, checkArguments, optional } from '../core/check-arguments.ts'
import { LlmError } from '../core/error.ts'
import type { Budget, LayerLimits, LimitsConfig } from './config.ts'
import { periods } from './period.ts'

const LAYER_FIELDS = {
  REQUESTS_PER_MINUTE: 'requestsPerMinute',
  TOKENS_PER_MINUTE: 'tokensPerMinute',
  BURST: 'burst',
} as const
const OPTION_FIELDS = {
  BURST: 'burst',
  WAIT_MS: 'waitMs',
  DEFAULT_MAX_TOKENS: 'defaultMaxTokens',
  TRACKED_USERS: 'trackedUsers',
} as const
const BUDGET_UNITS = { TOKENS: 'tokens', COST_USD: 'costUsd', REQUESTS: 'requests' } as const
const LAYER_NAME = new RegExp(`^(.+)_(${Object.keys(LAYER_FIELDS).join('|')})$`)
const BUDGET_NAME = new RegExp(
  `^BUDGET_(.+)_(${periods.join('|').toUpperCase()})_(${Object.keys(BUDGET_UNITS).join('|')})$`,
)

/**
 * Reads limits from environment variables: `<prefix>USER_REQUESTS_PER_MINUTE=20`, `…USER_TOKENS_PER_MINUTE`,
 * `…GLOBAL_BURST`, `…BURST`, `…WAIT_MS`, `…DEFAULT_MAX_TOKENS`, `…BUDGET_USER_DAY_TOKENS` (or `_COST_USD`,
 * `_REQUESTS`). Layer names are converted to lower case. Throws `misconfigured` if a name is unknown or a value is not
 * a number.
 */
export function readLimitsEnv(
  env: Readonly<Record<string, string | undefined>>,
  prefix = 'SWITCHYARD_LIMITS_',
): LimitsConfig {
  checkArguments('readLimitsEnv', { env: argument.object, prefix: optional.text }, { env, prefix })
  const layers: Record<string, LayerLimits> = {}
  const options: Record<string, number> = {}
  const budgets: Budget[] = []
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith(prefix) || text === undefined || text.trim() === '') continue
    const name = variable.slice(prefix.length)
    const value = numberOf(variable, text)
    const budget = BUDGET_NAME.exec(name)
    const layer = LAYER_NAME.exec(name)
    if (isKey(name, OPTION_FIELDS)) options[OPTION_FIELDS[name]] = value
    else if (budget !== null) budgets.push(budgetOf(budget, value))
    else if (layer !== null) {
      const [, scope = '', field = ''] = layer
      const id = scope.toLowerCase()
      if (isKey(field, LAYER_FIELDS)) layers[id] = { ...layers[id], [LAYER_FIELDS[field]]: value }
    } else throw new LlmError('misconfigured', `${variable} is not a limit: see readLimitsEnv for the names`)
  }
  return { ...layers, ...options, ...(budgets.length > 0 && { budgets }) }
}

function budgetOf([, scope = '', per = '', unit = '']: RegExpExecArray, value: number): Budget {
  const period = periods.find((known) => known === per.toLowerCase()) ?? 'day'
  const field = isKey(unit, BUDGET_UNITS) ? BUDGET_UNITS[unit] : 'tokens'
  return { scope: scope.toLowerCase(), per: period, [field]: value }
}

function numberOf(variable: string, text: string): number {
  const value = Number(text)
  if (Number.isFinite(value)) return value
  throw new LlmError('misconfigured', `${variable} takes a number, not ${JSON.stringify(text)}`)
}

function isKey<Table extends object>(name: string, table: Table): name is keyof Table & string {
  return Object.hasOwn(table, name)
}
