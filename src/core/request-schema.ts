import { signalField } from './common-fields.ts'
import { requestError, type Issue } from './error.ts'
import { fallbackField } from './fallback.ts'
import { isObject } from './json.ts'
import { findLost } from './lost-fields.ts'
import type { ToolResultPart } from './message.ts'
import { nearestName } from './nearest-name.ts'
import { checkFields, optionsSchema, type Rows } from './options.ts'
import { isParent } from './parent-call.ts'
import type { CallOptions, ChatRequest, MessageInput, StreamLimits, Timeouts } from './request.ts'
import {
  anyObject,
  anyOf,
  callable,
  count,
  flag,
  json,
  kind,
  listOf,
  looseGroup,
  matching,
  milliseconds,
  nonEmptyText,
  nullable,
  oneOf,
  recordOf,
  required,
  secretKind,
  text,
  variants,
  withDefault,
  withMethods,
  type Field,
  type FieldTable,
  type Group,
} from './schema.ts'
import { Secret } from './secret.ts'
import { cacheMarks, settingFields } from './settings.ts'

const bytes = anyOf(
  text,
  kind('a Uint8Array', (value) => value instanceof Uint8Array),
)
/** Options of single providers, by their ids. */
export const providerOptions: Field = { ...recordOf(anyObject), expected: 'objects by provider id' }
const source = { url: nonEmptyText, data: bytes, mediaType: text }

/** The fields of a part or message that `key` tells apart from others by `word`. */
function variant(key: string, word: string, fields: FieldTable): Group {
  return looseGroup(() => ({ [key]: required(oneOf(word)), providerOptions, ...fields }))
}
const part = (type: string, fields: FieldTable): Group => variant('type', type, fields)

const textPart = part('text', {
  text: required(text),
  ...cacheMarks(),
  signature: text,
  phase: text,
  id: text,
})
const imagePart = part('image', { ...source, ...cacheMarks(), detail: oneOf('low', 'high', 'auto') })
const filePart = part('file', {
  ...source,
  ...cacheMarks(),
  fileId: text,
  filename: text,
  signature: text,
  citations: anyOf(
    flag,
    looseGroup(() => ({ enabled: required(flag) })),
  ),
  file: anyObject,
})
const audioPart = part('audio', { data: required(bytes), mediaType: required(text), ...cacheMarks() })
const reasoningPart = part('reasoning', {
  text: required(text),
  signature: text,
  encrypted: text,
  id: text,
  details: json,
  origin: text,
})
const toolCall = {
  id: required(nonEmptyText),
  name: required(nonEmptyText),
  arguments: withDefault(json, {}),
  invalid: text,
  argumentsText: text,
  signature: text,
  details: json,
  origin: text,
}
const toolCallPart = part('tool-call', { ...toolCall, ...cacheMarks() })
// OpenAI's own part shapes, so that a history written for it is accepted as it is.
const openaiImage = part('image_url', {
  image_url: required(looseGroup(() => ({ url: required(text), detail: text }))),
  ...cacheMarks(),
})
const openaiAudio = part('input_audio', {
  input_audio: required(looseGroup(() => ({ data: required(text), format: required(text) }))),
  ...cacheMarks(),
})
const openaiRefusal = part('refusal', { refusal: required(text) })
const openaiCall = looseGroup(() => ({
  id: required(text),
  type: text,
  index: count,
  function: required(looseGroup(() => ({ name: required(text), arguments: withDefault(text, '') }))),
}))

const userPart = variants('type', () => [textPart, imagePart, filePart, audioPart, openaiImage, openaiAudio])
const serverToolPart = part('server-tool', {
  id: required(text),
  name: required(text),
  arguments: json,
  block: required(anyObject),
  origin: text,
})
const assistantPart = variants('type', () => [
  textPart,
  reasoningPart,
  toolCallPart,
  serverToolPart,
  filePart,
  openaiRefusal,
])
const userParts = listOf(userPart)
const contentOf = (parts: Field): Field => anyOf(text, { ...listOf(parts), expected: 'a list of parts' })

const message = variants('role', () => [
  looseGroup(() => ({
    role: required(oneOf('system', 'developer')),
    content: required(contentOf(textPart)),
    name: text,
    providerOptions,
    ...cacheMarks(),
  })),
  variant('role', 'user', { content: required(contentOf(userPart)), name: text, ...cacheMarks() }),
  variant('role', 'assistant', {
    content: nullable(contentOf(assistantPart)),
    name: text,
    toolCalls: listOf(looseGroup(() => toolCall)),
    tool_calls: listOf(openaiCall),
    reasoning_content: nullable(text),
    refusal: text,
    ...cacheMarks(),
  }),
  variant('role', 'tool', {
    toolCallId: nonEmptyText,
    tool_call_id: nonEmptyText,
    name: text,
    content: required(json),
    isError: flag,
    ...cacheMarks(),
  }),
])
// Most messages are plain text, which is tested in one step.
const messages = listOf({ ...message, fits: (value) => isPlainMessage(value) || message.fits(value) })

/** Whether a message is a role and a text, and nothing else. */
export function isPlainMessage(
  value: unknown,
): value is { role: Exclude<MessageInput['role'], 'tool'>; content: string } {
  if (!isObject(value) || typeof value['content'] !== 'string') return false
  return PLAIN_ROLES.has(value['role']) && Object.keys(value).length === 2
}
const PLAIN_ROLES: ReadonlySet<unknown> = new Set(['system', 'developer', 'user', 'assistant'])

/** A key as text, as a {@link Secret}, or as a function that gives one. */
export const keySource: Field = secretKind(
  'a key: text, a Secret, or a function that gives one',
  (value) => typeof value === 'string' || typeof value === 'function' || value instanceof Secret,
)
/** An http(s) URL. */
export const baseUrl: Field = matching(
  /^https?:\/\/\S+$/,
  'an http(s) URL with its version part, such as https://host/v1',
)
const headers = recordOf(text)
const parentField = kind('the `parent` of a tool or moderator context', isParent)

/** The schema of {@link Timeouts}. */
export const timeoutsSchema: Group = optionsSchema<Timeouts>()(() => ({
  connectMs: milliseconds,
  headersMs: milliseconds,
  firstContentMs: milliseconds,
  idleMs: milliseconds,
  totalMs: milliseconds,
}))
/** The schema of {@link StreamLimits}. */
export const streamLimitsSchema: Group = optionsSchema<StreamLimits>()(() => ({
  maxBytes: count,
  maxEventBytes: count,
  maxReplyBytes: count,
}))

/** The fields of {@link CallOptions}. */
export const callOptions = (): Rows<CallOptions> => ({
  provider: text,
  model: text,
  apiKey: keySource,
  credentials: anyOf(anyObject, callable),
  variables: recordOf(text),
  baseUrl,
  api: text,
  headers,
  extraHeaders: headers,
  extraBody: recordOf(json),
  fetch: callable,
  transport: withMethods('send'),
  signal: signalField,
  timeouts: timeoutsSchema,
  streamLimits: streamLimitsSchema,
  onUnsupported: oneOf('warn', 'error', 'drop'),
  fallback: fallbackField,
  continuation: flag,
  priority: oneOf('critical', 'high', 'normal', 'low'),
  tags: recordOf(text),
  userId: text,
  anonymous: flag,
  conversationId: text,
  parent: parentField,
  conversationChecked: flag,
  requestId: text,
  logger: anyObject,
  moderation: flag,
  onAdmitted: callable,
  onEnd: callable,
})
/** The schema of {@link ChatRequest}. */
export const chatSchema: Group = optionsSchema<ChatRequest>()(() => ({
  ...callOptions(),
  ...settingFields(),
  messages: required(messages),
  system: anyOf(text, listOf(textPart)),
  providerOptions,
  include: listOf(oneOf('raw')),
  stream: flag,
}))
// Wire names and other libraries' names that people write by habit.
const HINTS: Readonly<Record<string, string>> = {
  max_tokens: 'maxTokens',
  max_completion_tokens: 'maxTokens',
  maxOutputTokens: 'maxTokens',
  top_p: 'topP',
  top_k: 'topK',
  min_p: 'minP',
  frequency_penalty: 'frequencyPenalty',
  presence_penalty: 'presencePenalty',
  repetition_penalty: 'repetitionPenalty',
  logit_bias: 'logitBias',
  top_logprobs: 'topLogprobs',
  response_format: 'responseFormat',
  tool_choice: 'toolChoice',
  parallel_tool_calls: 'parallelToolCalls',
  reasoning_effort: 'reasoning',
  stopSequences: 'stop',
  stop_sequences: 'stop',
  cache_control: 'cache',
  prompt_cache_key: 'cache.key',
  api_key: 'apiKey',
  base_url: 'baseUrl',
  baseURL: 'baseUrl',
  extra_headers: 'extraHeaders',
  extra_body: 'extraBody',
  abortSignal: 'signal',
  systemPrompt: 'system',
  prompt: 'messages',
  timeout: 'timeouts',
  region: 'variables.region',
  timeoutMs: 'timeouts.totalMs',
}

/**
 * Checks the shape of a request. Throws `invalid-request` with one issue per problem, each with its path. Adds the paths of
 * unknown fields inside of messages and settings, which are not part of the result, to `lost`.
 */
export function checkRequest(value: unknown, lost: string[] = []): ChatRequest {
  const checked = checkShape(chatSchema, value) as ChatRequest
  for (const [name, field] of Object.entries(checked))
    findLost((value as Record<string, unknown>)[name], field, name, lost)
  return checked
}

const RESULT_PARTS: ReadonlySet<unknown> = new Set(['text', 'image', 'file'])
/** Whether the content of a tool result is a list of parts, and not just any JSON. */
export function isResultParts(content: unknown): content is readonly ToolResultPart[] {
  const isPart = (one: unknown): boolean => isObject(one) && RESULT_PARTS.has(one['type'])
  return Array.isArray(content) && content.every(isPart)
}

/** The same for the parts of a tool result. */
export function findLostInParts(parts: readonly ToolResultPart[], path: string, lost: string[]): void {
  if (userParts.fits(parts)) return
  const issues: Issue[] = []
  const read = userParts.read(parts, { path, issues })
  if (issues.length === 0) findLost(parts, read, path, lost)
}

/** Checks the shape of a request. Throws `invalid-request`, with hints for names of other libraries. */
export function checkShape(schema: Group, value: unknown): unknown {
  const issues: Issue[] = []
  const checked = checkFields(schema, value, issues, { unknown: unknownField })
  if (issues.length > 0) throw requestError(issues)
  return checked
}

function unknownField(name: string, known: readonly string[]): string {
  const hint = Object.hasOwn(HINTS, name) ? HINTS[name] : undefined
  if (hint !== undefined) return `unknown field; write ${hint}`
  const nearest = nearestName(name, known)
  const advice = 'use extraBody to send a provider its own parameter'
  return nearest === undefined
    ? `unknown field; ${advice}`
    : `unknown field; did you mean "${nearest}"? Or ${advice}`
}
