import { toolSchemas } from '../../core/fit/rules.ts'
import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonObject, JsonValue } from '../../core/json.ts'
import type { EncodeContext, EncodeMap, ParamMap, ResolvedFormat, ResolvedTool } from '../../core/params.ts'
import type { ServerTool } from '../../core/server-tool.ts'
import type { ToolChoice } from '../../core/request.ts'
import {
  allowedToolChoice,
  canSwitchParallel,
  claudeDrops,
  encodeSchema,
  encodeStop,
} from '../claude-params.ts'
import { encodeCache, withCachePoint } from './cache-point.ts'
import type { BedrockConverseQuirks } from './quirks.ts'
import { renderReasoning } from './reasoning.ts'
import { encodeServerTools } from '../server-tools.ts'

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
  cache: { drop: 'the model caches no prompts on Bedrock' },
  user: { drop: 'the format has no field for the end user' },
  metadata: { to: 'requestMetadata' },
}

export const encode: EncodeMap = {
  stop: encodeStop,
  responseFormat: encodeFormat,
  tools: encodeTools,
  serverTools: (tools: readonly ServerTool[], context: EncodeContext) =>
    encodeServerTools(tools, context, 'toolConfig.tools'),
  toolChoice: encodeToolChoice,
  parallelToolCalls: (parallel: boolean, context: EncodeContext) =>
    canSwitchParallel(context) ? !parallel : undefined,
  reasoning: renderReasoning,
  cache: encodeCache,
}

function encodeFormat(format: ResolvedFormat, context: EncodeContext): JsonValue | undefined {
  const schema = encodeSchema(format, context)
  if (schema === undefined) return undefined
  const { name = 'response', description } = format
  return {
    type: 'json_schema',
    structure: { jsonSchema: { schema: JSON.stringify(schema), name, description } },
  }
}

function encodeTools(
  tools: readonly ResolvedTool[],
  { quirks, rules, schemas, warn }: EncodeContext,
): JsonValue {
  const { strictTools = false, bareSchemas }: BedrockConverseQuirks = quirks
  return schemas
    .fitTools(tools, toolSchemas(rules, strictTools), warn)
    .flatMap(({ name, description, schema, strict }, index) => {
      const { type, properties, required, description: about } = schema
      const json = bareSchemas === true ? { type, properties, required } : schema
      const told = bareSchemas === true ? schemas.linesOf(description, about) : description
      const strictly = strict ? { strict } : undefined
      // The format refuses an empty description.
      const rendered = {
        toolSpec: { name, description: told || undefined, ...strictly, inputSchema: { json } },
      }
      const given = tools[index] as ResolvedTool
      return withCachePoint([withFields(rendered as JsonObject, given)], given.cache)
    })
}

// The format has no "none": `render` removes the tools instead.
function encodeToolChoice(choice: ToolChoice, context: EncodeContext): JsonValue | undefined {
  const allowed = allowedToolChoice(choice, context.quirks, context)
  if (allowed === undefined || allowed === 'none') return undefined
  if (allowed === 'auto') return { auto: {} }
  return allowed === 'required' ? { any: {} } : { tool: { name: allowed.name } }
}
