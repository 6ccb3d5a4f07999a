import type { RenderInput } from '../../core/dialect.ts'
import { isObject, numberOf, objectOf, setPath, textOf, type JsonDraft } from '../../core/json.ts'
import type { SettingName } from '../../core/params.ts'
import { canThinkNow, fitSamplers, warnChanged, warnLost } from '../claude-thinking.ts'
import { MIN_BUDGET } from '../effort.ts'
import type { BedrockConverseQuirks } from './quirks.ts'
import { FIELDS } from './reasoning.ts'

/** Resolves conflicts in `body`: thinking limits `maxTokens`, the samplers and the tool choice. */
export function resolveConflicts(input: RenderInput, body: JsonDraft): void {
  const fields = objectOf(body[FIELDS]) as JsonDraft
  const inference = objectOf(body['inferenceConfig']) as JsonDraft
  const { type } = objectOf(fields['thinking'])
  const continues = input.messages.at(-1)?.role === 'assistant'
  if (type === 'enabled' && (continues || !canThinkNow(body, BLOCKS))) {
    delete fields['thinking']
    if (Object.keys(fields).length === 0) body[FIELDS] = undefined
    warnLost(
      input,
      'reasoning',
      continues
        ? 'a thinking model does not continue an answer'
        : 'the message with the tool calls holds no reasoning of this model',
    )
  } else if (type === 'enabled' || type === 'adaptive') {
    if (type === 'enabled') fitBudget(input, { fields, inference })
    fitSamplers(input, {
      temperature: [inference, 'temperature'],
      topK: [fields, 'top_k'],
      topP: [inference, 'topP'],
    })
    if (type === 'enabled' || input.quirks['forcedToolChoice'] === 'unthinking') fitToolChoice(input, body)
  }
  if (textOf(objectOf(fields['reasoningConfig'])['maxReasoningEffort']) === 'high')
    removeSamplers(input, inference)
  const { oneSampler }: BedrockConverseQuirks = input.quirks
  if (oneSampler === true && inference['temperature'] !== undefined && inference['topP'] !== undefined) {
    delete inference['topP']
    warnLost(input, 'topP', 'the model accepts temperature or top-p, not both')
  }
}

const BLOCKS = {
  isResult: ({ toolResult }: Readonly<Record<string, unknown>>) => isObject(toolResult),
  isThought: ({ reasoningContent }: Readonly<Record<string, unknown>>) => isObject(reasoningContent),
}

interface Parts {
  readonly fields: JsonDraft
  readonly inference: JsonDraft
}

// The limit of the answer includes the reasoning.
function fitBudget(input: RenderInput, { fields, inference }: Parts): void {
  const asked = numberOf(objectOf(fields['thinking'])['budget_tokens']) ?? MIN_BUDGET
  const limit = numberOf(inference['maxTokens'])
  // Without a limit the server allows the model's maximum.
  if (limit === undefined) return
  // A budget that follows from an effort is fitted into the caller's limit; a given budget is kept, and raises the limit.
  const byEffort = input.settings.reasoning?.budgetTokens === undefined
  const budget = byEffort ? Math.max(MIN_BUDGET, Math.min(asked, Math.floor(limit / 2))) : asked
  fields['thinking'] = { type: 'enabled', budget_tokens: budget }
  if (budget < limit) return
  inference['maxTokens'] = budget + limit
  warnChanged(input, 'maxTokens', `${limit} was sent as ${budget + limit}: thinking uses ${budget} of them`)
}

function fitToolChoice(input: RenderInput, body: JsonDraft): void {
  const tools = objectOf(body['toolConfig']) as JsonDraft
  const choice = objectOf(tools['toolChoice'])
  if (choice['any'] === undefined && choice['tool'] === undefined) return
  if (input.quirks['forcedToolChoice'] === 'unthinking') {
    setPath(body, `${FIELDS}.thinking`, { type: 'disabled' })
    if (OVER_HIGH.has(objectOf(objectOf(body[FIELDS])['output_config'])['effort']))
      setPath(body, `${FIELDS}.output_config.effort`, 'high')
    warnChanged(input, 'reasoning', 'thinking was turned off: the model is forced to call a tool')
    return
  }
  tools['toolChoice'] = { auto: {} }
  warnChanged(
    input,
    'toolChoice',
    'it was sent as "auto": a model that thinks with a budget cannot be forced to call a tool',
  )
}

// Efforts that a model with thinking off refuses.
const OVER_HIGH: ReadonlySet<unknown> = new Set(['xhigh', 'max'])

const HIGH_EFFORT_REFUSES: readonly SettingName[] = ['maxTokens', 'temperature', 'topP']

function removeSamplers(input: RenderInput, inference: JsonDraft): void {
  for (const setting of HIGH_EFFORT_REFUSES) {
    if (inference[setting] === undefined) continue
    inference[setting] = undefined
    warnLost(input, setting, 'the model accepts none with high effort')
  }
}
