import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { ToolChoice } from '../../core/request.ts'
import {
  allowedToolChoice,
  canSwitchParallel,
  claudeDrops,
  encodeSchema,
  encodeStop,
  encodeToolSchema,
} from '../claude-params.ts'
import { objectSchema } from '../fit-schema.ts'
import { chosenServerTool, encodeServerTools } from '../server-tools.ts'
import type { AnthropicMessagesQuirks } from './quirks.ts'
import { fitSchema } from './schema.ts'
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
  user: { to: 'metadata.user_id' },
  metadata: { drop: "the format's metadata holds the user id only" },
}

export const encode: EncodeMap = {
  stop: encodeStop,
  responseFormat: encodeFormat,
  tools: (tools: readonly ResolvedTool[], context: EncodeContext) =>
    tools.map((tool) => encodeTool(tool, context)),
  serverTools: encodeServerTools,
  toolChoice: encodeToolChoice,
  parallelToolCalls: encodeParallel,
  reasoning: renderThinking,
}

function encodeFormat(format: ResolvedFormat, context: EncodeContext): JsonValue | undefined {
  const schema = encodeSchema(format, fitSchema, context)
  return schema === undefined ? undefined : { type: 'json_schema', schema }
}

function encodeTool(tool: ResolvedTool, context: EncodeContext): JsonValue {
  const { name, description, parameters } = tool
  const { strictTools }: AnthropicMessagesQuirks = context.quirks
  const canEnforce = strictTools !== false
  const plain = objectSchema(parameters)
  const { schema, strict } = encodeToolSchema(tool, { plain, fit: fitSchema, canEnforce }, context)
  // A false is sent as it is; a true only if the model enforces it.
  const wire = {
    name,
    description,
    input_schema: schema,
    strict: strict || (tool.strict === true ? undefined : tool.strict),
  }
  return withFields(wire, tool)
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
