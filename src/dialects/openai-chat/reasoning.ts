import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import { effortChange, effortOfBudget, isOff, nearestEffort, type Reasoning } from '../effort.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

/** The value of the reasoning parameter in the server's form. */
export function renderReasoning(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const quirks: OpenAIChatQuirks = context.quirks
  switch (quirks.reasoningStyle) {
    case 'object':
      return renderObject(reasoning, context)
    case 'switch':
      warnLoss(reasoning, context)
      return renderSwitch(reasoning, quirks)
    case 'switch_and_effort':
      if (!isOff(reasoning)) context.body['reasoning_effort'] = effortOf(reasoning, context)
      return renderSwitch(reasoning, quirks)
    case 'boolean':
      setBudget(reasoning, context)
      warnLoss(reasoning, context)
      return !isOff(reasoning)
    case 'template':
      warnLoss(reasoning, context)
      return { enable_thinking: !isOff(reasoning) }
    default:
      return renderEffort(reasoning, context)
  }
}

function renderObject(reasoning: Reasoning, context: EncodeContext): JsonObject {
  if (reasoning.budgetTokens !== undefined) return { max_tokens: reasoning.budgetTokens }
  const effort = effortOf(reasoning, context)
  return effort === undefined ? { enabled: true } : { effort }
}

function renderSwitch(
  reasoning: Reasoning,
  { switchOn = 'enabled', switchFields }: OpenAIChatQuirks,
): JsonObject {
  return isOff(reasoning) ? { type: 'disabled' } : { type: switchOn, ...switchFields }
}

function renderEffort(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const quirks: OpenAIChatQuirks = context.quirks
  if (isOff(reasoning) && quirks.reasoningDisabled === true) {
    context.body['reasoning'] = { enabled: false }
    return undefined
  }
  if (setBudget(reasoning, context) && reasoning.effort === undefined) return undefined
  return effortOf(reasoning, context)
}

function setBudget({ budgetTokens }: Reasoning, { body, quirks }: EncodeContext): boolean {
  const { budgetField }: OpenAIChatQuirks = quirks
  if (budgetTokens === undefined || budgetTokens === 0 || budgetField === undefined) return false
  body[budgetField] = budgetTokens
  return true
}

// A switch cannot express how much to think.
function warnLoss({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): void {
  const { budgetField }: OpenAIChatQuirks = quirks
  if (budgetTokens !== undefined && budgetTokens !== 0) {
    if (budgetField === undefined) warn('the budget was not sent: the API can only turn thinking on or off')
  } else if (effort !== undefined && effort !== 'none') {
    warn(`effort "${effort}" was not sent: the API can only turn thinking on or off`)
  }
}

function effortOf(reasoning: Reasoning, { quirks, warn }: EncodeContext): string | undefined {
  const { efforts, budgetField }: OpenAIChatQuirks = quirks
  const { budgetTokens } = reasoning
  const effort = isOff(reasoning) ? 'none' : reasoning.effort
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  if (asked === undefined) return undefined
  const sent = nearestEffort(asked, efforts)
  if (budgetTokens !== undefined && budgetField === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the API has no budget`)
  else if (sent !== asked) warn(effortChange(asked, sent, efforts))
  return sent
}
