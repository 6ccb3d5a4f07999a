import type { RenderInput } from '../../core/dialect.ts'
import {
  isObject,
  listOf,
  numberOf,
  objectOf,
  setPath,
  textOf,
  type JsonDraft,
  type JsonValue,
} from '../../core/json.ts'
import type { EncodeContext, ResolvedSettings, SettingName } from '../../core/params.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

type Reasoning = NonNullable<ResolvedSettings['reasoning']>

const FIELDS = 'additionalModelRequestFields'
/** The smallest thinking budget that models take. */
const LEAST_BUDGET = 1_024
/** What is left for the answer where the caller sets no limit of its own. */
const ANSWER_ROOM = 4_096
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
  const { quirks, body, warn } = context
  const style: BedrockConverseQuirks['reasoning'] = (quirks as BedrockConverseQuirks).reasoning
  const set = (name: string, value: JsonValue): void => setPath(body, `${FIELDS}.${name}`, value)
  const off = reasoning.effort === 'none' || reasoning.budgetTokens === 0
  const effort = (): string => effortFor(off ? { effort: 'minimal' } : reasoning, context)
  const always = (quirks as BedrockConverseQuirks).alwaysThinks === true
  if (off && always && style !== 'thinking') warn('the model always thinks: the weakest effort was sent')
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

// The strongest word that asks for no more than what was asked for, or else the weakest there is.
function effortFor({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): string {
  const { efforts = EFFORTS }: BedrockConverseQuirks = quirks
  const wanted = effort ?? effortOf(budgetTokens ?? 0)
  const most = BUDGETS[wanted] ?? 0
  const sent = efforts.findLast((word) => (BUDGETS[word] ?? 0) <= most) ?? efforts[0] ?? wanted
  if (effort === undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${sent}": the model takes no budget`)
  else if (sent !== effort && effort !== 'minimal')
    warn(`effort "${effort}" was sent as "${sent}": the model takes ${efforts.join(', ')}`)
  return sent
}

function effortOf(budgetTokens: number): string {
  return Object.keys(BUDGETS).find((effort) => budgetTokens <= (BUDGETS[effort] ?? 0)) ?? 'max'
}

/** Mends what thinking and the samplers do to each other. Changes `body`. */
export function mendParams(input: RenderInput, body: JsonDraft): void {
  const fields = objectOf(body[FIELDS]) as JsonDraft
  const inference = objectOf(body['inferenceConfig']) as JsonDraft
  const { type } = objectOf(fields['thinking'])
  if (type === 'enabled' && !thinkingMayGoOn(body)) {
    delete fields['thinking']
    warn(
      input,
      'reasoning',
      'it was not sent: the turn that the tool results answer to holds no thought of this model',
    )
  } else if (type === 'enabled' || type === 'adaptive') {
    if (type === 'enabled') fitBudget(input, { body, fields, inference })
    fitSampling(input, { body, fields, inference })
    freeToolChoice(input, body)
  }
  if (textOf(objectOf(fields['reasoningConfig'])['maxReasoningEffort']) === 'high')
    freeSampling(input, inference)
  const { oneSampler }: BedrockConverseQuirks = input.quirks
  if (oneSampler === true && inference['temperature'] !== undefined && inference['topP'] !== undefined) {
    delete inference['topP']
    warn(input, 'topP', 'it was not sent: the model takes temperature or top-p, not both')
  }
}

function warn(input: RenderInput, setting: SettingName, message: string): void {
  const type = message.startsWith('it was not sent') ? 'unsupported' : 'changed'
  input.warnings.push({ type, setting, message: `${setting} for ${input.model}: ${message}` })
}

// Inside a tool round the model must find its own thoughts again, or thinking with a budget is refused.
function thinkingMayGoOn(body: JsonDraft): boolean {
  const turns = listOf(body['messages']).map(objectOf)
  const round = listOf(turns.at(-1)?.['content']).some((block) => isObject(objectOf(block)['toolResult']))
  if (!round) return true
  const [first] = listOf(turns.findLast((turn) => turn['role'] === 'assistant')?.['content'])
  return isObject(objectOf(first)['reasoningContent'])
}

interface Parts {
  readonly body: JsonDraft
  readonly fields: JsonDraft
  readonly inference: JsonDraft
}

// The limit of the whole answer includes the thoughts.
function fitBudget(input: RenderInput, { body, fields, inference }: Parts): void {
  const asked = numberOf(objectOf(fields['thinking'])['budget_tokens']) ?? LEAST_BUDGET
  const limit = numberOf(inference['maxTokens'])
  if (limit === undefined) {
    setPath(body, 'inferenceConfig.maxTokens', asked + ANSWER_ROOM)
    return
  }
  // An effort fits itself into the caller's limit; a budget that was given is kept, and the limit raised.
  const byEffort = input.settings.reasoning?.budgetTokens === undefined
  const budget = byEffort ? Math.max(LEAST_BUDGET, Math.min(asked, Math.floor(limit / 2))) : asked
  fields['thinking'] = { type: 'enabled', budget_tokens: budget }
  if (budget < limit) return
  inference['maxTokens'] = budget + limit
  warn(input, 'maxTokens', `${limit} was sent as ${budget + limit}: thinking takes ${budget} of them`)
}

function fitSampling(input: RenderInput, { fields, inference }: Parts): void {
  if (inference['temperature'] !== undefined && inference['temperature'] !== 1) {
    delete inference['temperature']
    warn(input, 'temperature', 'it was not sent: while it thinks, the model takes none but 1')
  }
  if (fields['top_k'] !== undefined) {
    delete fields['top_k']
    warn(input, 'topK', 'it was not sent: while it thinks, the model takes none')
  }
  const topP = numberOf(inference['topP'])
  if (topP !== undefined && topP < 0.95) {
    inference['topP'] = 0.95
    warn(input, 'topP', `${topP} was sent as 0.95: while it thinks, the model takes 0.95 to 1`)
  }
}

function freeToolChoice(input: RenderInput, body: JsonDraft): void {
  const tools = objectOf(body['toolConfig']) as JsonDraft
  const choice = objectOf(tools['toolChoice'])
  if (choice['any'] === undefined && choice['tool'] === undefined) return
  tools['toolChoice'] = { auto: {} }
  warn(input, 'toolChoice', 'it was sent as "auto": while it thinks, the model cannot be made to call a tool')
}

const HIGH_EFFORT_REFUSES: readonly SettingName[] = ['maxTokens', 'temperature', 'topP']

function freeSampling(input: RenderInput, inference: JsonDraft): void {
  for (const setting of HIGH_EFFORT_REFUSES) {
    if (inference[setting] === undefined) continue
    delete inference[setting]
    warn(input, setting, 'it was not sent: with high effort the model takes none')
  }
}
