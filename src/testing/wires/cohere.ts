import type { JsonObject } from '../../core/json.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { misuse, type FakeAnswer, type AnswerCall } from '../fake-answer.ts'
import { describeError, retryAfter } from '../fake-error.ts'
import type { FakeRequest } from '../request.ts'
import { vendorErrors, keyErrors } from './cohere-errors.ts'
import { readCohere } from './cohere-request.ts'
import { namedSse, sse, type FakeFrame } from './frame.ts'
import { cohereEmbeddings } from './vendor-embeddings.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** Cohere's chat v2. */
export const cohere: FakeWire = {
  dialect: 'cohere',
  mount: 'cohere/v2',
  match: ({ method, path }) => {
    if (method !== 'POST') return undefined
    if (path.endsWith('/v2/embed')) return 'embeddings'
    return path.endsWith('/v2/chat') ? 'chat' : undefined
  },
  embeddings: cohereEmbeddings,
  keyOf: ({ headers }: RequestHead) => /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1],
  keyErrors,
  read: readCohere,
  whole,
  stream,
  streamType: () => 'text/event-stream',
  describe: (error) => describeError(error, vendorErrors),
  error: (error, requestId) => ({
    status: error.status,
    headers: retryAfter(error),
    body: { id: requestId, message: error.message },
  }),
  errorFrame: ({ message }) =>
    namedSse('content', 'message-end', {
      type: 'message-end',
      delta: { finish_reason: 'ERROR', error: message },
    }),
  ping: ': ping\n\n',
  models: (ids) => ({ models: ids.map((name) => ({ name, endpoints: ['chat'] })) }),
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'COMPLETE',
  length: 'MAX_TOKENS',
  'tool-calls': 'TOOL_CALL',
  'content-filter': 'ERROR_TOXIC',
  error: 'ERROR',
  other: 'OTHER',
}

function finishOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  return rawFinishReason ?? REASONS[finishReason]
}

interface Content {
  readonly kind: 'thinking' | 'text'
  readonly whole: string
  readonly parts: readonly string[]
}

function contentsOf({ reasoning, text, files }: FakeAnswer): Content[] {
  if (files.length > 0) misuse('the cohere format has no generated files: leave `files` out')
  const contents: Content[] = [
    { kind: 'thinking', whole: reasoning?.whole ?? '', parts: reasoning?.parts ?? [] },
    { kind: 'text', ...text },
  ]
  return contents.filter(({ parts }) => parts.length > 0)
}

function whole(answer: FakeAnswer, request: FakeRequest): unknown {
  const content = contentsOf(answer).map(({ kind, whole: words }) => ({ type: kind, [kind]: words }))
  const calls = answer.toolCalls.map((call, index) => callOf(answer, call, index))
  const citations = citationsOf(answer)
  const logprobs = asksForLogprobs(request) ? answer.text.parts.map(logprobOf) : undefined
  return {
    id: answer.id,
    message: {
      role: 'assistant',
      ...(content.length > 0 && { content }),
      ...(calls.length > 0 && { tool_calls: calls }),
      ...(citations.length > 0 && { citations }),
    },
    finish_reason: finishOf(answer),
    usage: usageOf(answer.usage),
    logprobs,
  }
}

function stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[] {
  const event = (place: FakeFrame['place'], type: string, fields: JsonObject): FakeFrame =>
    namedSse(place, type, { type, ...fields })
  const message = { role: 'assistant', content: [], tool_plan: '', tool_calls: [], citations: [] }
  const usage = usageOf(answer.usage)
  return [
    event('head', 'message-start', { id: answer.id, delta: { message } }),
    ...contentsOf(answer).flatMap((content, index) => contentFrames(content, index, request)),
    ...citationsOf(answer).flatMap((citations, index) => [
      event('seam', 'citation-start', { index, delta: { message: { citations } } }),
      event('seam', 'citation-end', { index }),
    ]),
    ...answer.toolCalls.flatMap((call, index) => callFrames(callOf(answer, call, index), call, index)),
    event('finish', 'message-end', { delta: { finish_reason: finishOf(answer), usage } }),
    sse('end', '[DONE]'),
  ]
}

function contentFrames({ kind, parts }: Content, index: number, request: FakeRequest): FakeFrame[] {
  const deltaOf = (text: string): JsonObject => ({ message: { content: { [kind]: text } } })
  const probable = kind === 'text' && asksForLogprobs(request)
  return [
    namedSse('seam', 'content-start', {
      type: 'content-start',
      index,
      delta: { message: { content: { type: kind, [kind]: '' } } },
    }),
    ...parts.map((part) =>
      namedSse('content', 'content-delta', {
        type: 'content-delta',
        index,
        delta: deltaOf(part),
        ...(probable && { logprobs: logprobOf(part) }),
      }),
    ),
    namedSse('seam', 'content-end', { type: 'content-end', index }),
  ]
}

interface WireCall {
  readonly id: string
  readonly type: 'function'
  readonly function: { readonly name: string; readonly arguments: string }
}

function callOf({ id: answerId }: FakeAnswer, { id, name, text }: AnswerCall, index: number): WireCall {
  return {
    id: id ?? `${name}_${answerId}${index}`,
    type: 'function',
    function: { name, arguments: text.whole },
  }
}

function callFrames(call: WireCall, { text }: AnswerCall, index: number): FakeFrame[] {
  const start = { ...call, function: { ...call.function, arguments: '' } }
  return [
    namedSse('content', 'tool-call-start', {
      type: 'tool-call-start',
      index,
      delta: { message: { tool_calls: start } },
    }),
    ...text.parts.map((part) =>
      namedSse('content', 'tool-call-delta', {
        type: 'tool-call-delta',
        index,
        delta: { message: { tool_calls: { function: { arguments: part } } } },
      }),
    ),
    namedSse('seam', 'tool-call-end', { type: 'tool-call-end', index }),
  ]
}

function citationsOf(answer: FakeAnswer): JsonObject[] {
  const content = contentsOf(answer).findIndex(({ kind }) => kind === 'text')
  return answer.citations.map(({ url, title, text, start = 0, end = 0 }, index) => ({
    start,
    end,
    text: text ?? answer.text.whole.slice(start, end),
    sources: [{ type: 'document', id: `doc:${index}`, document: { id: `doc:${index}`, title, url } }],
    content_index: content,
    type: 'TEXT_CONTENT',
  }))
}

function asksForLogprobs({ body }: FakeRequest): boolean {
  return body['logprobs'] === true
}

function logprobOf(text: string): JsonObject {
  return { text, token_ids: [0], logprobs: [-0.1] }
}

function usageOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  const { inputTokens: input, outputTokens: output, cachedInputTokens } = usage
  const tokens = { input_tokens: input, output_tokens: output }
  const cached = cachedInputTokens === undefined ? undefined : { cached_tokens: cachedInputTokens }
  return { billed_units: tokens, tokens, ...cached }
}
