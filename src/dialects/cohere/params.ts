import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import { isOff, type Reasoning } from '../effort.ts'

const MAX_STOPS = 5

/** Where each setting goes on this wire, with the ranges that the format documents. */
export const params: ParamMap = {
  maxTokens: { to: 'max_tokens' },
  temperature: { to: 'temperature', clamp: [0, 1] },
  topP: { to: 'p', clamp: [0.01, 0.99] },
  topK: { to: 'k', clamp: [0, 500] },
  minP: { drop: 'the format has no min-p' },
  stop: { to: 'stop_sequences' },
  seed: { to: 'seed', clamp: [0, Number.MAX_SAFE_INTEGER] },
  frequencyPenalty: { to: 'frequency_penalty', clamp: [0, 1] },
  presencePenalty: { to: 'presence_penalty', clamp: [0, 1] },
  repetitionPenalty: { drop: 'the format has no repetition penalty' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { drop: 'the format has log probabilities of the chosen tokens only' },
  n: { drop: 'the format gives one answer per request' },
  responseFormat: { to: 'response_format' },
  tools: { to: 'tools' },
  serverTools: { drop: 'the format has no tools that the provider runs' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { drop: 'the format has no switch for parallel tool calls' },
  reasoning: { to: 'thinking' },
  user: { drop: 'the format has no field for the end user' },
  cache: { drop: 'the format has no cache of prompts' },
  metadata: { drop: 'the format has no field for metadata' },
}

export const encode: EncodeMap = {
  stop: (stop: readonly string[], { warn }: EncodeContext) => {
    if (stop.length > MAX_STOPS)
      warn(`the first ${MAX_STOPS} of ${stop.length} stop sequences were sent: the format accepts no more`)
    return stop.slice(0, MAX_STOPS)
  },
  responseFormat: renderFormat,
  tools: renderTools,
  toolChoice: renderToolChoice,
  reasoning: renderThinking,
}

function renderFormat(
  { type, schema }: ResolvedFormat,
  { settings, rules, schemas, warn }: EncodeContext,
): JsonValue | undefined {
  if (type === 'text') return { type: 'text' }
  if (settings.tools !== undefined) {
    warn('it was not sent: the format accepts none together with tools')
    return undefined
  }
  return { type: 'json_object', json_schema: schema && schemas.fitAnswer({ schema }, rules, warn).schema }
}

// The format cannot force one tool by name, so that it is sent as the only one.
function renderTools(
  tools: readonly ResolvedTool[],
  { body, settings, rules, schemas, warn }: EncodeContext,
): JsonValue {
  const choice = settings.toolChoice
  const offered =
    typeof choice === 'object' && 'name' in choice ? tools.filter((tool) => tool.name === choice.name) : tools
  const strict = offered.some((tool) => tool.strict === true)
  if (strict && offered.some((tool) => tool.strict !== true))
    warn('strict was sent for all tools: the format has one switch')
  const fitted = schemas.fitTools(
    offered.map((tool) => ({ ...tool, strict })),
    rules,
    warn,
  )
  if (strict && fitted.every((tool) => tool.strict)) body['strict_tools'] = true
  return fitted.map(({ name, description, schema }, index) =>
    withFields(
      { type: 'function', function: { name, description, parameters: schema } },
      offered[index] as ResolvedTool,
    ),
  )
}

function renderToolChoice(choice: ToolChoice, { settings, warn }: EncodeContext): JsonValue | undefined {
  if (choice === 'auto') return undefined
  if (settings.tools !== undefined) return choice === 'none' ? 'NONE' : 'REQUIRED'
  warn('it was not sent: the request has no tools')
  return undefined
}

function renderThinking(reasoning: Reasoning, { warn }: EncodeContext): JsonValue {
  const { effort, budgetTokens } = reasoning
  if (budgetTokens === 0 || (budgetTokens === undefined && isOff(reasoning))) return { type: 'disabled' }
  if (budgetTokens === undefined && effort !== undefined)
    warn(`effort "${effort}" was not sent: the format can only turn thinking on or off`)
  return { type: 'enabled', token_budget: budgetTokens }
}
