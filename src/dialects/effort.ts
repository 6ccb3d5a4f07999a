import { rowOf } from '../core/json.ts'
import type { EncodeContext, ResolvedSettings } from '../core/params.ts'

/** The neutral wish to think: an effort word, a budget in tokens, or both. */
export type Reasoning = NonNullable<ResolvedSettings['reasoning']>

/** Smallest thinking budget that Claude's formats accept, in tokens. */
export const MIN_BUDGET = 1_024

// Thinking budgets of the effort words in tokens, weakest first.
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: MIN_BUDGET,
  low: 4_096,
  medium: 16_384,
  high: 24_576,
  xhigh: 32_768,
  max: 49_152,
}

/** The thinking budget for a wish, in tokens: at least {@link MIN_BUDGET}, with a warning if that raises it. */
export function budgetFor(
  { effort, budgetTokens }: Reasoning,
  { warn }: Pick<EncodeContext, 'warn'>,
): number {
  const wanted = budgetTokens ?? rowOf(BUDGETS, effort ?? 'medium') ?? MIN_BUDGET
  if (wanted < MIN_BUDGET)
    warn(`a budget of ${wanted} tokens was sent as ${MIN_BUDGET}, the smallest that the format accepts`)
  return Math.max(wanted, MIN_BUDGET)
}

/**
 * The effort word to send to a model that accepts `efforts` (weakest first) and no budget: the strongest one that asks
 * for no more than the wish, else the weakest. Warns if the word or a budget changes.
 */
export function effortFor(
  { effort, budgetTokens = 0 }: Reasoning,
  efforts: readonly string[],
  { warn }: Pick<EncodeContext, 'warn'>,
): string {
  const wanted = effort ?? effortCovering(budgetTokens)
  const max = rowOf(BUDGETS, wanted) ?? 0
  const sent = efforts.findLast((word) => (rowOf(BUDGETS, word) ?? 0) <= max) ?? efforts[0] ?? 'low'
  if (effort === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the model accepts no budget`)
  else if (sent !== effort)
    warn(`effort "${effort}" was sent as "${sent}": the model accepts ${efforts.join(', ')}`)
  return sent
}

function effortCovering(budgetTokens: number): string {
  return Object.keys(BUDGETS).find((effort) => budgetTokens <= (rowOf(BUDGETS, effort) ?? 0)) ?? 'max'
}

/** The nearest of the words none, low, medium and high for a budget, in formats that have effort words only. */
export function effortOfBudget(budgetTokens: number): string {
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 4_096) return 'low'
  return budgetTokens <= 16_384 ? 'medium' : 'high'
}

// Weakest first, with the words of single vendors.
const LEVELS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1,
  low: 2,
  medium: 3,
  default: 3,
  high: 4,
  xhigh: 5,
  max: 6,
}

/**
 * The word to send to a model that accepts `efforts` (weakest first; absent: any): the strongest one that asks for no more
 * than `asked`, else the weakest that turns thinking on.
 */
export function nearestEffort(asked: string, efforts: readonly string[] = [asked]): string {
  if (efforts.includes(asked)) return asked
  const words = efforts.filter((word) => word !== 'none')
  const most = rowOf(LEVELS, asked) ?? 0
  return words.findLast((word) => (rowOf(LEVELS, word) ?? 0) <= most) ?? words[0] ?? asked
}

/** Whether an effort is wished for the answer alone. */
export function isEffortAlone({ effort, thinking }: Reasoning): boolean {
  return thinking === false && effort !== undefined && effort !== 'none'
}

/** The words of a warning that an effort was sent as another one. */
export function effortChange(asked: string, sent: string, efforts: readonly string[] = []): string {
  return asked === 'none'
    ? `effort "${sent}" was sent: the model always thinks`
    : `effort "${asked}" was sent as "${sent}": the model accepts ${efforts.join(', ')}`
}

/** Whether the setting turns thinking off. */
export function isOff({ effort, budgetTokens, thinking }: Reasoning): boolean {
  if (thinking !== undefined) return !thinking
  return effort === undefined ? budgetTokens === 0 : effort === 'none'
}
