import type { JsonObject } from '../../core/json.ts'
import type { Citation, FinishReason, GeneratedFile, TokenLogprob, Usage } from '../../core/response.ts'
import type { EncoderOptions } from '../encoder.ts'

/** Returns the status of a finished response, with the fields that explain it. */
export function outcomeOf(finishReason: FinishReason): {
  readonly status: 'completed' | 'incomplete' | 'failed'
  readonly [field: string]: unknown
} {
  switch (finishReason) {
    case 'length':
      return { status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } }
    case 'content-filter':
      return { status: 'incomplete', incomplete_details: { reason: 'content_filter' } }
    case 'error':
      return {
        status: 'failed',
        error: { code: 'server_error', message: 'The model ended its answer with an error.' },
      }
    default:
      return { status: 'completed' }
  }
}

/** Renders the response object of a whole reply and of the events about the response. */
export function responseObject(
  { id, model, createdMs, conversationId }: EncoderOptions,
  output: readonly JsonObject[],
  usage: Usage | undefined,
): Record<string, unknown> {
  return {
    id,
    object: 'response',
    created_at: Math.floor(createdMs / 1000),
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    metadata: {},
    model,
    output,
    parallel_tool_calls: true,
    previous_response_id: null,
    store: false,
    temperature: null,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage: usage === undefined ? null : usageOf(usage),
    ...(conversationId === undefined ? undefined : { conversation: { id: conversationId } }),
  }
}

function usageOf(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } =
    usage
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens ?? 0, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
    total_tokens: totalTokens,
  }
}

/**
 * Renders a citation as an annotation; `undefined` without a URL, because the format has no other kind. `start` is the
 * offset of the message in the text of the response.
 */
export function annotationOf(citation: Citation, start: number): JsonObject | undefined {
  const { url, title, start: from = start, end = start } = citation
  if (url === undefined) return undefined
  const range = { start_index: Math.max(0, from - start), end_index: Math.max(0, end - start) }
  return { type: 'url_citation', url, title: title ?? '', ...range }
}

export function logprobsOf(logprobs: readonly TokenLogprob[]): JsonObject[] {
  return logprobs.map(({ token, logprob, top = [] }) => ({
    token,
    logprob,
    bytes: [],
    top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob, bytes: [] })),
  }))
}

/** Renders an image as an item; `undefined` for other files, because the format has no place for them. */
export function pictureOf({ mediaType, data }: GeneratedFile, id: string): JsonObject | undefined {
  if (!mediaType.startsWith('image/') || data === undefined) return undefined
  const format = mediaType.slice('image/'.length).replace('svg+xml', 'svg')
  return { id, type: 'image_generation_call', status: 'completed', output_format: format, result: data }
}
