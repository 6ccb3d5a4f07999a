import * as z from 'zod'
import { LlmError } from './error.ts'
import { isObject, type JsonDraft, type JsonValue } from './json.ts'
import type { AssistantPart, Message, ToolCallPart, ToolResultPart, UserPart } from './message.ts'
import type { ResolvedFormat, ResolvedSettings, ResolvedTool } from './params.ts'
import type { Schema } from './request.ts'
import { checkRequest, type CheckedMessage, type CheckedRequest, type CheckedTool } from './request-schema.ts'
import { isStandardSchema, jsonSchemaOf } from './schema.ts'

/** A request behind the door: checked once, one shape for everything. */
export interface AdmittedRequest {
  readonly checked: CheckedRequest
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
}

/** Checks a request and brings it into one shape. Throws `invalid-request` with the paths of what is wrong. */
export function admitRequest(input: unknown): AdmittedRequest {
  const checked = checkRequest(input)
  const messages = checked.messages.map((message, index) => readMessage(message, `messages.${index}`))
  if (checked.system !== undefined && checked.system !== '')
    messages.unshift({ role: 'system', content: checked.system })
  if (checked.messages.length === 0)
    refuse('messages', 'there is no turn to answer: give at least one user message')
  return { checked, messages, settings: readSettings(checked) }
}

function readSettings(checked: CheckedRequest): ResolvedSettings {
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

function readTool(tool: CheckedTool, index: number): ResolvedTool {
  const { name, description, parameters, inputSchema, strict } = 'function' in tool ? tool.function : tool
  const schema = (parameters ?? inputSchema) as Schema | undefined
  const empty: JsonDraft = { type: 'object', properties: {} }
  const resolved =
    schema === undefined ? empty : jsonSchemaOf(schema, `tools.${index}.parameters`, toJsonSchema)
  return { name, description, parameters: resolved, strict }
}

function readToolChoice(
  { toolChoice }: CheckedRequest,
  tools: readonly ResolvedTool[] | undefined,
): ResolvedSettings['toolChoice'] {
  if (toolChoice === undefined || typeof toolChoice === 'string') return toolChoice
  const name = 'name' in toolChoice ? toolChoice.name : toolChoice.function.name
  if (!tools?.some((tool) => tool.name === name))
    refuse('toolChoice', `names the tool "${name}", which is not among the tools`)
  return { name }
}

function readReasoning(reasoning: CheckedRequest['reasoning']): ResolvedSettings['reasoning'] {
  if (reasoning === undefined || typeof reasoning === 'object') return reasoning
  if (typeof reasoning === 'boolean') return { effort: reasoning ? 'medium' : 'none' }
  return { effort: reasoning }
}

function readFormat(format: CheckedRequest['responseFormat']): ResolvedFormat | undefined {
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
    refuse('responseFormat.schema', 'expected a schema')
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

function readMessage(message: CheckedMessage, path: string): Message {
  switch (message.role) {
    case 'system':
    case 'developer': {
      const { role, content } = message
      return {
        role,
        content: typeof content === 'string' ? content : content.map((part) => part.text).join('\n'),
      }
    }
    case 'user': {
      const { role, content, name } = message
      return {
        role,
        name,
        content:
          typeof content === 'string'
            ? content
            : content.map((part, at) => readUserPart(part, `${path}.content.${at}`)),
      }
    }
    case 'assistant':
      return readAssistant(message, path)
    case 'tool':
      return readToolResult(message, path)
  }
}

type Checked<R> = Extract<CheckedMessage, { role: R }>
type CheckedPart = Exclude<Checked<'user'>['content'], string>[number]

function readUserPart(part: CheckedPart, path: string): UserPart {
  switch (part.type) {
    case 'image_url': {
      const { url, detail } = part.image_url
      return { type: 'image', url, detail: detail as 'auto' | undefined }
    }
    case 'input_audio':
      return { type: 'audio', data: part.input_audio.data, mediaType: `audio/${part.input_audio.format}` }
    case 'image':
      if (part.url === undefined && part.data === undefined) refuse(path, 'an image needs url or data')
      if (part.data !== undefined && part.mediaType === undefined)
        refuse(`${path}.mediaType`, 'is needed with data, for example image/png')
      return part
    case 'file':
      return readFile(part, path)
    default:
      return part
  }
}

function readFile(
  part: Extract<CheckedPart, { type: 'file' }>,
  path: string,
): Extract<UserPart, { type: 'file' }> {
  const { file, ...own } = part
  if (file !== undefined) {
    const { file_data: url, file_id: fileId, filename } = file as Record<string, string | undefined>
    return { type: 'file', url, fileId, filename }
  }
  if (own.url === undefined && own.data === undefined && own.fileId === undefined)
    refuse(path, 'a file needs url, data or fileId')
  if (own.data !== undefined && own.mediaType === undefined)
    refuse(`${path}.mediaType`, 'is needed with data, for example application/pdf')
  return own
}

function readAssistant(message: Checked<'assistant'>, path: string): Message {
  const { role, name, content } = message
  const parts: AssistantPart[] = []
  if (message.reasoning_content) parts.push({ type: 'reasoning', text: message.reasoning_content })
  if (typeof content === 'string' && content !== '') parts.push({ type: 'text', text: content })
  if (Array.isArray(content))
    parts.push(...content.map((part, at) => readAssistantPart(part, `${path}.content.${at}`)))
  const known = new Set(parts.flatMap((part) => (part.type === 'tool-call' ? [part.id] : [])))
  const calls: ToolCallPart[] = (message.toolCalls ?? []).map((call) => ({
    ...call,
    type: 'tool-call',
    arguments: call.arguments as JsonValue,
  }))
  for (const { id, function: called } of message.tool_calls ?? []) {
    calls.push({ type: 'tool-call', id, name: called.name, arguments: argumentsOf(called.arguments) })
  }
  parts.push(...calls.filter(({ id }) => !known.has(id)))
  const [only] = parts
  const plain =
    parts.length === 0 || (parts.length === 1 && only?.type === 'text' && only.signature === undefined)
  return { role, name, content: plain ? ((only as { text?: string } | undefined)?.text ?? '') : parts }
}

function readAssistantPart(
  part: Exclude<Checked<'assistant'>['content'], string | null | undefined>[number],
  path: string,
): AssistantPart {
  if (part.type === 'refusal') return { type: 'text', text: part.refusal }
  if (part.type === 'file') return readFile(part, path)
  return part as AssistantPart
}

function argumentsOf(text: string): JsonValue {
  if (text.trim() === '') return {}
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return text
  }
}

function readToolResult(message: Checked<'tool'>, path: string): Message {
  const { role, name, content, isError } = message
  const toolCallId = message.toolCallId ?? message.tool_call_id
  if (toolCallId === undefined) refuse(`${path}.toolCallId`, 'a tool result needs the id of its call')
  return { role, toolCallId, name, isError, content: readResult(content) }
}

// A result may be text, parts, or any JSON value: that is written down as JSON.
function readResult(content: unknown): string | readonly ToolResultPart[] {
  if (typeof content === 'string') return content
  const parts =
    Array.isArray(content) &&
    content.length > 0 &&
    content.every((part) => isObject(part) && RESULT_PARTS.has(part['type']))
  return parts ? (content as ToolResultPart[]) : JSON.stringify(content)
}
const RESULT_PARTS: ReadonlySet<unknown> = new Set(['text', 'image', 'file'])

function refuse(path: string, message: string): never {
  throw new LlmError('invalid-request', `the request is not valid: ${path}: ${message}`, {
    issues: [{ path, message }],
  })
}
