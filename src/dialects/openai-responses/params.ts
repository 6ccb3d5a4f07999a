import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { chosenServerTool, encodeServerTools } from '../server-tools.ts'
import { effortOfBudget, type Reasoning } from '../effort.ts'

/** Where each setting goes on this wire. Samplers of single servers are dropped here and mapped in their provider's row. */
export const params: ParamMap = {
  maxTokens: { to: 'max_output_tokens' },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { drop: 'the format has no top-k' },
  minP: { drop: 'the format has no min-p' },
  stop: { drop: 'the format has no stop sequences' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no frequency penalty' },
  presencePenalty: { drop: 'the format has no presence penalty' },
  repetitionPenalty: { drop: 'the format has no repetition penalty' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { to: 'include' },
  topLogprobs: { to: 'top_logprobs' },
  n: { drop: 'the format gives one answer per request' },
  responseFormat: { to: 'text.format' },
  tools: { to: 'tools' },
  serverTools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'parallel_tool_calls' },
  reasoning: { to: 'reasoning' },
  user: { to: 'user' },
  metadata: { to: 'metadata' },
}

export const encode: EncodeMap = {
  logprobs: (wanted: boolean) => (wanted ? ['message.output_text.logprobs'] : undefined),
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[]) => tools.map(renderTool),
  serverTools: encodeServerTools,
  toolChoice: (choice: ToolChoice, context: EncodeContext) => {
    if (typeof choice === 'string') return choice
    const tool = chosenServerTool(choice, context)
    return tool === undefined ? { type: 'function', name: choice.name } : { type: tool['type'] }
  },
  reasoning: renderReasoning,
}

// False is sent too, because the default is strict and most schemas break its rules.
function renderTool(tool: ResolvedTool): JsonValue {
  const { name, description, parameters, strict = false } = tool
  return withFields({ type: 'function', name, description, parameters, strict }, tool)
}

function renderFormat({ type, schema, name, description, strict }: ResolvedFormat): JsonValue {
  if (type === 'text') return { type: 'text' }
  if (schema === undefined) return { type: 'json_object' }
  return { type: 'json_schema', name: name ?? 'response', description, schema, strict }
}

function renderReasoning({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): JsonObject {
  const word = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  if (budgetTokens !== undefined) {
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${word}": the format has no budget`)
  }
  const summary = quirks['reasoningSummary'] ?? 'auto'
  return word === 'none' || summary === false ? { effort: word } : { effort: word, summary }
}
