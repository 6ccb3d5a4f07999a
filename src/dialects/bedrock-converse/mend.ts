import type { RenderInput } from '../../core/dialect.ts'
import { isObject, listOf, numberOf, objectOf, setPath, textOf, type JsonDraft } from '../../core/json.ts'
import type { SettingName } from '../../core/params.ts'
import type { BedrockConverseQuirks } from './quirks.ts'
import { FIELDS, LEAST_BUDGET } from './reasoning.ts'

/** What is left for the answer where the caller sets no limit of its own. */
const ANSWER_ROOM = 4_096

/** Mends what thinking and the samplers do to each other. Changes `body`. */
export function mendParams(input: RenderInput, body: JsonDraft): void {
  const fields = objectOf(body[FIELDS]) as JsonDraft
  const inference = objectOf(body['inferenceConfig']) as JsonDraft
  const { type } = objectOf(fields['thinking'])
  if (type === 'enabled' && !thinkingMayGoOn(body)) {
    delete fields['thinking']
    if (Object.keys(fields).length === 0) body[FIELDS] = undefined
    note(
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
    note(input, 'topP', 'it was not sent: the model takes temperature or top-p, not both')
  }
}

function note(input: RenderInput, setting: SettingName, message: string): void {
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
  note(input, 'maxTokens', `${limit} was sent as ${budget + limit}: thinking takes ${budget} of them`)
}

function fitSampling(input: RenderInput, { fields, inference }: Parts): void {
  if (inference['temperature'] !== undefined && inference['temperature'] !== 1) {
    delete inference['temperature']
    note(input, 'temperature', 'it was not sent: while it thinks, the model takes none but 1')
  }
  if (fields['top_k'] !== undefined) {
    delete fields['top_k']
    note(input, 'topK', 'it was not sent: while it thinks, the model takes none')
  }
  const topP = numberOf(inference['topP'])
  if (topP !== undefined && topP < 0.95) {
    inference['topP'] = 0.95
    note(input, 'topP', `${topP} was sent as 0.95: while it thinks, the model takes 0.95 to 1`)
  }
}

function freeToolChoice(input: RenderInput, body: JsonDraft): void {
  const tools = objectOf(body['toolConfig']) as JsonDraft
  const choice = objectOf(tools['toolChoice'])
  if (choice['any'] === undefined && choice['tool'] === undefined) return
  tools['toolChoice'] = { auto: {} }
  note(input, 'toolChoice', 'it was sent as "auto": while it thinks, the model cannot be made to call a tool')
}

const HIGH_EFFORT_REFUSES: readonly SettingName[] = ['maxTokens', 'temperature', 'topP']

function freeSampling(input: RenderInput, inference: JsonDraft): void {
  for (const setting of HIGH_EFFORT_REFUSES) {
    if (inference[setting] === undefined) continue
    inference[setting] = undefined
    note(input, setting, 'it was not sent: with high effort the model takes none')
  }
}
