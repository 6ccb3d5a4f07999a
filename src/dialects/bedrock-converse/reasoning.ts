import { setPath, type JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import { budgetFor, effortFor, isEffortAlone, isOff, type Reasoning } from '../effort.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

/** Wire field of the parameters that belong to a model and not to the format. */
export const FIELDS = 'additionalModelRequestFields'
const EFFORTS: readonly string[] = ['low', 'medium', 'high']

/** Writes the wish to think into the model's own fields. */
export function renderReasoning(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const { body, warn } = context
  const { reasoning: style, alwaysThinks, efforts = EFFORTS }: BedrockConverseQuirks = context.quirks
  const set = (name: string, value: JsonValue): void => setPath(body, `${FIELDS}.${name}`, value)
  const off = isOff(reasoning)
  const unmeasured = reasoning.effort === undefined && reasoning.budgetTokens === undefined
  const always = alwaysThinks === true
  const effort = (): string => (off ? (efforts[0] ?? 'low') : effortFor(reasoning, efforts, context))
  if (off && always) warn('the lowest effort was sent: the model always thinks')
  switch (style) {
    case 'thinking':
      set(
        'thinking',
        off ? { type: 'disabled' } : { type: 'enabled', budget_tokens: budgetFor(reasoning, context) },
      )
      break
    case 'adaptive':
      set('thinking', { type: off && !always ? 'disabled' : 'adaptive' })
      if (!unmeasured && (!off || always || isEffortAlone(reasoning)))
        set('output_config.effort', off && !always ? effortFor(reasoning, efforts, context) : effort())
      break
    case 'reasoningConfig':
      set('reasoningConfig', off ? { type: 'disabled' } : { type: 'enabled', maxReasoningEffort: effort() })
      break
    case 'reasoning_effort':
    case 'reasoning_config':
      if (!off || always) set(style, effort())
      break
    default:
      warn('it was not sent: the parameter of this model is not known')
  }
  return undefined
}
