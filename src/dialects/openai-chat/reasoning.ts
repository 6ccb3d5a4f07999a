import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext } from '../../core/params.ts'
import { effortOfBudget, type Reasoning } from '../effort.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

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

/** Whether the model thinks, by the setting or by default. */
export function thinks(reasoning: Reasoning | undefined, { thinksUnasked }: OpenAIChatQuirks): boolean {
  return reasoning === undefined ? thinksUnasked === true : !isOff(reasoning)
}

function isOff({ effort, budgetTokens }: Reasoning): boolean {
  return effort === undefined ? budgetTokens === 0 : effort === 'none'
}

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
  return reasoning.budgetTokens === undefined
    ? { effort: effortOf(reasoning, context) }
    : { max_tokens: reasoning.budgetTokens }
}

function renderSwitch(reasoning: Reasoning, { switchOn = 'enabled' }: OpenAIChatQuirks): JsonObject {
  return { type: isOff(reasoning) ? 'disabled' : switchOn }
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

function effortOf({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): string | undefined {
  const { efforts, budgetField }: OpenAIChatQuirks = quirks
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  if (asked === undefined) return undefined
  const sent = efforts === undefined ? asked : nearest(asked, efforts)
  if (budgetTokens !== undefined && budgetField === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the API has no budget`)
  else if (sent !== asked) warn(describeChange(asked, sent, efforts ?? []))
  return sent
}

function describeChange(asked: string, sent: string, efforts: readonly string[]): string {
  return asked === 'none'
    ? `effort "${sent}" was sent: the model always thinks`
    : `effort "${asked}" was sent as "${sent}": the model accepts ${efforts.join(', ')}`
}

/** The strongest word that asks for no more than `asked`, else the weakest that turns thinking on. */
function nearest(asked: string, efforts: readonly string[]): string {
  if (efforts.includes(asked)) return asked
  const words = efforts.filter((word) => word !== 'none')
  const most = LEVELS[asked] ?? 0
  return words.findLast((word) => (LEVELS[word] ?? 0) <= most) ?? words[0] ?? asked
}
