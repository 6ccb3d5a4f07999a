import type { CitationEvent, FileEvent } from '../../core/event.ts'
import type { JsonObject } from '../../core/json.ts'
import { urlOf } from '../../core/message.ts'
import type { Citation, FinishReason, GeneratedFile, TokenLogprob, Usage } from '../../core/response.ts'

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'stop',
  length: 'length',
  'tool-calls': 'tool_calls',
  'content-filter': 'content_filter',
  error: 'error',
  other: 'stop',
}

/** Returns the `finish_reason`. `calls`: whether the client saw a tool call; without one it must not be `tool_calls`. */
export function stopReason({ finishReason }: { finishReason: FinishReason }, calls: boolean): string {
  return finishReason === 'tool-calls' && !calls ? 'stop' : STOP_REASONS[finishReason]
}

export function usageOf(usage: Usage): JsonObject {
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens } =
    usage
  const prompt = { cached_tokens: cachedInputTokens ?? 0, cache_write_tokens: cacheWriteTokens }
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: totalTokens,
    prompt_tokens_details: prompt,
    completion_tokens_details: { reasoning_tokens: reasoningTokens ?? 0 },
  }
}

export function logprobsOf(logprobs: readonly TokenLogprob[]): JsonObject {
  const content = logprobs.map(({ token, logprob, top = [] }) => ({
    token,
    logprob,
    bytes: null,
    top_logprobs: top.map((other) => ({ token: other.token, logprob: other.logprob, bytes: null })),
  }))
  return { content, refusal: null }
}

/** Renders a citation as an annotation; `undefined` without a URL, because the format has no other kind. */
export function annotationOf(citation: Citation | CitationEvent): JsonObject | undefined {
  const { url, title, text, start, end } = citation
  if (url === undefined) return undefined
  const cited = { url, title: title ?? '', start_index: start ?? 0, end_index: end ?? 0, content: text }
  return { type: 'url_citation', url_citation: cited }
}

/** Renders a generated file as fields of a message or delta: `audio` for sound, else `images`. */
export function fileDelta(file: GeneratedFile | FileEvent): JsonObject {
  const { mediaType, data } = file
  if (mediaType.startsWith('audio/') && data !== undefined) return { audio: { data } }
  return { images: [{ type: 'image_url', image_url: { url: urlOf(file) } }] }
}
