import { toolSchemas } from '../../core/fit/rules.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { CacheSetting, ToolChoice } from '../../core/request.ts'
import { cacheControl, withCacheControl } from '../cache-control.ts'
import {
  allowedToolChoice,
  canSwitchParallel,
  claudeDrops,
  encodeSchema,
  encodeStop,
} from '../claude-params.ts'
import { chosenServerTool, encodeServerTools } from '../server-tools.ts'
import type { AnthropicMessagesQuirks } from './quirks.ts'
import { renderThinking } from './thinking.ts'

/** Where each setting goes on this wire. */
export const params: ParamMap = {
  ...claudeDrops,
  maxTokens: { to: 'max_tokens', required: 4_096 },
  temperature: { to: 'temperature', clamp: [0, 1] },
  topP: { to: 'top_p' },
  topK: { to: 'top_k' },
  stop: { to: 'stop_sequences' },
  responseFormat: { to: 'output_config.format' },
  tools: { to: 'tools' },
  serverTools: { to: 'tools' },
  toolChoice: { to: 'tool_choice' },
  parallelToolCalls: { to: 'tool_choice.disable_parallel_tool_use' },
  reasoning: { to: 'thinking' },
  cache: { to: 'cache_control' },
  user: { to: 'metadata.user_id' },
  metadata: { drop: "the format's metadata holds the user id only" },
}

export const encode: EncodeMap = {
  stop: encodeStop,
  responseFormat: encodeFormat,
  tools: encodeTools,
  serverTools: encodeServerTools,
  toolChoice: encodeToolChoice,
  parallelToolCalls: encodeParallel,
  reasoning: renderThinking,
  cache: encodeCache,
}

// The field has the vendor choose the marks.
function encodeCache(
  cache: CacheSetting,
  { rules: { cacheMarks }, warn }: EncodeContext,
): JsonValue | undefined {
  if (cache.key !== undefined || cache.id !== undefined) warn('key and id were not sent: the format has none')
  const byVendor = cache.auto === true && 'auto' in cacheMarks && cacheMarks.auto === 'field'
  return byVendor ? cacheControl(cache) : undefined
}

function encodeFormat(format: ResolvedFormat, context: EncodeContext): JsonValue | undefined {
  const schema = encodeSchema(format, context)
  return schema === undefined ? undefined : { type: 'json_schema', schema }
}

function encodeTools(
  tools: readonly ResolvedTool[],
  { quirks, rules, schemas, warn }: EncodeContext,
): JsonValue {
  const { strictTools }: AnthropicMessagesQuirks = quirks
  return schemas.fitTools(tools, toolSchemas(rules, strictTools), warn).map((tool, index) => {
    const { name, description, schema, strict } = tool
    // A false is sent as it is; a true only if the model enforces it.
    const given = tools[index] as ResolvedTool
    const asked = given.strict
    const rendered = {
      name,
      description,
      input_schema: schema,
      strict: strict || (asked === true ? undefined : asked),
    }
    return withFields(withCacheControl([rendered as JsonObject], given.cache)[0] as JsonObject, given)
  })
}

function encodeToolChoice(choice: ToolChoice, context: EncodeContext): JsonValue | undefined {
  const allowed = allowedToolChoice(choice, context.quirks, context)
  if (allowed === undefined) return undefined
  if (allowed === 'required') return { type: 'any' }
  if (typeof allowed === 'string') return { type: allowed }
  return { type: 'tool', name: chosenServerTool(allowed, context)?.['name'] ?? allowed.name }
}

function encodeParallel(parallel: boolean, context: EncodeContext): JsonValue | undefined {
  if (!canSwitchParallel(context)) return undefined
  context.body['tool_choice'] ??= { type: 'auto' }
  return !parallel
}
