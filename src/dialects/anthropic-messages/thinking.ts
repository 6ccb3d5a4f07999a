import type { RenderInput } from '../../core/dialect.ts'
import { listOf, numberOf, objectOf, setPath, type JsonDraft, type JsonValue } from '../../core/json.ts'
import type { EncodeContext, ResolvedSettings, SettingName } from '../../core/params.ts'
import type { AnthropicMessagesQuirks } from './quirks.ts'

type Reasoning = NonNullable<ResolvedSettings['reasoning']>

/** The smallest budget the format takes. */
const LEAST_BUDGET = 1_024
/** What is left for the answer, at least, where the caller sets no limit of its own. */
const ANSWER_ROOM = 4_096
const ALL_EFFORTS: readonly string[] = ['low', 'medium', 'high', 'xhigh', 'max']
// Weakest first: an effort as a budget, and a budget as the effort that covers it.
const BUDGETS: Readonly<Record<string, number>> = {
  minimal: LEAST_BUDGET,
  low: 4_096,
  medium: 16_384,
  high: 24_576,
  xhigh: 32_768,
  max: 49_152,
}

/** Writes `thinking`, and the effort beside it where the model thinks adaptively. */
export function renderThinking(reasoning: Reasoning, context: EncodeContext): JsonValue | undefined {
  const quirks: AnthropicMessagesQuirks = context.quirks
  const adaptive = quirks.thinking === 'adaptive'
  const { effort, budgetTokens } = reasoning
  if (effort === 'none' || (budgetTokens === 0 && !(adaptive && effort !== undefined)))
    return turnOff(quirks, context)
  if (adaptive) return renderAdaptive(reasoning, quirks, context)
  const budget = budgetTokens ?? BUDGETS[effort ?? 'medium'] ?? LEAST_BUDGET
  if (budget < LEAST_BUDGET)
    context.warn(`a budget of ${budget} tokens was sent as ${LEAST_BUDGET}, the smallest there is`)
  return { type: 'enabled', budget_tokens: Math.max(budget, LEAST_BUDGET) }
}

function turnOff(quirks: AnthropicMessagesQuirks, { body, warn }: EncodeContext): JsonValue | undefined {
  switch (quirks.thinkingOff) {
    case 'never':
      setPath(body, 'output_config.effort', (quirks.efforts ?? ALL_EFFORTS)[0] ?? 'low')
      warn('the model always thinks: the weakest effort was sent')
      return undefined
    case 'between_tools':
      warn('the model cannot be kept from thinking between tool calls; thinking before them was turned off')
      return { type: 'between_tools' }
    default:
      return { type: 'disabled' }
  }
}

function renderAdaptive(
  { effort, budgetTokens }: Reasoning,
  { efforts = ALL_EFFORTS, thinkingDisplay }: AnthropicMessagesQuirks,
  { body, warn }: EncodeContext,
): JsonValue {
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens))
  if (asked !== undefined) {
    const sent = nearestEffort(asked, efforts)
    setPath(body, 'output_config.effort', sent)
    if (effort === undefined)
      warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the model takes no budget`)
    else if (sent !== effort)
      warn(`effort "${effort}" was sent as "${sent}": the model takes ${efforts.join(', ')}`)
  }
  return { type: 'adaptive', display: thinkingDisplay }
}

function effortOf(budgetTokens: number): string {
  return Object.keys(BUDGETS).find((effort) => budgetTokens <= (BUDGETS[effort] ?? 0)) ?? 'max'
}

// The strongest word that asks for no more than what was asked for, or else the weakest there is.
function nearestEffort(asked: string, efforts: readonly string[]): string {
  const most = BUDGETS[asked] ?? 0
  return efforts.findLast((effort) => (BUDGETS[effort] ?? 0) <= most) ?? efforts[0] ?? 'low'
}

/** Mends what parameters do to each other: thinking bounds `max_tokens`, the samplers and the tool choice. Changes `body`. */
export function mendParams(input: RenderInput, body: JsonDraft): void {
  const { type } = objectOf(body['thinking'])
  if (type === 'enabled' && !thinkingMayGoOn(body)) {
    delete body['thinking']
    lose(input, 'reasoning', 'the turn that the tool results answer to holds no thought of this model')
  } else if (type === 'enabled' || type === 'adaptive') {
    if (type === 'enabled') fitBudget(input, body)
    fitSampling(input, body)
    freeToolChoice(input, body)
  }
  if (body['temperature'] !== undefined && body['top_p'] !== undefined) {
    delete body['top_p']
    lose(input, 'topP', 'the format takes temperature or top-p, not both')
  }
}

function lose({ warnings, model }: RenderInput, setting: SettingName, why: string): void {
  warnings.push({ type: 'unsupported', setting, message: `${setting} was not sent to ${model}: ${why}` })
}

function change({ warnings, model }: RenderInput, setting: SettingName, how: string): void {
  warnings.push({ type: 'changed', setting, message: `${setting} for ${model}: ${how}` })
}

// Inside a tool round the model must find its own thoughts again, or thinking with a budget is refused.
function thinkingMayGoOn(body: JsonDraft): boolean {
  const turns = listOf(body['messages']).map(objectOf)
  const round = listOf(turns.at(-1)?.['content']).some((block) => objectOf(block)['type'] === 'tool_result')
  if (!round) return true
  const [first] = listOf(turns.findLast((turn) => turn['role'] === 'assistant')?.['content'])
  const { type } = objectOf(first)
  return type === 'thinking' || type === 'redacted_thinking'
}

function fitBudget(input: RenderInput, body: JsonDraft): void {
  const quirks: AnthropicMessagesQuirks = input.quirks
  const { maxTokens, reasoning } = input.settings
  const asked = numberOf(objectOf(body['thinking'])['budget_tokens']) ?? LEAST_BUDGET
  const limit = numberOf(body['max_tokens']) ?? ANSWER_ROOM
  const most = quirks.maxOutput ?? Infinity
  // An effort fits itself into the caller's limit; a budget that was given is kept, and the limit raised.
  const wanted =
    reasoning?.budgetTokens === undefined && maxTokens !== undefined
      ? Math.max(LEAST_BUDGET, Math.min(asked, Math.floor(limit / 2)))
      : asked
  const room = maxTokens ?? ANSWER_ROOM
  const raised = maxTokens === undefined || wanted >= limit ? Math.max(limit, wanted + room) : limit
  const total = Math.min(raised, most)
  const budget = wanted < total ? wanted : Math.max(LEAST_BUDGET, total - Math.min(room, total / 2))
  body['max_tokens'] = total
  body['thinking'] = { type: 'enabled', budget_tokens: Math.floor(budget) }
  if (maxTokens !== undefined && total > limit)
    change(input, 'maxTokens', `${limit} was sent as ${total}: thinking takes ${Math.floor(budget)} of them`)
  if (reasoning?.budgetTokens !== undefined && budget < asked)
    change(
      input,
      'reasoning',
      `a budget of ${asked} tokens was sent as ${Math.floor(budget)}: the model gives ${most} tokens at most`,
    )
}

function fitSampling(input: RenderInput, body: JsonDraft): void {
  if (body['temperature'] !== undefined && body['temperature'] !== 1) {
    delete body['temperature']
    lose(input, 'temperature', 'while it thinks, the model takes none but 1')
  }
  if (body['top_k'] !== undefined) {
    delete body['top_k']
    lose(input, 'topK', 'while it thinks, the model takes none')
  }
  const topP = numberOf(body['top_p'])
  if (topP !== undefined && topP < 0.95) {
    body['top_p'] = 0.95
    change(input, 'topP', `${topP} was sent as 0.95: while it thinks, the model takes 0.95 to 1`)
  }
}

function freeToolChoice(input: RenderInput, body: JsonDraft): void {
  const { type, name: _name, ...rest } = objectOf(body['tool_choice'])
  if (type !== 'any' && type !== 'tool') return
  body['tool_choice'] = { type: 'auto', ...(rest as JsonDraft) }
  change(
    input,
    'toolChoice',
    'it was sent as "auto": while it thinks, the model cannot be made to call a tool',
  )
}
