import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { JsonDraft, JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'

/** The neutral settings in this format's words. Samplers that only some servers have are dropped here and mapped by those. */
export const params: ParamMap = {
  maxTokens: { to: 'max_tokens' },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { drop: 'the format has no top-k; servers that have one say so' },
  minP: { drop: 'the format has no min-p; servers that have one say so' },
  stop: { to: 'stop' },
  seed: { to: 'seed' },
  frequencyPenalty: { to: 'frequency_penalty' },
  presencePenalty: { to: 'presence_penalty' },
  repetitionPenalty: { drop: 'the format has no repetition penalty; servers that have one say so' },
  logitBias: { to: 'logit_bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { to: 'top_logprobs' },
  n: { to: 'n' },
  responseFormat: { to: 'response_format' },
  tools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'parallel_tool_calls' },
  reasoning: { to: 'reasoning_effort' },
  user: { to: 'user' },
  metadata: { to: 'metadata' },
}

export const encode: EncodeMap = {
  tools: (tools: readonly ResolvedTool[]) => tools.map(renderTool),
  toolChoice: (choice: ToolChoice, { quirks }: EncodeContext) => {
    if (choice === 'required') return quirks['requiredToolChoice'] ?? 'required'
    return typeof choice === 'string' ? choice : { type: 'function', function: { name: choice.name } }
  },
  responseFormat: renderFormat,
  reasoning: renderReasoning,
}

function renderTool({ name, description, parameters, strict }: ResolvedTool): JsonValue {
  return { type: 'function', function: { name, description, parameters, strict } }
}

function renderFormat({ type, schema, name, description, strict }: ResolvedFormat): JsonValue {
  if (type === 'text') return { type: 'text' }
  if (schema === undefined) return { type: 'json_object' }
  return { type: 'json_schema', json_schema: { name: name ?? 'response', description, schema, strict } }
}

interface Reasoning {
  readonly effort?: string | undefined
  readonly budgetTokens?: number | undefined
}

function renderReasoning(
  { effort, budgetTokens }: Reasoning,
  { body, quirks, warn }: EncodeContext,
): JsonValue | undefined {
  const on = effort !== 'none'
  switch (quirks['reasoningStyle']) {
    case 'openrouter':
      body['reasoning'] = budgetTokens === undefined ? { effort } : { max_tokens: budgetTokens }
      return undefined
    case 'thinking':
      body['thinking'] = { type: on ? 'enabled' : 'disabled' }
      if (budgetTokens !== undefined) warn('the budget was not sent: thinking can only be turned on or off')
      else if (on && effort !== undefined) warn(`thinking was turned on; effort "${effort}" has no word here`)
      return undefined
    case 'enable_thinking':
      setThinking(body, on, budgetTokens)
      if (on && budgetTokens === undefined && effort !== undefined)
        warn(`thinking was turned on; effort "${effort}" has no word here`)
      return undefined
    default:
      if (budgetTokens === undefined) return effort
      warn(
        `a budget of ${budgetTokens} tokens was sent as effort "${effort ?? effortOf(budgetTokens)}": there is no budget here`,
      )
      return effort ?? effortOf(budgetTokens)
  }
}

function setThinking(body: JsonDraft, on: boolean, budgetTokens: number | undefined): void {
  body['enable_thinking'] = on
  if (budgetTokens !== undefined) body['thinking_budget'] = budgetTokens
}

/** The effort word nearest to a budget. */
function effortOf(budgetTokens: number): string {
  if (budgetTokens === 0) return 'none'
  if (budgetTokens <= 4_096) return 'low'
  return budgetTokens <= 16_384 ? 'medium' : 'high'
}
