import { withFields } from '../../core/fit/wire-fields.ts'
import { setPath, type JsonDraft, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { AllowedTools, CacheSetting, ToolChoice } from '../../core/request.ts'
import type { ServerTool } from '../../core/server-tool.ts'
import { encodeServerTools } from '../server-tools.ts'
import { renderThinking } from './thinking.ts'

/** Where each setting goes on this wire. */
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
  logitBias: { drop: 'the format has no logit bias' },
  logprobs: { to: 'generationConfig.responseLogprobs' },
  topLogprobs: { to: 'generationConfig.logprobs' },
  n: { to: 'generationConfig.candidateCount', clamp: [1, 8] },
  responseFormat: { to: 'generationConfig.responseMimeType' },
  tools: { to: 'tools' },
  serverTools: { to: 'tools' },
  toolChoice: { to: 'toolConfig.functionCallingConfig' },
  parallelToolCalls: { drop: 'the format has no switch for parallel tool calls' },
  cache: { to: 'cachedContent' },
  reasoning: { to: 'generationConfig.thinkingConfig' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { drop: 'the format has no metadata' },
}

export const encode: EncodeMap = {
  topK: renderTopK,
  stop: renderStop,
  topLogprobs: renderTopLogprobs,
  responseFormat: renderFormat,
  tools: renderTools,
  serverTools: renderServerTools,
  toolChoice: renderToolChoice,
  reasoning: renderThinking,
  cache: ({ id, key, ttl }: CacheSetting, { warn }: EncodeContext): JsonValue | undefined => {
    if ((key ?? ttl) !== undefined) warn('key and ttl were not sent: the format has none')
    return id
  },
}

function renderTopK(topK: number, { warn }: EncodeContext): number | undefined {
  if (topK > 0) return topK
  warn('0 was not sent: the format cannot turn top-k off')
  return undefined
}

const MAX_STOPS = 5

function renderStop(stop: readonly string[], { warn }: EncodeContext): JsonValue {
  if (stop.length > MAX_STOPS)
    warn(`the first ${MAX_STOPS} of ${stop.length} stop sequences were sent: the format accepts no more`)
  return stop.slice(0, MAX_STOPS)
}

function renderTopLogprobs(count: number, { settings, warn }: EncodeContext): number | undefined {
  if (settings.logprobs === true) return count
  warn('it was not sent: logprobs is false')
  return undefined
}

function renderFormat(
  format: ResolvedFormat,
  { body, settings, quirks, rules, schemas, warn }: EncodeContext,
): JsonValue | undefined {
  if (format.type === 'text') return 'text/plain'
  if (settings.tools !== undefined && quirks['jsonWithTools'] === false) {
    warn('it was not sent: the model accepts no response format together with tools')
    return undefined
  }
  if (format.schema !== undefined)
    setPath(
      body,
      'generationConfig.responseJsonSchema',
      describe(schemas.fitAnswer({ schema: format.schema }, rules, warn).schema, format),
    )
  if (format.strict === false) warn('strict: false was not sent: the format always enforces the schema')
  return 'application/json'
}

// The format has no fields for name and description; they go into the schema.
function describe(schema: JsonObject, { name, description }: ResolvedFormat): JsonObject {
  if (schema['$ref'] !== undefined) return schema
  const about: JsonDraft = {}
  if (name !== undefined) about['title'] = name
  if (description !== undefined) about['description'] = description
  return { ...about, ...schema }
}

function renderTools(tools: readonly ResolvedTool[], context: EncodeContext): JsonValue {
  const { settings, body, quirks, rules, schemas, warn } = context
  const asked = tools.some((tool) => tool.strict === true)
  if (asked && quirks['strictTools'] === false)
    warn('"strict" was not sent: the model does not enforce schemas')
  else if (asked && settings.toolChoice === undefined)
    setPath(body, 'toolConfig.functionCallingConfig', { mode: 'VALIDATED' })
  const declared = schemas.fitTools(
    tools.map((tool) => ({ ...tool, strict: false })),
    rules,
    warn,
  )
  const functionDeclarations = declared.map(({ name, description, schema }, index) =>
    withFields({ name, description, parametersJsonSchema: schema }, tools[index] as ResolvedTool),
  )
  return [{ functionDeclarations }]
}

function renderServerTools(tools: readonly ServerTool[], context: EncodeContext): undefined {
  const { body, settings, quirks, warn } = context
  // The models that take no response format beside functions take no other tools there, too.
  if (settings.tools !== undefined && quirks['jsonWithTools'] === false) {
    warn('they were not sent: the model has them only without functions', 'unsupported')
    return undefined
  }
  if (settings.tools !== undefined && quirks['toolSteps'] === true)
    setPath(body, 'toolConfig.includeServerSideToolInvocations', true)
  return encodeServerTools(tools, context)
}

function renderToolChoice(choice: ToolChoice | AllowedTools, context: EncodeContext): JsonValue | undefined {
  if (context.settings.tools === undefined) {
    context.warn('it was not sent: the request has no tools')
    return undefined
  }
  switch (choice) {
    case 'auto':
      return { mode: isStrict(context) ? 'VALIDATED' : 'AUTO' }
    case 'none':
      return { mode: 'NONE' }
    case 'required':
      return { mode: 'ANY' }
    default: {
      const names = 'names' in choice ? choice.names : [choice.name]
      // Of the modes in which the model may answer with text, only this one takes names.
      const mayAnswer = 'names' in choice && choice.mode === 'auto'
      return { mode: mayAnswer ? 'VALIDATED' : 'ANY', allowedFunctionNames: names }
    }
  }
}

// The mode is one for all tools, so that one strict tool makes all of them strict. Forced calls always are.
function isStrict({ settings, quirks }: EncodeContext): boolean {
  return quirks['strictTools'] !== false && settings.tools?.some((tool) => tool.strict === true) === true
}
