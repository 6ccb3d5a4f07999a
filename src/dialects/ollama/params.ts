import type { JsonValue } from '../../core/json.ts'
import type {
  EncodeContext,
  EncodeMap,
  ParamMap,
  ResolvedFormat,
  ResolvedSettings,
  ResolvedTool,
} from '../../core/params.ts'
import type { OllamaQuirks } from './quirks.ts'

/** The neutral settings in this format's words: most are options of the model. */
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
  n: { drop: 'the format gives one answer a call' },
  responseFormat: { to: 'format' },
  tools: { to: 'tools' },
  toolChoice: { drop: 'the format has none; "none" leaves the tools out, a name offers that tool alone' },
  parallelToolCalls: { drop: 'the format has no such switch' },
  reasoning: { to: 'think' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { drop: 'the format has no metadata' },
}

export const encode: EncodeMap = {
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[], { warn }: EncodeContext) =>
    tools.map((tool) => {
      if (tool.strict === true) warn(`"strict" of tool ${tool.name} was not sent: there is no such field`)
      return renderTool(tool)
    }),
  reasoning: renderReasoning,
}

function renderFormat({ type, schema }: ResolvedFormat): JsonValue | undefined {
  // Text is what comes without being asked for.
  return type === 'text' ? undefined : (schema ?? 'json')
}

function renderTool({ name, description, parameters }: ResolvedTool): JsonValue {
  return { type: 'function', function: { name, description, parameters } }
}

type Reasoning = NonNullable<ResolvedSettings['reasoning']>

const EFFORTS: readonly string[] = ['low', 'medium', 'high', 'max']
const WEIGHTS: readonly string[] = ['minimal', 'low', 'medium', 'high', 'xhigh', 'max']

function renderReasoning(
  { effort, budgetTokens }: Reasoning,
  { quirks, warn }: EncodeContext,
): JsonValue | undefined {
  const { efforts = EFFORTS, alwaysThinks }: OllamaQuirks = quirks
  if (effort === 'none' || budgetTokens === 0) {
    if (alwaysThinks !== true) return false
    warn('the model always thinks: the weakest effort was sent')
    return efforts[0]
  }
  if (budgetTokens !== undefined) warn('the budget was not sent: there is none here')
  // What servers take that know no words yet, and it means the same.
  if (effort === undefined || effort === 'medium') return true
  const most = WEIGHTS.indexOf(effort)
  const sent = efforts.findLast((word) => WEIGHTS.indexOf(word) <= most) ?? efforts[0]
  if (sent !== effort) warn(`effort "${effort}" was sent as "${sent}": the model takes ${efforts.join(', ')}`)
  return sent
}
