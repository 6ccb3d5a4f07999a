import type { JsonDraft, JsonObject } from '../../core/json.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { seconds, type FakeAnswer } from '../fake-answer.ts'
import { describeError, type WireError } from '../fake-error.ts'
import type { FakeRequest } from '../request.ts'
import { namedSse, type FakeFrame } from './frame.ts'
import { openaiChat } from './openai-chat.ts'
import { itemsOf, type OutputItem, type WireEvent } from './openai-responses-items.ts'
import { vendorErrors, readOpenAIResponses } from './openai-responses-request.ts'
import type { FakeWire } from './wire.ts'

/** OpenAI's responses: items and named events. Reasoning is encrypted if the request includes it. */
export const openaiResponses: FakeWire = {
  dialect: 'openai-responses',
  mount: 'openai/v1',
  match: ({ method, path }) => (method === 'POST' && path.endsWith('/responses') ? 'chat' : undefined),
  keyOf: openaiChat.keyOf,
  keyErrors: openaiChat.keyErrors,
  read: readOpenAIResponses,
  whole: (answer, request) => finalResponse(answer, itemsOf(answer, request), request),
  stream,
  streamType: () => 'text/event-stream; charset=utf-8',
  describe: (error) => describeError(error, vendorErrors),
  error: openaiChat.error,
  errorFrame: (error) => namedSse('content', 'error', errorEvent(error)),
  ping: ': ping\n\n',
  requestIdHeader: 'x-request-id',
  models: openaiChat.models,
}

function errorEvent({ message, type, param, code }: WireError): JsonObject {
  return { type: 'error', code: code ?? type ?? null, message, param: param ?? null }
}

function stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[] {
  const items = itemsOf(answer, request)
  const opened = responseOf(answer, [], request)
  const final = finalResponse(answer, items, request)
  const events: readonly (readonly [FakeFrame['place'], WireEvent])[] = [
    ['head', { type: 'response.created', response: opened }],
    ['head', { type: 'response.in_progress', response: opened }],
    ...items.flatMap((item, index) => itemEvents(item, index)),
    ['finish', { type: `response.${final.status}`, response: final }],
  ]
  return events.map(([place, event], index) =>
    namedSse(place, event.type, { ...event, sequence_number: index }),
  )
}

function itemEvents(
  { opening, events, final }: OutputItem,
  index: number,
): [FakeFrame['place'], WireEvent][] {
  const place = { output_index: index }
  return [
    ['seam', { type: 'response.output_item.added', ...place, item: opening }],
    ...events.map(([kind, event]): [FakeFrame['place'], WireEvent] => [
      kind,
      { ...event, item_id: opening['id'], ...place },
    ]),
    ['seam', { type: 'response.output_item.done', ...place, item: final }],
  ]
}

type Response = JsonDraft & { readonly status: string }

function finalResponse(answer: FakeAnswer, items: readonly OutputItem[], request: FakeRequest): Response {
  const output = items.map(({ final }) => final)
  const end = { ...responseOf(answer, output, request), ...endingOf(answer), usage: usageOf(answer.usage) }
  return { ...end, completed_at: end.status === 'completed' ? seconds(answer.createdMs) : null }
}

function responseOf(answer: FakeAnswer, output: readonly JsonObject[], { body }: FakeRequest): Response {
  return {
    id: `resp_${answer.id}`,
    object: 'response',
    created_at: seconds(answer.createdMs),
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model: answer.model,
    output,
    parallel_tool_calls: body['parallel_tool_calls'] ?? true,
    store: body['store'] ?? true,
    tool_choice: body['tool_choice'] ?? 'auto',
    tools: body['tools'] ?? [],
    usage: null,
  }
}

interface Ending {
  readonly status: string
  readonly incomplete_details?: JsonObject
  readonly error?: JsonObject
}

const REASONS: Readonly<Partial<Record<FinishReason, string>>> = {
  length: 'max_output_tokens',
  'content-filter': 'content_filter',
  other: 'other',
}

function endingOf({ finishReason, rawFinishReason }: FakeAnswer): Ending {
  if (finishReason === 'error')
    return { status: 'failed', error: { code: 'server_error', message: 'The model failed.' } }
  const reason = rawFinishReason ?? REASONS[finishReason]
  if (reason === undefined || reason === 'completed') return { status: 'completed' }
  return { status: 'incomplete', incomplete_details: { reason } }
}

function usageOf(usage: Usage | undefined): JsonObject | null {
  if (usage === undefined) return null
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: usage.cachedInputTokens ?? 0,
      ...(usage.cacheWriteTokens === undefined ? undefined : { cache_write_tokens: usage.cacheWriteTokens }),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens ?? 0 },
    total_tokens: usage.totalTokens,
  }
}
