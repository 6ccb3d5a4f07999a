import { setPath, type JsonDraft, type JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { ToolChoice } from '../../core/request.ts'
import { withoutConst } from './schema.ts'
import { renderThinking } from './thinking.ts'

/** The neutral settings in this format's words. */
export const params: ParamMap = {
  maxTokens: { to: 'generationConfig.maxOutputTokens' },
  temperature: { to: 'generationConfig.temperature', clamp: [0, 2] },
  topP: { to: 'generationConfig.topP' },
  topK: { to: 'generationConfig.topK' },
  minP: { drop: 'the format has no min-p' },
  stop: { to: 'generationConfig.stopSequences' },
  seed: { to: 'generationConfig.seed', clamp: [-2_147_483_648, 2_147_483_647] },
  frequencyPenalty: { to: 'generationConfig.frequencyPenalty' },
  presencePenalty: { to: 'generationConfig.presencePenalty' },
  repetitionPenalty: { drop: 'the format has no repetition penalty' },
  logitBias: { drop: 'the format has no bias on tokens' },
  logprobs: { to: 'generationConfig.responseLogprobs' },
  topLogprobs: { to: 'generationConfig.logprobs' },
  n: { to: 'generationConfig.candidateCount', clamp: [1, 8] },
  responseFormat: { to: 'generationConfig.responseMimeType' },
  tools: { to: 'tools' },
  toolChoice: { to: 'toolConfig.functionCallingConfig' },
  parallelToolCalls: { drop: 'the format cannot say how many tools are called at once' },
  reasoning: { to: 'generationConfig.thinkingConfig' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { drop: 'the format has no metadata; services that take labels say so' },
}

export const encode: EncodeMap = {
  topK: renderTopK,
  stop: renderStop,
  topLogprobs: renderTopLogprobs,
  responseFormat: renderFormat,
  tools: renderTools,
  toolChoice: renderToolChoice,
  reasoning: renderThinking,
}

function renderTopK(topK: number, { warn }: EncodeContext): number | undefined {
  if (topK > 0) return topK
  warn('0 was not sent: top-k cannot be turned off here, the model has its own')
  return undefined
}

const MOST_STOPS = 5

function renderStop(stop: readonly string[], { warn }: EncodeContext): JsonValue {
  if (stop.length > MOST_STOPS)
    warn(`${stop.length} stop texts were given and the first ${MOST_STOPS} sent: the format takes no more`)
  return stop.slice(0, MOST_STOPS)
}

function renderTopLogprobs(count: number, { settings, warn }: EncodeContext): number | undefined {
  if (settings.logprobs === true) return count
  warn('was not sent: logprobs is false')
  return undefined
}

function renderFormat(
  format: ResolvedFormat,
  { body, settings, quirks, warn }: EncodeContext,
): JsonValue | undefined {
  if (format.type === 'text') return 'text/plain'
  if (settings.tools !== undefined && quirks['jsonWithTools'] === false) {
    warn('JSON was not asked for: the model takes no response format together with tools')
    return undefined
  }
  if (format.schema !== undefined)
    setPath(body, 'generationConfig.responseJsonSchema', describe(withoutConst(format.schema), format))
  if (format.strict === false)
    warn('strict: false has no meaning here, answers are always held to the schema')
  return 'application/json'
}

// A name and a description have no field of their own beside the schema; inside it they have one.
function describe(schema: JsonDraft, { name, description }: ResolvedFormat): JsonDraft {
  if (schema['$ref'] !== undefined) return schema
  const words: JsonDraft = {}
  if (name !== undefined) words['title'] = name
  if (description !== undefined) words['description'] = description
  return { ...words, ...schema }
}

function renderTools(tools: readonly ResolvedTool[], context: EncodeContext): JsonValue {
  const { settings, body, quirks, warn } = context
  const asked = tools.some((tool) => tool.strict === true)
  if (asked && quirks['strictTools'] === false)
    warn('the model cannot be held to the schema of a strict tool')
  else if (asked && settings.toolChoice === undefined)
    setPath(body, 'toolConfig.functionCallingConfig', { mode: 'VALIDATED' })
  return [{ functionDeclarations: tools.map(renderTool) }]
}

function renderTool({ name, description, parameters }: ResolvedTool): JsonValue {
  return { name, description, parametersJsonSchema: withoutConst(parameters) }
}

function renderToolChoice(choice: ToolChoice, context: EncodeContext): JsonValue | undefined {
  if (context.settings.tools === undefined) {
    context.warn('was not sent: there are no tools to choose from')
    return undefined
  }
  switch (choice) {
    case 'auto':
      return { mode: isStrict(context) ? 'VALIDATED' : 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    default:
      return { mode: 'ANY', allowedFunctionNames: [choice.name] }
  }
}

// One strict tool holds them all to their schemas: the mode is for the request. Forced calls are held to them anyway.
function isStrict({ settings, quirks }: EncodeContext): boolean {
  return quirks['strictTools'] !== false && settings.tools?.some((tool) => tool.strict === true) === true
}
