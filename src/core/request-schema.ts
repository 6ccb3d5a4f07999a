import * as z from 'zod'
import type { Issue } from './error.ts'
import { LlmError } from './error.ts'
import type { ChatRequest } from './request.ts'
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

// By shape: a signal of another realm, or of a test environment, is one too.
function isSignal(value: unknown): boolean {
  const { aborted, addEventListener } = (value ?? {}) as Partial<AbortSignal>
  return typeof aborted === 'boolean' && typeof addEventListener === 'function'
}

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
const name = text.optional()

const message = z.discriminatedUnion('role', [
  z.object({ role: z.enum(['system', 'developer']), content: z.union([text, z.array(textPart)]) }),
  z.object({ role: z.literal('user'), content: z.union([text, z.array(userPart)]), name }),
  z.object({
    role: z.literal('assistant'),
    content: z.union([text, z.array(assistantPart)]).nullish(),
    name,
    toolCalls: z.array(z.object(toolCall)).optional(),
    tool_calls: z.array(openaiCall).optional(),
    reasoning_content: text.nullish(),
  }),
  z.object({
    role: z.literal('tool'),
    toolCallId: text.min(1).optional(),
    tool_call_id: text.min(1).optional(),
    name,
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

const settings = {
  maxTokens: z.number().int().min(1).optional(),
  temperature: z.number().min(0).max(2).optional(),
  topP: z.number().min(0).max(1).optional(),
  topK: count.optional(),
  minP: z.number().min(0).max(1).optional(),
  stop: z.union([text.min(1), z.array(text.min(1))]).optional(),
  seed: z.number().int().optional(),
  frequencyPenalty: z.number().min(-2).max(2).optional(),
  presencePenalty: z.number().min(-2).max(2).optional(),
  repetitionPenalty: z.number().min(0).optional(),
  logitBias: z.record(z.string(), z.number().min(-100).max(100)).optional(),
  logprobs: z.boolean().optional(),
  topLogprobs: z.number().int().min(0).max(20).optional(),
  n: z.number().int().min(1).max(128).optional(),
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

const request = z.strictObject({
  ...settings,
  provider: text.optional(),
  model: text.optional(),
  messages: z.array(message),
  system: text.optional(),
  apiKey: z.union([text, z.instanceof(Secret), callable]).optional(),
  baseUrl: text
    .regex(/^https?:\/\/\S+$/, 'must be an http(s) URL with its version part, such as https://host/v1')
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
  userId: text.optional(),
  conversationId: text.optional(),
  requestId: text.optional(),
  logger: plain.optional(),
  stream: z.boolean().optional(),
})

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
  timeoutMs: 'timeouts.totalMs',
}

/** Checks the shape of a request. Throws `invalid-request` with one issue per thing that is wrong, each with its path. */
export function checkRequest(input: unknown): ChatRequest {
  const result = request.safeParse(input)
  if (result.success) return result.data as ChatRequest
  const issues = result.error.issues.flatMap((issue) => issuesOf(issue))
  const shown = issues
    .slice(0, 5)
    .map(({ path, message: problem }) => `${path === '' ? 'request' : path}: ${problem}`)
  const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : ''
  throw new LlmError('invalid-request', `the request is not valid: ${shown.join('; ')}${more}`, { issues })
}

type ZodIssue = z.core.$ZodIssue

function issuesOf(issue: ZodIssue): Issue[] {
  const path = issue.path.map(String).join('.')
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => {
      const hint = HINTS[key]
      const advice =
        hint === undefined ? 'use extraBody to send a provider its own parameter' : `write ${hint}`
      return { path: path === '' ? key : `${path}.${key}`, message: `unknown field; ${advice}` }
    })
  }
  // Of a union, the branch that came furthest says most.
  const branches = issue.code === 'invalid_union' ? issue.errors.filter((errors) => errors.length > 0) : []
  const best = branches.toSorted((a, b) => depthOf(b) - depthOf(a))[0]
  if (best === undefined || depthOf(best) === 0) return [{ path, message: issue.message }]
  return best.map((inner) => ({
    path: [path, ...inner.path.map(String)].filter(Boolean).join('.'),
    message: inner.message,
  }))
}

function depthOf(issues: readonly ZodIssue[]): number {
  return Math.max(0, ...issues.map((issue) => issue.path.length))
}
