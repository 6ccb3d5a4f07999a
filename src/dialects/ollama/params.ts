import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import { isOff, type Reasoning } from '../effort.ts'
import type { OllamaQuirks } from './quirks.ts'

/** Where each setting goes on this wire: most are options of the model. */
export const params: ParamMap = {
  maxTokens: { to: 'options.num_predict' },
  temperature: { to: 'options.temperature' },
  topP: { to: 'options.top_p' },
  topK: { to: 'options.top_k' },
  minP: { to: 'options.min_p' },
  stop: { to: 'options.stop' },
  seed: { to: 'options.seed' },
  frequencyPenalty: { to: 'options.frequency_penalty' },
  presencePenalty: { to: 'options.presence_penalty' },
  repetitionPenalty: { to: 'options.repeat_penalty' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { to: 'top_logprobs' },
  n: { drop: 'the format gives one answer per request' },
  responseFormat: { to: 'format' },
  tools: { to: 'tools' },
  toolChoice: { drop: 'the format has no tool choice; "none" removes the tools, a name removes all others' },
  parallelToolCalls: { drop: 'the format has no switch for parallel tool calls' },
  reasoning: { to: 'think' },
  user: { drop: 'the format has no field for the end user' },
  cache: { drop: 'the format has no cache of prompts' },
  metadata: { drop: 'the format has no metadata' },
}

export const encode: EncodeMap = {
  responseFormat: renderFormat,
  tools: renderTools,
  reasoning: renderReasoning,
}

function renderFormat(
  { type, schema }: ResolvedFormat,
  { rules, schemas, warn }: EncodeContext,
): JsonValue | undefined {
  if (type === 'text') return undefined
  return schema === undefined ? 'json' : schemas.fitAnswer({ schema }, rules, warn).schema
}

function renderTools(tools: readonly ResolvedTool[], { rules, schemas, warn }: EncodeContext): JsonValue {
  return schemas
    .fitTools(tools, rules, warn)
    .map(({ name, description, schema }, index) =>
      withFields(
        { type: 'function', function: { name, description, parameters: schema } },
        tools[index] as ResolvedTool,
      ),
    )
}

const EFFORTS: readonly string[] = ['low', 'medium', 'high']
const WEIGHTS: readonly string[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

function renderReasoning(reasoning: Reasoning, { quirks, warn }: EncodeContext): JsonValue | undefined {
  const { efforts = EFFORTS, alwaysThinks }: OllamaQuirks = quirks
  const { effort, budgetTokens } = reasoning
  if (isOff(reasoning)) {
    if (alwaysThinks !== true) return false
    warn('the lowest effort was sent: the model always thinks')
    return efforts[0]
  }
  if (budgetTokens !== undefined) warn('the budget was not sent: the format has no budget')
  // Older servers accept a boolean only, and it means the same.
  if (effort === undefined || effort === 'medium') return true
  const most = WEIGHTS.indexOf(effort)
  const sent = efforts.findLast((word) => WEIGHTS.indexOf(word) <= most) ?? efforts[0]
  if (sent !== effort) warn(`effort "${effort}" was sent as "${sent}": the model takes ${efforts.join(', ')}`)
  return sent
}
