import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { JsonValue } from '../../core/json.ts'
import type { ToolChoice } from '../../core/request.ts'
import type { AnthropicMessagesQuirks } from './quirks.ts'
import { fitSchema, plainSchema } from './schema.ts'
import { renderThinking } from './thinking.ts'

/** The neutral settings in this format's words. */
export const params: ParamMap = {
  maxTokens: { to: 'max_tokens', required: 4_096 },
  temperature: { to: 'temperature', clamp: [0, 1] },
  topP: { to: 'top_p' },
  topK: { to: 'top_k' },
  minP: { drop: 'the format has no min-p' },
  stop: { to: 'stop_sequences' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no penalties' },
  presencePenalty: { drop: 'the format has no penalties' },
  repetitionPenalty: { drop: 'the format has no penalties' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { drop: 'the format has no log probabilities' },
  topLogprobs: { drop: 'the format has no log probabilities' },
  n: { drop: 'the format gives one answer a call' },
  responseFormat: { to: 'output_config.format' },
  tools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'tool_choice.disable_parallel_tool_use' },
  reasoning: { to: 'thinking' },
  user: { to: 'metadata.user_id' },
  metadata: { drop: "the format's metadata holds the user id alone" },
}

export const encode: EncodeMap = {
  stop: renderStop,
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[], context: EncodeContext) =>
    tools.map((tool) => renderTool(tool, context)),
  toolChoice: renderToolChoice,
  parallelToolCalls: renderParallel,
  reasoning: renderThinking,
}

// The format refuses stop sequences of white space alone.
function renderStop(stop: readonly string[], { warn }: EncodeContext): JsonValue | undefined {
  const kept = stop.filter((sequence) => sequence.trim() !== '')
  if (kept.length < stop.length) warn('sequences of white space alone were left out: the format refuses them')
  return kept.length === 0 ? undefined : kept
}

function renderFormat({ type, schema }: ResolvedFormat, { warn }: EncodeContext): JsonValue | undefined {
  // Text is what comes without being asked for.
  if (type === 'text') return undefined
  if (schema === undefined) {
    warn('JSON without a schema cannot be asked for; give a schema, or ask for JSON in the prompt')
    return undefined
  }
  const { schema: fitted, moved } = fitSchema(schema)
  if (moved.length > 0) warn(`not enforced, told in descriptions instead: ${moved.join(', ')}`)
  return { type: 'json_schema', schema: fitted }
}

function renderTool(
  { name, description, parameters, strict }: ResolvedTool,
  { quirks, warn }: EncodeContext,
): JsonValue {
  const { strictTools }: AnthropicMessagesQuirks = quirks
  if (strict !== true) return { name, description, input_schema: plainSchema(parameters), strict }
  if (strictTools === false) {
    warn(`"strict" of tool ${name} was not sent: the model does not hold arguments to a schema`)
    return { name, description, input_schema: plainSchema(parameters) }
  }
  const { schema, moved } = fitSchema(plainSchema(parameters))
  if (moved.length > 0) warn(`tool ${name}: not enforced, told in descriptions instead: ${moved.join(', ')}`)
  return { name, description, input_schema: schema, strict }
}

function renderToolChoice(
  choice: ToolChoice,
  { settings, quirks, warn }: EncodeContext,
): JsonValue | undefined {
  if (settings.tools === undefined) {
    warn('it was not sent: there are no tools')
    return undefined
  }
  if (choice === 'auto' || choice === 'none') return { type: choice }
  const { forcedToolChoice }: AnthropicMessagesQuirks = quirks
  if (forcedToolChoice === false) {
    warn('it was sent as "auto": the model cannot be made to call a tool')
    return { type: 'auto' }
  }
  return choice === 'required' ? { type: 'any' } : { type: 'tool', name: choice.name }
}

function renderParallel(parallel: boolean, { body, settings, warn }: EncodeContext): JsonValue | undefined {
  if (settings.tools === undefined || settings.toolChoice === 'none') {
    warn('it was not sent: no tool can be called')
    return undefined
  }
  body['tool_choice'] ??= { type: 'auto' }
  return !parallel
}
