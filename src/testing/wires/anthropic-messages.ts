import { isObject, type JsonDraft, type JsonObject } from '../../core/json.ts'
import type { Citation, FinishReason, Usage } from '../../core/response.ts'
import { misuse, type FakeAnswer } from '../fake-answer.ts'
import { describeError, retryAfter, type WireError } from '../fake-error.ts'
import { vendorErrors, keyErrors, typeOf } from './anthropic-messages-errors.ts'
import { readAnthropicMessages } from './anthropic-messages-request.ts'
import { namedSse, type FakeFrame } from './frame.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** Anthropic's messages. */
export const anthropicMessages: FakeWire = {
  dialect: 'anthropic-messages',
  mount: 'anthropic/v1',
  match: ({ method, path, headers }) => {
    if (method === 'POST' && /\/messages$|:(?:rawPredict|streamRawPredict)$/.test(path)) return 'chat'
    const lists = method === 'GET' && path.endsWith('/models') && 'anthropic-version' in headers
    return lists ? 'models' : undefined
  },
  keyOf,
  keyErrors,
  read: readAnthropicMessages,
  whole: (answer) => ({ ...messageOf(answer, contentOf(answer)), usage: usageOf(answer.usage) }),
  stream,
  streamType: () => 'text/event-stream; charset=utf-8',
  describe: (error) => describeError(error, vendorErrors),
  error: (error, requestId) => ({
    status: error.status,
    headers: { 'request-id': requestId, ...retryAfter(error) },
    body: { ...errorBody(error), request_id: requestId },
  }),
  errorFrame: (error) => namedSse('content', 'error', errorBody(error)),
  ping: 'event: ping\ndata: {"type": "ping"}\n\n',
  requestIdHeader: 'request-id',
  models: (ids, epochMs) => ({
    data: ids.map((id) => ({
      type: 'model',
      id,
      display_name: id,
      created_at: new Date(epochMs).toISOString(),
    })),
    first_id: ids[0] ?? null,
    last_id: ids.at(-1) ?? null,
    has_more: false,
  }),
}

function keyOf({ headers }: RequestHead): string | undefined {
  return headers['x-api-key'] ?? /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1]
}

function errorBody(error: WireError): JsonObject {
  return { type: 'error', error: { type: error.type ?? typeOf(error.status), message: error.message } }
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  error: 'error',
  other: 'compaction',
}

function stopOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  return rawFinishReason ?? REASONS[finishReason]
}

function messageOf(answer: FakeAnswer, content: readonly JsonObject[]): JsonDraft {
  return {
    id: `msg_${answer.id}`,
    type: 'message',
    role: 'assistant',
    model: answer.model,
    content,
    stop_reason: stopOf(answer),
    stop_sequence: null,
  }
}

/** A content block: whole, and as the opening and the deltas of a stream. */
interface Block {
  readonly whole: JsonObject
  readonly opening: JsonObject
  readonly deltas: readonly JsonObject[]
  /** Whether the opening itself is content. */
  readonly opensContent?: boolean
}

function contentOf(answer: FakeAnswer): JsonObject[] {
  return blocksOf(answer).map(({ whole }) => whole)
}

function blocksOf(answer: FakeAnswer): Block[] {
  if (answer.files.length > 0)
    misuse('the anthropic-messages format has no generated files: leave `files` out')
  return [...thinkingBlocks(answer), ...textBlocks(answer), ...toolBlocks(answer)]
}

function thinkingBlocks({ reasoning }: FakeAnswer): Block[] {
  if (reasoning === undefined) return []
  const { whole: thinking, parts, signature, encrypted } = reasoning
  const shown: Block = {
    whole: { type: 'thinking', thinking, signature },
    opening: { type: 'thinking', thinking: '', signature: '' },
    deltas: [
      ...parts.map((part) => ({ type: 'thinking_delta', thinking: part })),
      { type: 'signature_delta', signature },
    ],
  }
  const redacted = { type: 'redacted_thinking', data: encrypted }
  return [
    ...(thinking === '' ? [] : [shown]),
    ...(encrypted === undefined ? [] : [{ whole: redacted, opening: redacted, deltas: [] }]),
  ]
}

function textBlocks({ text, citations }: FakeAnswer): Block[] {
  if (text.whole === '' && citations.length === 0) return []
  const cited = citations.map(citationOf)
  return [
    {
      whole: { type: 'text', text: text.whole, ...(cited.length > 0 ? { citations: cited } : undefined) },
      opening: { type: 'text', text: '', ...(cited.length > 0 ? { citations: [] } : undefined) },
      deltas: [
        ...text.parts.map((part) => ({ type: 'text_delta', text: part })),
        ...cited.map((citation) => ({ type: 'citations_delta', citation })),
      ],
    },
  ]
}

function citationOf({ url, title, text = '' }: Citation): JsonObject {
  if (url !== undefined)
    return {
      type: 'web_search_result_location',
      url,
      title: title ?? null,
      cited_text: text,
      encrypted_index: 'fake',
    }
  return {
    type: 'char_location',
    cited_text: text,
    document_index: 0,
    document_title: title ?? null,
    start_char_index: 0,
    end_char_index: text.length,
    file_id: null,
  }
}

function toolBlocks(answer: FakeAnswer): Block[] {
  return answer.toolCalls.map((call, index) => {
    const named = { type: 'tool_use', id: call.id ?? `toolu_${answer.id}_${index}`, name: call.name }
    const input = isObject(call.arguments) ? call.arguments : {}
    const none = call.text.whole === '{}'
    const deltas = ['', ...(none ? [] : call.text.parts)].map((part) => ({
      type: 'input_json_delta',
      partial_json: part,
    }))
    return { whole: { ...named, input }, opening: { ...named, input: {} }, deltas, opensContent: true }
  })
}

function stream(answer: FakeAnswer): readonly FakeFrame[] {
  const event = (place: FakeFrame['place'], type: string, more: JsonDraft = {}): FakeFrame =>
    namedSse(place, type, { type, ...more })
  const usage = usageOf(answer.usage)
  const opening = {
    ...messageOf(answer, []),
    stop_reason: null,
    ...(usage && { usage: { ...usage, output_tokens: 1 } }),
  }
  const ending = { delta: { stop_reason: stopOf(answer), stop_sequence: null }, usage }
  const blocks = blocksOf(answer).flatMap((block, index) => {
    const place = block.opensContent === true ? 'content' : index === 0 ? 'head' : 'seam'
    return [
      event(place, 'content_block_start', { index, content_block: block.opening }),
      ...(index === 0 ? [event(place === 'head' ? 'head' : 'seam', 'ping')] : []),
      ...block.deltas.map((delta) => event('content', 'content_block_delta', { index, delta })),
      event('seam', 'content_block_stop', { index }),
    ]
  })
  return [
    event('head', 'message_start', { message: opening }),
    ...blocks,
    event('finish', 'message_delta', ending),
    event('end', 'message_stop'),
  ]
}

function usageOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  const { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage
  return {
    input_tokens: Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: outputTokens,
    service_tier: 'standard',
  }
}
