import * as z from 'zod'
import { requestError, type Issue } from './error.ts'
import { isObject } from './json.ts'
import { isPlainMessage } from './plain-request.ts'
import { BASE_URL, isSignal, NUMBER_RULES, type NumberRule } from './request-rules.ts'
import type { CallOptions, ChatRequest, EmbedRequest, ModerateRequest } from './request.ts'
import { Secret } from './secret.ts'

// Loaded at the first call, not at import: the schema library is most of what this package would cost to load.

const text = z.string()
const bytes = z.union([z.string(), z.instanceof(Uint8Array)])
const count = z.number().int().min(0)
const headers = z.record(z.string(), z.string())
const json = z.custom<unknown>(
  (value) => value !== undefined && typeof value !== 'function',
  'expected a JSON value',
)
const callable = z.custom<unknown>((value) => typeof value === 'function', 'expected a function')
const plain = z.custom<Record<string, unknown>>(
  (value) => typeof value === 'object' && value !== null,
  'expected an object',
)

const textPart = z.object({ type: z.literal('text'), text, signature: text.optional() })
const source = { url: text.min(1).optional(), data: bytes.optional(), mediaType: text.optional() }
const imagePart = z.object({
  type: z.literal('image'),
  ...source,
  detail: z.enum(['low', 'high', 'auto']).optional(),
})
const filePart = z.object({
  type: z.literal('file'),
  ...source,
  fileId: text.optional(),
  filename: text.optional(),
  signature: text.optional(),
  file: plain.optional(),
})
const audioPart = z.object({ type: z.literal('audio'), data: bytes, mediaType: text })
const reasoningPart = z.object({
  type: z.literal('reasoning'),
  text,
  signature: text.optional(),
  encrypted: text.optional(),
  id: text.optional(),
  details: json.optional(),
  origin: text.optional(),
})
const toolCall = {
  id: text.min(1),
  name: text.min(1),
  arguments: json.default({}),
  invalid: text.optional(),
  signature: text.optional(),
}
const toolCallPart = z.object({ type: z.literal('tool-call'), ...toolCall })
// OpenAI's own part shapes, so that a history written for it can be handed over as it is.
const openaiImage = z.object({
  type: z.literal('image_url'),
  image_url: z.object({ url: text, detail: text.optional() }),
})
const openaiAudio = z.object({
  type: z.literal('input_audio'),
  input_audio: z.object({ data: text, format: text }),
})
const openaiRefusal = z.object({ type: z.literal('refusal'), refusal: text })

const userPart = z.discriminatedUnion('type', [
  textPart,
  imagePart,
  filePart,
  audioPart,
  openaiImage,
  openaiAudio,
])
const assistantPart = z.discriminatedUnion('type', [
  textPart,
  reasoningPart,
  toolCallPart,
  filePart,
  openaiRefusal,
])
const openaiCall = z.object({
  id: text,
  type: text.optional(),
  function: z.object({ name: text, arguments: text.default('') }),
})
const speaker = text.optional()

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: z.union([text, z.array(textPart)]) }),
  z.object({ role: z.literal('user'), content: z.union([text, z.array(userPart)]), name: speaker }),
  z.object({
    role: z.literal('assistant'),
    content: z.union([text, z.array(assistantPart)]).nullish(),
    name: speaker,
    toolCalls: z.array(z.object(toolCall)).optional(),
    tool_calls: z.array(openaiCall).optional(),
    reasoning_content: text.nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    toolCallId: text.min(1).optional(),
    tool_call_id: text.min(1).optional(),
    name: speaker,
    content: json,
    isError: z.boolean().optional(),
  }),
])

const effort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'])
const tool = z.object({
  name: text.regex(/^[A-Za-z0-9_-]{1,64}$/, 'takes 1 to 64 of letters, digits, "_" and "-"'),
  description: text.optional(),
  parameters: plain.optional(),
  inputSchema: plain.optional(),
  strict: z.boolean().optional(),
  execute: callable.optional(),
})
const openaiTool = z.object({ type: z.literal('function'), function: tool })
const toolChoice = z.union([
  z.enum(['auto', 'none', 'required']),
  z.object({ name: text.min(1) }),
  z.object({ type: z.literal('function'), function: z.object({ name: text.min(1) }) }),
])

function numberOf({ whole, min, max }: NumberRule): z.ZodNumber {
  const base = whole === true ? z.number().int() : z.number()
  const above = min === undefined ? base : base.min(min)
  return max === undefined ? above : above.max(max)
}

const settings = {
  ...Object.fromEntries(
    Object.entries(NUMBER_RULES).map(([name, rule]) => [name, numberOf(rule).optional()]),
  ),
  stop: z.union([text.min(1), z.array(text.min(1))]).optional(),
  logitBias: z.record(z.string(), z.number().min(-100).max(100)).optional(),
  logprobs: z.boolean().optional(),
  topLogprobs: z.number().int().min(0).max(20).optional(),
  responseFormat: z.union([z.enum(['text', 'json']), plain]).optional(),
  tools: z.array(z.union([tool, openaiTool])).optional(),
  toolChoice: toolChoice.optional(),
  parallelToolCalls: z.boolean().optional(),
  reasoning: z
    .union([z.boolean(), effort, z.object({ effort: effort.optional(), budgetTokens: count.optional() })])
    .optional(),
  user: text.optional(),
  metadata: z.record(z.string(), z.string()).optional(),
}

const options = {
  provider: text.optional(),
  model: text.optional(),
  apiKey: z.union([text, z.instanceof(Secret), callable]).optional(),
  credentials: z.union([plain, callable]).optional(),
  variables: z.record(z.string(), text).optional(),
  baseUrl: text
    .regex(BASE_URL, 'must be an http(s) URL with its version part, such as https://host/v1')
    .optional(),
  api: text.optional(),
  headers: headers.optional(),
  extraHeaders: headers.optional(),
  extraBody: z.record(z.string(), json).optional(),
  fetch: callable.optional(),
  transport: plain.optional(),
  signal: z.custom<AbortSignal>(isSignal, 'expected an AbortSignal').optional(),
  timeouts: z
    .strictObject({
      connectMs: count.optional(),
      headersMs: count.optional(),
      firstContentMs: count.optional(),
      idleMs: count.optional(),
      totalMs: count.optional(),
    })
    .optional(),
  streamLimits: z
    .strictObject({
      maxBytes: count.optional(),
      maxEventBytes: count.optional(),
      maxReplyBytes: count.optional(),
    })
    .optional(),
  onUnsupported: z.enum(['warn', 'error', 'drop']).optional(),
  fallback: z.array(text.min(1)).optional(),
  continuation: z.boolean().optional(),
  priority: z.enum(['critical', 'high', 'normal', 'low']).optional(),
  tags: z.record(z.string(), text).optional(),
  userId: text.optional(),
  conversationId: text.optional(),
  requestId: text.optional(),
  logger: plain.optional(),
  moderation: z.boolean().optional(),
  onAdmitted: callable.optional(),
  onEnd: callable.optional(),
}

const request = tableOf({
  ...options,
  ...settings,
  messages: z.array(message),
  system: text.optional(),
  stream: z.boolean().optional(),
})
const input = z.union([text.min(1), z.array(text.min(1)).min(1, 'there is nothing to send')])
const embedRequest = tableOf({
  ...options,
  input,
  dimensions: z.number().int().min(1).optional(),
  purpose: z.enum(['query', 'document', 'similarity', 'classification', 'clustering']).optional(),
  user: text.optional(),
})
const moderateRequest = tableOf({ ...options, input })
const listRequest = tableOf(options)

// Wire names and neighbours' names that people write by habit.
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
  api_key: 'apiKey',
  base_url: 'baseUrl',
  baseURL: 'baseUrl',
  abortSignal: 'signal',
  extra_headers: 'extraHeaders',
  extra_body: 'extraBody',
  systemPrompt: 'system',
  prompt: 'messages',
  timeout: 'timeouts',
  region: 'variables.region',
  timeoutMs: 'timeouts.totalMs',
}

/** Checks the shape of a request. Throws `invalid-request` with one issue per thing that is wrong, each with its path. */
export function checkRequest(value: unknown): ChatRequest {
  return check(request, value) as ChatRequest
}

/** The same for {@link EmbedRequest}. */
export function checkEmbedRequest(value: unknown): EmbedRequest {
  return check(embedRequest, value) as EmbedRequest
}

/** The same for {@link ModerateRequest}. */
export function checkModerateRequest(value: unknown): ModerateRequest {
  return check(moderateRequest, value) as ModerateRequest
}

/** The same for the options of a call without content. */
export function checkCallOptions(value: unknown): CallOptions {
  return check(listRequest, value) as CallOptions
}

/** Schemas by field name, and the names that must be there. */
interface FieldTable {
  readonly fields: Readonly<Record<string, z.ZodType>>
  readonly required: readonly string[]
}

function tableOf(fields: Readonly<Record<string, z.ZodType>>): FieldTable {
  const required = Object.entries(fields).filter(([, field]) => !field.safeParse(undefined).success)
  return { fields, required: required.map(([name]) => name) }
}

// Only what is there is looked at: a request names a handful of some fifty fields.
function check({ fields, required }: FieldTable, value: unknown): unknown {
  if (!isObject(value)) throw requestError([{ path: '', message: 'Invalid input: expected object' }])
  const checked: Record<string, unknown> = {}
  const issues: Issue[] = []
  for (const name of Object.keys(value)) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined
    if (field === undefined) issues.push(unknownField(name, ''))
    else if (name === 'messages' && isPlainTalk(value[name])) checked[name] = value[name]
    else checked[name] = checkField(name, field, value[name], issues)
  }
  for (const name of required) {
    const field = fields[name]
    if (field !== undefined && checked[name] === undefined && !(name in value))
      checkField(name, field, undefined, issues)
  }
  if (issues.length > 0) throw requestError(issues)
  return checked
}

function checkField(name: string, field: z.ZodType, value: unknown, issues: Issue[]): unknown {
  const result = field.safeParse(value)
  if (result.success) return result.data
  for (const issue of result.error.issues) issues.push(...issuesOf(issue, name))
  return undefined
}

// Turns of plain text, as most are, need no schema to be seen through.
function isPlainTalk(value: unknown): boolean {
  return Array.isArray(value) && value.every(isPlainMessage)
}

type ZodIssue = z.core.$ZodIssue

function issuesOf(issue: ZodIssue, field: string): Issue[] {
  const path = [field, ...issue.path.map(String)].join('.')
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownField(key, `${path}.`))
  // Of a union, the branch that came furthest says most.
  const branches = issue.code === 'invalid_union' ? issue.errors.filter((errors) => errors.length > 0) : []
  const best = branches.toSorted((a, b) => depthOf(b) - depthOf(a))[0]
  if (best === undefined || depthOf(best) === 0) return [{ path, message: issue.message }]
  return best.map((inner) => ({
    path: [path, ...inner.path.map(String)].join('.'),
    message: inner.message,
  }))
}

function unknownField(name: string, lead: string): Issue {
  const hint = HINTS[name]
  const advice = hint === undefined ? 'use extraBody to send a provider its own parameter' : `write ${hint}`
  return { path: lead + name, message: `unknown field; ${advice}` }
}

function depthOf(issues: readonly ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}
