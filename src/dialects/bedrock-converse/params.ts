import type { JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { ToolChoice } from '../../core/request.ts'
import type { BedrockConverseQuirks } from './quirks.ts'
import { renderReasoning } from './reasoning.ts'
import { fitSchema, objectSchema } from './schema.ts'

/** The neutral settings in this format's words. What only some models have is dropped here and mapped by those. */
export const params: ParamMap = {
  maxTokens: { to: 'inferenceConfig.maxTokens' },
  temperature: { to: 'inferenceConfig.temperature', clamp: [0, 1] },
  topP: { to: 'inferenceConfig.topP' },
  topK: { drop: 'the format has no top-k; models that have one say so' },
  minP: { drop: 'the format has no min-p' },
  stop: { to: 'inferenceConfig.stopSequences' },
  seed: { drop: 'the format has no seed' },
  frequencyPenalty: { drop: 'the format has no penalties' },
  presencePenalty: { drop: 'the format has no penalties' },
  repetitionPenalty: { drop: 'the format has no penalties' },
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { drop: 'the format has no log probabilities' },
  topLogprobs: { drop: 'the format has no log probabilities' },
  n: { drop: 'the format gives one answer a call' },
  responseFormat: { to: 'outputConfig.textFormat' },
  tools: { to: 'toolConfig.tools' },
  toolChoice: { to: 'toolConfig.toolChoice' },
  parallelToolCalls: { drop: 'the format has no such switch; models that have one say so' },
  reasoning: { drop: 'each family is asked to think in its own way; models that think say so' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { to: 'requestMetadata' },
}

export const encode: EncodeMap = {
  stop: renderStop,
  responseFormat: renderFormat,
  tools: (tools: readonly ResolvedTool[], context: EncodeContext) =>
    tools.map((tool) => renderTool(tool, context)),
  toolChoice: renderToolChoice,
  parallelToolCalls: renderParallel,
  reasoning: renderReasoning,
}

// White space alone is refused as a stop sequence by some of the models behind the format.
function renderStop(stop: readonly string[], { warn }: EncodeContext): JsonValue | undefined {
  const kept = stop.filter((sequence) => sequence.trim() !== '')
  if (kept.length < stop.length) warn('sequences of white space alone were left out: models refuse them')
  return kept.length === 0 ? undefined : kept
}

function renderFormat(
  { type, schema, name, description }: ResolvedFormat,
  { warn }: EncodeContext,
): JsonValue | undefined {
  // Text is what comes without being asked for.
  if (type === 'text') return undefined
  if (schema === undefined) {
    warn('JSON without a schema cannot be asked for; give a schema, or ask for JSON in the prompt')
    return undefined
  }
  const { schema: fitted, moved } = fitSchema(schema)
  if (moved.length > 0) warn(`not enforced, told in descriptions instead: ${moved.join(', ')}`)
  const jsonSchema = { schema: JSON.stringify(fitted), name: name ?? 'response', description }
  return { type: 'json_schema', structure: { jsonSchema } }
}

function renderTool(
  { name, description, parameters, strict }: ResolvedTool,
  { quirks, warn }: EncodeContext,
): JsonValue {
  const { strictTools }: BedrockConverseQuirks = quirks
  const schema = objectSchema(parameters)
  // An empty description is refused.
  const about = description === '' ? undefined : description
  if (strict !== true) return { toolSpec: { name, description: about, inputSchema: { json: schema } } }
  if (strictTools !== true) {
    warn(`"strict" of tool ${name} was not sent: the model does not hold arguments to a schema`)
    return { toolSpec: { name, description: about, inputSchema: { json: schema } } }
  }
  const { schema: json, moved } = fitSchema(schema)
  if (moved.length > 0) warn(`tool ${name}: not enforced, told in descriptions instead: ${moved.join(', ')}`)
  return { toolSpec: { name, description: about, strict, inputSchema: { json } } }
}

// There is no word for "none": the tools are left out instead, when the body is whole.
function renderToolChoice(
  choice: ToolChoice,
  { settings, quirks, warn }: EncodeContext,
): JsonValue | undefined {
  if (settings.tools === undefined) {
    warn('it was not sent: there are no tools')
    return undefined
  }
  if (choice === 'none') return undefined
  if (choice === 'auto') return { auto: {} }
  const { forcedToolChoice }: BedrockConverseQuirks = quirks
  if (forcedToolChoice === false) {
    warn('it was sent as "auto": the model cannot be made to call a tool')
    return { auto: {} }
  }
  return choice === 'required' ? { any: {} } : { tool: { name: choice.name } }
}

function renderParallel(parallel: boolean, { settings, warn }: EncodeContext): JsonValue | undefined {
  if (settings.tools === undefined || settings.toolChoice === 'none') {
    warn('it was not sent: no tool can be called')
    return undefined
  }
  return !parallel
}
