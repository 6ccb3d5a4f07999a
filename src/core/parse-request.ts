import * as z from 'zod'
import { throwInvalidRequest } from './error.ts'
import { isObject, type JsonDraft } from './json.ts'
import type { ResolvedFormat, ResolvedSettings, ResolvedTool } from './params.ts'
import type { ParsedRequest } from './plain-request.ts'
import type { ChatRequest, OpenAITool, Schema, Tool } from './request.ts'
import { checkRequest } from './request-schema.ts'
import { isStandardSchema, jsonSchemaOf } from './json-schema.ts'
import { normalizeMessage } from './normalize-message.ts'

/** Checks a request and brings it into one shape. Throws `invalid-request` with the paths of what is wrong. */
export function parseRequest(input: unknown): ParsedRequest {
  const checked = checkRequest(input)
  const messages = checked.messages.map((message, index) => normalizeMessage(message, `messages.${index}`))
  if (checked.system !== undefined && checked.system !== '')
    messages.unshift({ role: 'system', content: checked.system })
  if (checked.messages.length === 0)
    throwInvalidRequest('messages', 'there is no turn to answer: give at least one user message')
  return { request: checked, messages, settings: readSettings(checked) }
}

function readSettings(checked: ChatRequest): ResolvedSettings {
  const {
    maxTokens,
    temperature,
    topP,
    topK,
    minP,
    seed,
    frequencyPenalty,
    presencePenalty,
    repetitionPenalty,
  } = checked
  const { logitBias, n, parallelToolCalls, user, metadata, topLogprobs } = checked
  const tools =
    checked.tools === undefined || checked.tools.length === 0 ? undefined : checked.tools.map(readTool)
  return {
    maxTokens,
    temperature,
    topP,
    topK,
    minP,
    seed,
    frequencyPenalty,
    presencePenalty,
    repetitionPenalty,
    logitBias,
    logprobs: checked.logprobs ?? (topLogprobs === undefined ? undefined : true),
    topLogprobs,
    n,
    parallelToolCalls,
    user,
    metadata,
    tools,
    stop: typeof checked.stop === 'string' ? [checked.stop] : checked.stop,
    toolChoice: readToolChoice(checked, tools),
    responseFormat: readFormat(checked.responseFormat),
    reasoning: readReasoning(checked.reasoning),
  }
}

function readTool(tool: Tool | OpenAITool, index: number): ResolvedTool {
  const { name, description, parameters, inputSchema, strict } = 'function' in tool ? tool.function : tool
  const schema = parameters ?? inputSchema
  const empty: JsonDraft = { type: 'object', properties: {} }
  const resolved =
    schema === undefined ? empty : jsonSchemaOf(schema, `tools.${index}.parameters`, toJsonSchema)
  return { name, description, parameters: resolved, strict }
}

function readToolChoice(
  { toolChoice }: ChatRequest,
  tools: readonly ResolvedTool[] | undefined,
): ResolvedSettings['toolChoice'] {
  if (toolChoice === undefined || typeof toolChoice === 'string') return toolChoice
  const name = 'name' in toolChoice ? toolChoice.name : toolChoice.function.name
  if (!tools?.some((tool) => tool.name === name))
    throwInvalidRequest('toolChoice', `names the tool "${name}", which is not among the tools`)
  return { name }
}

function readReasoning(reasoning: ChatRequest['reasoning']): ResolvedSettings['reasoning'] {
  if (reasoning === undefined || typeof reasoning === 'object') return reasoning
  if (typeof reasoning === 'boolean') return { effort: reasoning ? 'medium' : 'none' }
  return { effort: reasoning }
}

function readFormat(format: ChatRequest['responseFormat']): ResolvedFormat | undefined {
  if (format === undefined || format === 'text') return format === undefined ? undefined : { type: 'text' }
  if (format === 'json') return { type: 'json' }
  if (isStandardSchema(format)) return schemaFormat(format, {})
  switch (format['type']) {
    case 'text':
      return { type: 'text' }
    case 'json':
      return schemaFormat(format['schema'] as Schema | undefined, format)
    case 'json_object':
      return { type: 'json' }
    case 'json_schema': {
      const inner = isObject(format['json_schema']) ? format['json_schema'] : format
      return schemaFormat(inner['schema'] as Schema | undefined, inner)
    }
    default:
      return schemaFormat(format as Schema, {})
  }
}

function schemaFormat(schema: Schema | undefined, rest: Record<string, unknown>): ResolvedFormat {
  if (schema !== undefined && !isObject(schema) && !isStandardSchema(schema))
    throwInvalidRequest('responseFormat.schema', 'expected a schema')
  const optional = (key: string): string | undefined =>
    typeof rest[key] === 'string' ? rest[key] : undefined
  return {
    type: 'json',
    schema: schema === undefined ? undefined : jsonSchemaOf(schema, 'responseFormat.schema', toJsonSchema),
    name: optional('name'),
    description: optional('description'),
    strict: typeof rest['strict'] === 'boolean' ? rest['strict'] : undefined,
    validate: isStandardSchema(schema) ? schema['~standard'].validate : undefined,
  }
}

const toJsonSchema = (schema: unknown): unknown => z.toJSONSchema(schema as z.ZodType, { io: 'input' })
