import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import { toolSchemas } from '../../core/fit/rules.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import { mergeInto, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { ServerTool } from '../../core/server-tool.ts'
import type { AllowedTools, CacheSetting, ToolChoice } from '../../core/request.ts'
import { withCacheControl } from '../cache-control.ts'
import { encodeCache } from '../prompt-cache.ts'
import type { OpenAIChatQuirks } from './quirks.ts'
import { thinks } from '../samplers.ts'
import { renderReasoning } from './reasoning.ts'

/** Where each setting goes on this wire. Samplers of single servers are dropped here and mapped in their provider's row. */
export const params: ParamMap = {
  maxTokens: { to: 'max_tokens' },
  temperature: { to: 'temperature' },
  topP: { to: 'top_p' },
  topK: { drop: 'the format has no top-k' },
  minP: { drop: 'the format has no min-p' },
  stop: { to: 'stop' },
  seed: { to: 'seed' },
  frequencyPenalty: { to: 'frequency_penalty' },
  presencePenalty: { to: 'presence_penalty' },
  repetitionPenalty: { drop: 'the format has no repetition penalty' },
  logitBias: { to: 'logit_bias' },
  logprobs: { to: 'logprobs' },
  topLogprobs: { to: 'top_logprobs' },
  n: { to: 'n' },
  responseFormat: { to: 'response_format' },
  tools: { to: 'tools' },
  serverTools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'parallel_tool_calls' },
  reasoning: { to: 'reasoning_effort' },
  cache: { drop: 'the server caches prefixes by itself, if at all' },
  user: { to: 'user' },
  metadata: { to: 'metadata' },
}

/** Samplers that most servers of open models add to the format. */
export const openModelSamplers: ParamMap = {
  topK: { to: 'top_k' },
  minP: { to: 'min_p' },
  repetitionPenalty: { to: 'repetition_penalty' },
}

export const encode: EncodeMap = {
  tools: renderTools,
  serverTools: renderRawTools,
  toolChoice: renderToolChoice,
  responseFormat: renderFormat,
  logprobs: (wanted: boolean, { quirks }: EncodeContext) =>
    quirks['logprobsCount'] === true ? Number(wanted) : wanted,
  reasoning: renderReasoning,
  cache: (cache: CacheSetting, context: EncodeContext) => encodeCache(cache, context, ['30m']),
}

function renderTools(
  tools: readonly ResolvedTool[],
  { quirks, rules, schemas, warn }: EncodeContext,
): JsonValue {
  return schemas.fitTools(tools, toolSchemas(rules, quirks['strictTools']), warn).map((tool, index) => {
    const { name, description, schema, strict } = tool
    const given = tools[index] as ResolvedTool
    const asked = given.strict
    const sent = strict || (asked === true ? undefined : asked)
    const rendered = { type: 'function', function: { name, description, parameters: schema, strict: sent } }
    return withFields(withCacheControl([rendered as JsonObject], given.cache)[0] as JsonObject, given)
  })
}

// Tools in the server's own form; a provider with tools by neutral names has `openaiChatWithTools`.
function renderRawTools(tools: readonly ServerTool[], { body, warn }: EncodeContext): undefined {
  const added = tools.flatMap((tool) => {
    if ('raw' in tool) return [withFields(tool.raw, tool)]
    warn(`${tool.type} was not sent: there is no such tool`, 'unsupported')
    return []
  })
  if (added.length > 0) mergeInto(body, { tools: added })
}

function renderToolChoice(
  choice: ToolChoice | AllowedTools,
  { settings, quirks, warn }: EncodeContext,
): JsonValue {
  if (choice === 'auto' || choice === 'none') return choice
  const { forcedToolChoice, requiredToolChoice }: OpenAIChatQuirks = quirks
  if (forcedToolChoice === false) {
    warn('it was sent as "auto": the model cannot be forced to call a tool')
    return 'auto'
  }
  if (forcedToolChoice === 'unthinking' && thinks(settings.reasoning, quirks)) {
    warn('it was sent as "auto": a thinking model cannot be forced to call a tool')
    return 'auto'
  }
  if (typeof choice === 'object' && 'names' in choice) {
    const { names, mode = 'required' } = choice
    const allowed = names.map((name) => ({ type: 'function', function: { name } }))
    return { type: 'allowed_tools', allowed_tools: { mode, tools: allowed } }
  }
  if (choice === 'required') return requiredToolChoice ?? 'required'
  return { type: 'function', function: { name: choice.name } }
}

function renderFormat(
  { type, schema: given, name = 'response', description, strict }: ResolvedFormat,
  { quirks, rules, schemas, warn }: EncodeContext,
): JsonValue {
  if (type === 'text') return { type: 'text' }
  const schema = given ?? (quirks['jsonBySchema'] === true ? { type: 'object' } : undefined)
  if (schema === undefined) return { type: 'json_object' }
  const fitted = schemas.fitAnswer({ schema, strict }, rules, warn)
  const sent = fitted.strict || (strict === true ? undefined : strict)
  return { type: 'json_schema', json_schema: { name, description, schema: fitted.schema, strict: sent } }
}
