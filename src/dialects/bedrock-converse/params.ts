import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { ServerTool } from '../../core/server-tool.ts'
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
import type { BedrockConverseQuirks } from './quirks.ts'
import { renderReasoning } from './reasoning.ts'
import { encodeServerTools } from '../server-tools.ts'
import { fitSchema } from './schema.ts'

/** Where each setting goes on this wire. Parameters of single models are dropped here and mapped in their model's row. */
export const params: ParamMap = {
  ...claudeDrops,
  maxTokens: { to: 'inferenceConfig.maxTokens' },
  temperature: { to: 'inferenceConfig.temperature', clamp: [0, 1] },
  topP: { to: 'inferenceConfig.topP' },
  topK: { drop: 'the format has no top-k for this model' },
  stop: { to: 'inferenceConfig.stopSequences' },
  responseFormat: { to: 'outputConfig.textFormat' },
  tools: { to: 'toolConfig.tools' },
  serverTools: { to: 'toolConfig.tools' },
  toolChoice: { to: 'toolConfig.toolChoice' },
  parallelToolCalls: { drop: 'the format has no switch for parallel tool calls of this model' },
  reasoning: { drop: 'the model is not known to reason' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { to: 'requestMetadata' },
}

export const encode: EncodeMap = {
  stop: encodeStop,
  responseFormat: encodeFormat,
  tools: (tools: readonly ResolvedTool[], context: EncodeContext) =>
    tools.map((tool) => encodeTool(tool, context)),
  serverTools: (tools: readonly ServerTool[], context: EncodeContext) =>
    encodeServerTools(tools, context, 'toolConfig.tools'),
  toolChoice: encodeToolChoice,
  parallelToolCalls: (parallel: boolean, context: EncodeContext) =>
    canSwitchParallel(context) ? !parallel : undefined,
  reasoning: renderReasoning,
}

function encodeFormat(format: ResolvedFormat, context: EncodeContext): JsonValue | undefined {
  const schema = encodeSchema(format, fitSchema, context)
  if (schema === undefined) return undefined
  const { name = 'response', description } = format
  return {
    type: 'json_schema',
    structure: { jsonSchema: { schema: JSON.stringify(schema), name, description } },
  }
}

function encodeTool(tool: ResolvedTool, context: EncodeContext): JsonValue {
  const { strictTools }: BedrockConverseQuirks = context.quirks
  const plain = objectSchema(tool.parameters)
  const canEnforce = strictTools === true
  const { schema, strict } = encodeToolSchema(tool, { plain, fit: fitSchema, canEnforce }, context)
  // The format refuses an empty description.
  const description = tool.description === '' ? undefined : tool.description
  const strictly = strict ? { strict } : undefined
  return withFields(
    { toolSpec: { name: tool.name, description, ...strictly, inputSchema: { json: schema } } },
    tool,
  )
}

// The format has no "none": `render` removes the tools instead.
function encodeToolChoice(choice: ToolChoice, context: EncodeContext): JsonValue | undefined {
  const allowed = allowedToolChoice(choice, context.quirks, context)
  if (allowed === undefined || allowed === 'none') return undefined
  if (allowed === 'auto') return { auto: {} }
  return allowed === 'required' ? { any: {} } : { tool: { name: allowed.name } }
}
