import { rowOf } from '../../core/json.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import { effortOfBudget, isOff, type Reasoning } from '../effort.ts'
import type { GeminiQuirks } from './quirks.ts'

const DEFAULT_LEVELS: readonly string[] = ['LOW', 'MEDIUM', 'HIGH']
const STRENGTH: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1,
  low: 2,
  medium: 3,
  high: 4,
  xhigh: 5,
  max: 6,
}
// The vendor's own budgets for these words; the strongest two have no limit.
const BUDGETS: Readonly<Record<string, number>> = {
  none: 0,
  minimal: 1_024,
  low: 1_024,
  medium: 8_192,
  high: 24_576,
  xhigh: Infinity,
  max: Infinity,
}

/** The thinking configuration: a level or a budget, whichever the model accepts. It includes the reasoning in the reply. */
export function renderThinking(reasoning: Reasoning, context: EncodeContext): JsonValue {
  const quirks: GeminiQuirks = context.quirks
  // Without a measure the model's own applies.
  if (reasoning.effort === undefined && reasoning.budgetTokens === undefined && !isOff(reasoning))
    return { includeThoughts: true }
  const config =
    quirks.thinkingBudget === undefined
      ? renderLevel(reasoning, quirks.thinkingLevels ?? DEFAULT_LEVELS, context)
      : renderBudget(reasoning, quirks.thinkingBudget, context)
  return isOff(reasoning) ? config : { ...config, includeThoughts: true }
}

type Warn = Pick<EncodeContext, 'warn'>

function renderLevel(
  reasoning: Reasoning,
  levels: readonly string[],
  { warn }: Warn,
): { thinkingLevel: string } {
  const { effort, budgetTokens } = reasoning
  const wish = isOff(reasoning) ? 'none' : (effort ?? effortOfBudget(budgetTokens ?? 8_192))
  const thinkingLevel = levelFor(wish, levels)
  if (wish === 'none') warn(`the lowest level, ${thinkingLevel}, was sent: the model always thinks`)
  else if (effort === undefined && budgetTokens !== undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as level ${thinkingLevel}: the model accepts no budget`)
  else if (wish.toUpperCase() !== thinkingLevel)
    warn(`effort "${wish}" was sent as level ${thinkingLevel}: the model accepts ${levels.join(', ')}`)
  return { thinkingLevel }
}

/** The level of the same strength, else the next stronger, else the strongest. */
function levelFor(effort: string, levels: readonly string[]): string {
  const wish = rowOf(STRENGTH, effort) ?? 3
  const level = levels.find((one) => (rowOf(STRENGTH, one.toLowerCase()) ?? 0) >= wish)
  return level ?? levels.at(-1) ?? 'HIGH'
}

function renderBudget(
  reasoning: Reasoning,
  [least, most]: readonly [number, number],
  { warn, quirks }: Pick<EncodeContext, 'warn' | 'quirks'>,
): { thinkingBudget: number } {
  const { effort, budgetTokens } = reasoning
  if (isOff(reasoning)) {
    if (quirks['thinkingOff'] === true) return { thinkingBudget: 0 }
    warn(`the smallest budget, ${least} tokens, was sent: the model always thinks`)
    return { thinkingBudget: least }
  }
  const wish = budgetTokens ?? rowOf(BUDGETS, effort ?? 'medium') ?? 8_192
  const thinkingBudget = Math.min(Math.max(wish, least), most)
  if (budgetTokens !== undefined && thinkingBudget !== budgetTokens)
    warn(
      `a budget of ${budgetTokens} tokens was sent as ${thinkingBudget}: the model takes ${least} to ${most}`,
    )
  return { thinkingBudget }
}
