import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'

/** The neutral settings in this format's words. It has few samplers: the rest is dropped here, and mapped by servers that have it. */
export const params: ParamMap = {
  maxTokens: { to: 'max_output_tokens' },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { drop: 'the format has no top-k; servers that have one say so' },
  minP: { drop: 'the format has no min-p; servers that have one say so' },
  stop: { drop: 'the format has no stop sequences' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no frequency penalty; servers that have one say so' },
  presencePenalty: { drop: 'the format has no presence penalty; servers that have one say so' },
  repetitionPenalty: { drop: 'the format has no repetition penalty; servers that have one say so' },
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
  logprobs: (wanted: boolean) => (wanted ? ['message.output_text.logprobs'] : undefined),
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[]) => tools.map(renderTool),
  toolChoice: (choice: ToolChoice) =>
    typeof choice === 'string' ? choice : { type: 'function', name: choice.name },
  reasoning: renderReasoning,
}

// Without a word of its own, a schema would be held to the strict rules, which most schemas break.
function renderTool({ name, description, parameters, strict = false }: ResolvedTool): JsonValue {
  return { type: 'function', name, description, parameters, strict }
}

function renderFormat({ type, schema, name, description, strict }: ResolvedFormat): JsonValue {
  if (type === 'text') return { type: 'text' }
  if (schema === undefined) return { type: 'json_object' }
  return { type: 'json_schema', name: name ?? 'response', description, schema, strict }
}

interface Reasoning {
  readonly effort?: string | undefined
  readonly budgetTokens?: number | undefined
}

function renderReasoning({ effort, budgetTokens }: Reasoning, { quirks, warn }: EncodeContext): JsonObject {
  const word = effort ?? (budgetTokens === undefined ? undefined : effortOf(budgetTokens))
  if (budgetTokens !== undefined) {
    warn(`a budget of ${budgetTokens} tokens was sent as effort "${word}": there is no budget here`)
  }
  const summary = quirks['reasoningSummary'] ?? 'auto'
  return word === 'none' || summary === false ? { effort: word } : { effort: word, summary }
}

/** The effort word nearest to a budget. */
function effortOf(budgetTokens: number): string {
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 4_096) return 'low'
  return budgetTokens <= 16_384 ? 'medium' : 'high'
}
