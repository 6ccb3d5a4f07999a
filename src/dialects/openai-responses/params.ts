import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { effortChange, effortOfBudget, nearestEffort, type Reasoning } from '../effort.ts'
import { thinks } from '../samplers.ts'
import type { OpenAIResponsesQuirks } from './quirks.ts'

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
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'parallel_tool_calls' },
  reasoning: { to: 'reasoning' },
  user: { to: 'user' },
  metadata: { to: 'metadata' },
}

export const encode: EncodeMap = {
  logprobs: renderLogprobs,
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[]) => tools.map(renderTool),
  toolChoice: (choice: ToolChoice) =>
    typeof choice === 'string' ? choice : { type: 'function', name: choice.name },
  reasoning: renderReasoning,
}

function renderLogprobs(wanted: boolean, { settings, quirks, warn }: EncodeContext): JsonValue | undefined {
  if (!wanted) return undefined
  const refused = quirks['samplersWhileThinking'] === 'refused' && thinks(settings.reasoning, quirks)
  if (!refused) return ['message.output_text.logprobs']
  warn('it was not sent: the model does not use it while thinking')
  return undefined
}

// False is sent too, because the default is strict and most schemas break its rules.
function renderTool({ name, description, parameters, strict = false }: ResolvedTool): JsonValue {
  return { type: 'function', name, description, parameters, strict }
}

function renderFormat({ type, schema, name, description, strict }: ResolvedFormat): JsonValue {
  if (type === 'text') return { type: 'text' }
  if (schema === undefined) return { type: 'json_object' }
  return { type: 'json_schema', name: name ?? 'response', description, schema, strict }
}

function renderReasoning({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): JsonObject {
  const { efforts, reasoningSummary: summary = 'auto' }: OpenAIResponsesQuirks = quirks
  const asked = effort ?? (budgetTokens === undefined ? undefined : effortOfBudget(budgetTokens))
  const word = asked === undefined ? undefined : nearestEffort(asked, efforts)
  if (budgetTokens !== undefined)
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${word}": the format has no budget`)
  else if (asked !== undefined && word !== undefined && word !== asked)
    warn(effortChange(asked, word, efforts))
  return asked === 'none' || summary === false ? { effort: word } : { effort: word, summary }
}
