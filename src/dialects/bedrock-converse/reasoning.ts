import { setPath, type JsonValue } from '../../core/json.ts'
import type { EncodeContext, ResolvedSettings } from '../../core/params.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

type Reasoning = NonNullable<ResolvedSettings['reasoning']>

/** What is the model's own, and not the format's. */
export const FIELDS = 'additionalModelRequestFields'
/** The smallest thinking budget that models take. */
export const LEAST_BUDGET = 1_024
const EFFORTS: readonly string[] = ['low', 'medium', 'high']
// Weakest first: an effort as a budget, and a budget as the effort that covers it.
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: 4_096,
  medium: 16_384,
  high: 24_576,
  xhigh: 32_768,
  max: 49_152,
}

/** Writes the wish to think into the fields that are the model's own. */
export function renderReasoning(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const { body, warn } = context
  const { reasoning: style, alwaysThinks }: BedrockConverseQuirks = context.quirks
  const set = (name: string, value: JsonValue): void => setPath(body, `${FIELDS}.${name}`, value)
  const off = reasoning.effort === 'none' || reasoning.budgetTokens === 0
  const always = alwaysThinks === true
  const effort = (): string => (off ? weakest(context) : effortFor(reasoning, context))
  if (off && always) warn('the model always thinks: the weakest effort was sent')
  switch (style) {
    case 'thinking':
      set(
        'thinking',
        off ? { type: 'disabled' } : { type: 'enabled', budget_tokens: budgetFor(reasoning, context) },
      )
      break
    case 'adaptive':
      if (off && !always) set('thinking', { type: 'disabled' })
      else {
        set('thinking', { type: 'adaptive' })
        set('output_config.effort', effort())
      }
      break
    case 'reasoningConfig':
      set('reasoningConfig', off ? { type: 'disabled' } : { type: 'enabled', maxReasoningEffort: effort() })
      break
    case 'reasoning_effort':
    case 'reasoning_config':
      if (!off || always) set(style, effort())
      break
    default:
      warn('it was not sent: how this model is asked to think is not known')
  }
  return undefined
}

function budgetFor({ effort, budgetTokens }: Reasoning, { warn }: EncodeContext): number {
  const asked = budgetTokens ?? BUDGETS[effort ?? 'medium'] ?? LEAST_BUDGET
  if (asked < LEAST_BUDGET)
    warn(`a budget of ${asked} tokens was sent as ${LEAST_BUDGET}, the smallest there is`)
  return Math.max(asked, LEAST_BUDGET)
}

function weakest({ quirks }: EncodeContext): string {
  const { efforts = EFFORTS }: BedrockConverseQuirks = quirks
  return efforts[0] ?? 'low'
}

// The strongest word that asks for no more than what was asked for, or else the weakest there is.
function effortFor({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): string {
  const { efforts = EFFORTS }: BedrockConverseQuirks = quirks
  const wanted = effort ?? effortOf(budgetTokens ?? 0)
  const most = BUDGETS[wanted] ?? 0
  const sent = efforts.findLast((word) => (BUDGETS[word] ?? 0) <= most) ?? efforts[0] ?? wanted
  if (effort === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the model takes no budget`)
  else if (sent !== effort)
    warn(`effort "${effort}" was sent as "${sent}": the model takes ${efforts.join(', ')}`)
  return sent
}

function effortOf(budgetTokens: number): string {
  return Object.keys(BUDGETS).find((effort) => budgetTokens <= (BUDGETS[effort] ?? 0)) ?? 'max'
}
