import { isObject, type JsonObject } from '../../core/json.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { misuse, type FakeAnswer, type AnswerCall } from '../fake-answer.ts'
import { describeError, retryAfter, type VendorErrors } from '../fake-error.ts'
import type { FakeRequest } from '../request.ts'
import type { FakeFrame } from './frame.ts'
import { readOllama } from './ollama-request.ts'
import { ollamaEmbeddings } from './vendor-embeddings.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** Ollama's native chat. A local server accepts any key or none. */
export const ollama: FakeWire = {
  dialect: 'ollama',
  mount: 'ollama/api',
  match: ({ method, path }) => {
    if (method === 'POST' && path.endsWith('/api/chat')) return 'chat'
    if (method === 'POST' && path.endsWith('/api/embed')) return 'embeddings'
    return method === 'GET' && path.endsWith('/api/tags') ? 'models' : undefined
  },
  embeddings: ollamaEmbeddings,
  keyOf: ({ headers }: RequestHead) =>
    /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? 'no key',
  keyErrors: { missing: { kind: 'unauthorized' }, wrong: { kind: 'unauthorized' } },
  read: readOllama,
  whole: (answer, request) => ({
    ...lineOf(answer, {
      ...(answer.reasoning !== undefined && { thinking: answer.reasoning.whole }),
      content: answer.text.whole,
      ...(answer.toolCalls.length > 0 && { tool_calls: answer.toolCalls.map(callOf) }),
    }),
    ...logprobsOf(answer.text.parts, request),
    ...endOf(answer),
  }),
  stream,
  streamType: () => 'application/x-ndjson',
  describe: (error) => describeError(error, vendorErrors),
  error: (error) => ({ status: error.status, headers: retryAfter(error), body: { error: error.message } }),
  errorFrame: ({ message }) => line('content', { error: message }),
  // The format has no ping.
  ping: '',
  models: (ids, epochMs) => ({
    models: ids.map((id) => ({
      name: id,
      model: id,
      modified_at: new Date(epochMs).toISOString(),
      size: 1,
      digest: 'fake',
      details: { format: 'gguf', family: 'fake' },
    })),
  }),
}

const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, message: 'invalid request' },
  'context-too-long': { status: 400, message: 'the input length exceeds the context length' },
  'content-blocked': { status: 400, message: 'the prompt was blocked' },
  unauthorized: { status: 401, message: 'unauthorized' },
  'quota-exhausted': { status: 402, message: 'this model requires a subscription' },
  'not-found': { status: 404, message: 'model not found' },
  conflict: { status: 409, message: 'another request is changing the same model' },
  'rate-limited': { status: 429, message: 'you have reached your hourly usage limit' },
  'server-failed': { status: 500, message: 'an error was encountered while running the model' },
  overloaded: { status: 503, message: 'server busy, please try again. maximum pending requests exceeded' },
  timeout: { status: 504, message: 'timed out waiting for the model to load' },
}

// A response with calls ends with `stop`; the format has no other reasons.
const REASONS: Readonly<Partial<Record<FinishReason, string>>> = {
  stop: 'stop',
  'tool-calls': 'stop',
  length: 'length',
}

function line(place: FakeFrame['place'], json: JsonObject): FakeFrame {
  return { place, data: JSON.stringify(json), wrap: (data) => `${data}\n` }
}

function lineOf({ model, createdMs, files, citations }: FakeAnswer, message: JsonObject): JsonObject {
  if (files.length > 0) misuse('the ollama format has no generated files: leave `files` out')
  if (citations.length > 0) misuse('the ollama format has no citations: leave `citations` out')
  const created = new Date(createdMs).toISOString()
  return { model, created_at: created, message: { role: 'assistant', ...message }, done: false }
}

function stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[] {
  const { reasoning, text, toolCalls } = answer
  const message = (fields: JsonObject, more?: JsonObject): FakeFrame =>
    line('content', { ...lineOf(answer, fields), ...more })
  return [
    ...(reasoning?.parts ?? []).map((part) => message({ content: '', thinking: part })),
    ...text.parts.map((part) => message({ content: part }, logprobsOf([part], request))),
    // A call is never split.
    ...toolCalls.map((call, index) => message({ content: '', tool_calls: [callOf(call, index)] })),
    line('finish', { ...lineOf(answer, { content: '' }), ...endOf(answer) }),
  ]
}

function callOf({ id, name, arguments: args }: AnswerCall, index: number): JsonObject {
  return { id, function: { index, name, arguments: isObject(args) ? args : {} } }
}

function logprobsOf(parts: readonly string[], { body }: FakeRequest): JsonObject | undefined {
  return body['logprobs'] === true
    ? { logprobs: parts.map((token) => ({ token, logprob: -0.1 })) }
    : undefined
}

function endOf({ rawFinishReason, finishReason, usage }: FakeAnswer): JsonObject {
  const reason = rawFinishReason ?? REASONS[finishReason]
  if (reason === undefined)
    misuse(`the ollama format has no word for finish reason ${finishReason}: give a rawFinishReason`)
  return { done: true, done_reason: reason, total_duration: 2, load_duration: 1, ...countsOf(usage) }
}

// Zero counts are omitted.
function countsOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  const { inputTokens, outputTokens } = usage
  return {
    ...(inputTokens > 0 && { prompt_eval_count: inputTokens, prompt_eval_duration: 1 }),
    ...(outputTokens > 0 && { eval_count: outputTokens, eval_duration: 1 }),
  }
}
