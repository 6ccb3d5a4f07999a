import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext, ResolvedSettings } from '../../core/params.ts'
import type { OpenAIChatQuirks } from './quirks.ts'

type Reasoning = NonNullable<ResolvedSettings['reasoning']>

// Weakest first. Words of single vendors stand where they belong.
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

/** True where the setting, or the model unasked, makes it think. */
export function thinks(reasoning: Reasoning | undefined, { thinksUnasked }: OpenAIChatQuirks): boolean {
  return reasoning === undefined ? thinksUnasked === true : !isOff(reasoning)
}

function isOff({ effort, budgetTokens }: Reasoning): boolean {
  return effort === undefined ? budgetTokens === 0 : effort === 'none'
}

/** The wish to think, in the server's form. */
export function renderReasoning(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const quirks: OpenAIChatQuirks = context.quirks
  switch (quirks.reasoningStyle) {
    case 'object':
      return renderObject(reasoning, context)
    case 'switch':
      tellLoss(reasoning, context)
      return renderSwitch(reasoning, quirks)
    case 'switch_and_effort':
      if (!isOff(reasoning)) context.body['reasoning_effort'] = effortOf(reasoning, context)
      return renderSwitch(reasoning, quirks)
    case 'boolean':
      setBudget(reasoning, context)
      tellLoss(reasoning, context)
      return !isOff(reasoning)
    case 'template':
      tellLoss(reasoning, context)
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

// Thinking that can only be turned on or off says nothing of how much.
function tellLoss({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): void {
  const { budgetField }: OpenAIChatQuirks = quirks
  if (budgetTokens !== undefined && budgetTokens !== 0) {
    if (budgetField === undefined) warn('the budget was not sent: thinking can only be turned on or off')
  } else if (effort !== undefined && effort !== 'none') {
    warn(`thinking was turned on; effort "${effort}" has no word here`)
  }
}

function effortOf({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): string | undefined {
  const { efforts, budgetField }: OpenAIChatQuirks = quirks
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  if (asked === undefined) return undefined
  const sent = efforts === undefined ? asked : nearest(asked, efforts)
  if (budgetTokens !== undefined && budgetField === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": there is no budget here`)
  else if (sent !== asked) warn(tellChange(asked, sent, efforts ?? []))
  return sent
}

function tellChange(asked: string, sent: string, efforts: readonly string[]): string {
  return asked === 'none'
    ? `the model always thinks: effort "${sent}" was sent`
    : `effort "${asked}" was sent as "${sent}": the model takes ${efforts.join(', ')}`
}

/** The strongest word that asks for no more than was asked for, or else the weakest that asks to think at all. */
function nearest(asked: string, efforts: readonly string[]): string {
  if (efforts.includes(asked)) return asked
  const words = efforts.filter((word) => word !== 'none')
  const most = LEVELS[asked] ?? 0
  return words.findLast((word) => (LEVELS[word] ?? 0) <= most) ?? words[0] ?? asked
}

/** The effort word nearest to a budget. */
function effortOfBudget(budgetTokens: number): string {
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 4_096) return 'low'
  return budgetTokens <= 16_384 ? 'medium' : 'high'
}
