import type { JsonDraft, JsonObject } from '../../core/json.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { seconds, type AnswerCall, type FakeAnswer } from '../fake-answer.ts'
import { describeError, retryAfter, type WireError } from '../fake-error.ts'
import type { FakeRequest } from '../request.ts'
import { sse, type FakeFrame } from './frame.ts'
import { vendorErrors, keyErrors } from './openai-chat-errors.ts'
import { readOpenAIChat } from './openai-chat-request.ts'
import { toolDeltas } from './openai-chat-tools.ts'
import { embeddings } from './openai-embeddings.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** OpenAI's chat completions. Reasoning is in `reasoning_content`, as in compatible servers. */
export const openaiChat: FakeWire = {
  dialect: 'openai-chat',
  mount: 'openai/v1',
  match: ({ method, path }) => {
    if (method === 'POST' && path.endsWith('/chat/completions')) return 'chat'
    if (method === 'POST' && path.endsWith('/embeddings')) return 'embeddings'
    return method === 'GET' && path.endsWith('/models') ? 'models' : undefined
  },
  keyOf,
  keyErrors,
  read: readOpenAIChat,
  whole,
  stream,
  streamType: () => 'text/event-stream; charset=utf-8',
  describe: (error) => describeError(error, vendorErrors),
  error: (error, requestId) => ({
    status: error.status,
    headers: { 'x-request-id': requestId, ...retryHeaders(error) },
    body: { error: errorBody(error) },
  }),
  errorFrame: (error) => sse('content', { error: errorBody(error) }),
  ping: ': ping\n\n',
  requestIdHeader: 'x-request-id',
  embeddings,
  models: (ids, epochMs) => ({
    object: 'list',
    data: ids.map((id) => ({ id, object: 'model', created: seconds(epochMs), owned_by: 'fake' })),
  }),
}

function keyOf({ headers }: RequestHead): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1]
  return bearer ?? headers['api-key'] ?? headers['x-api-key']
}

function errorBody({ message, type, param, code }: WireError): JsonObject {
  return { message, type: type ?? 'invalid_request_error', param: param ?? null, code: code ?? null }
}

function retryHeaders(error: WireError): Record<string, string> {
  const { retryAfterMs } = error
  return retryAfterMs === undefined ? {} : { ...retryAfter(error), 'retry-after-ms': String(retryAfterMs) }
}

function whole(answer: FakeAnswer, request: FakeRequest): unknown {
  const choices = choicesOf(request).map((index) => ({
    index,
    message: messageOf(answer),
    logprobs: logprobsOf(answer.text.parts, request),
    finish_reason: finishOf(answer),
  }))
  return { ...envelope(answer, 'chat.completion'), choices, usage: usageOf(answer.usage) }
}

function messageOf(answer: FakeAnswer): JsonDraft {
  const { text, toolCalls } = answer
  const calls = toolCalls.map((call, index) => ({
    id: idOf(answer, call, index),
    type: 'function',
    function: { name: call.name, arguments: call.text.whole },
  }))
  return {
    role: 'assistant',
    content: text.whole === '' && calls.length > 0 ? null : text.whole,
    refusal: null,
    annotations: annotationsOf(answer),
    ...(answer.reasoning === undefined ? undefined : { reasoning_content: answer.reasoning.whole }),
    ...(calls.length === 0 ? undefined : { tool_calls: calls }),
    ...imagesOf(answer),
  }
}

function stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[] {
  const withUsage = asksForUsage(request)
  const frame = (place: FakeFrame['place'], choices: readonly JsonDraft[], more?: JsonDraft): FakeFrame => {
    const usage = withUsage ? { usage: null } : undefined
    return sse(place, { ...envelope(answer, 'chat.completion.chunk'), choices, ...usage, ...more })
  }
  const choices = choicesOf(request)
  const each = (place: FakeFrame['place'], delta: JsonDraft, more?: JsonDraft): FakeFrame[] =>
    choices.map((index) => frame(place, [{ index, delta, logprobs: null, finish_reason: null, ...more }]))
  const usage = usageOf(answer.usage)
  return [
    ...each('head', { role: 'assistant', content: answer.toolCalls.length > 0 ? null : '', refusal: null }),
    ...deltasOf(answer, request).flatMap(({ delta, ...more }) => each('content', delta, more)),
    ...each('finish', {}, { finish_reason: finishOf(answer) }),
    ...(withUsage && usage !== undefined ? [frame('finish', [], { usage })] : []),
    sse('end', '[DONE]'),
  ]
}

interface Delta {
  readonly delta: JsonDraft
  readonly logprobs?: JsonDraft | null
}

function deltasOf(answer: FakeAnswer, request: FakeRequest): Delta[] {
  const { text, reasoning, citations } = answer
  const calls = answer.toolCalls.map((call, index) => ({ ...call, id: idOf(answer, call, index) }))
  const images = imagesOf(answer)
  return [
    ...(reasoning?.parts ?? []).map((part) => ({ delta: { reasoning_content: part } })),
    ...text.parts.map((part) => ({ delta: { content: part }, logprobs: logprobsOf([part], request) })),
    ...(citations.length > 0 ? [{ delta: { annotations: annotationsOf(answer) } }] : []),
    ...(images === undefined ? [] : [{ delta: images }]),
    ...toolDeltas(calls, answer.toolDeltas).map((list) => ({ delta: { tool_calls: list } })),
  ]
}

function envelope(answer: FakeAnswer, object: string): JsonDraft {
  return {
    id: `chatcmpl-${answer.id}`,
    object,
    created: seconds(answer.createdMs),
    model: answer.model,
    service_tier: 'default',
    system_fingerprint: 'fp_fake',
  }
}

function idOf(answer: FakeAnswer, call: AnswerCall, index: number): string {
  return call.id ?? `call_${answer.id}_${index}`
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  error: 'error',
  other: 'other',
}

function finishOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  return rawFinishReason ?? REASONS[finishReason]
}

function usageOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  return {
    prompt_tokens: usage.inputTokens,
    completion_tokens: usage.outputTokens,
    total_tokens: usage.totalTokens,
    prompt_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      audio_tokens: 0,
      ...(usage.cacheWriteTokens === undefined ? undefined : { cache_write_tokens: usage.cacheWriteTokens }),
    },
    completion_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0, audio_tokens: 0 },
  }
}

function annotationsOf({ citations }: FakeAnswer): JsonObject[] {
  return citations.map(({ url, title, text, start, end }) => ({
    type: 'url_citation',
    url_citation: {
      url: url ?? '',
      title: title ?? '',
      start_index: start ?? 0,
      end_index: end ?? 0,
      content: text,
    },
  }))
}

// The field that routers use, because OpenAI's own chat format has no generated images.
function imagesOf({ files }: FakeAnswer): JsonDraft | undefined {
  if (files.length === 0) return undefined
  return {
    images: files.map(({ mediaType, data, url }) => ({
      type: 'image_url',
      image_url: { url: url ?? `data:${mediaType};base64,${data ?? ''}` },
    })),
  }
}

function logprobsOf(parts: readonly string[], { settings }: FakeRequest): JsonDraft | null {
  if (settings.logprobs !== true || parts.length === 0) return null
  const entry = (token: string): JsonObject => ({
    token,
    logprob: -0.25,
    bytes: [...new TextEncoder().encode(token)],
  })
  const top = settings.topLogprobs ?? 0
  return {
    content: parts.map((token) => ({ ...entry(token), top_logprobs: top > 0 ? [entry(token)] : [] })),
    refusal: null,
  }
}

function choicesOf({ settings }: FakeRequest): readonly number[] {
  return Array.from({ length: settings.n ?? 1 }, (_none, index) => index)
}

function asksForUsage({ body }: FakeRequest): boolean {
  const options = body['stream_options']
  return (
    typeof options === 'object' &&
    options !== null &&
    'include_usage' in options &&
    options.include_usage === true
  )
}
