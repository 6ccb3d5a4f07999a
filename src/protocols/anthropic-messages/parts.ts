import type { JsonObject } from '../../core/json.ts'
import type { Citation, FinishReason, Usage } from '../../core/response.ts'

const STOP_REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'refusal',
  error: 'end_turn',
  other: 'end_turn',
}

interface Ended {
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
}

// Stop reasons of this format that are more precise than the neutral ones.
const PRECISE_REASONS: ReadonlySet<string | undefined> = new Set([
  'stop_sequence',
  'pause_turn',
  'model_context_window_exceeded',
])

/** Returns the `stop_reason`. `calls`: whether the client saw a tool call; without one it must not be `tool_use`. */
export function stopReason({ finishReason, rawFinishReason }: Ended, calls: boolean): string {
  if (finishReason === 'tool-calls' && !calls) return 'end_turn'
  if (rawFinishReason !== undefined && PRECISE_REASONS.has(rawFinishReason)) return rawFinishReason
  return STOP_REASONS[finishReason]
}

/** Renders usage. In this format `input_tokens` excludes cache reads and writes. */
export function usageOf(usage: Usage | undefined): JsonObject {
  const { inputTokens = 0, outputTokens = 0, cachedInputTokens = 0, cacheWriteTokens = 0 } = usage ?? {}
  const thinking = usage?.reasoningTokens
  return {
    input_tokens: Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens),
    cache_creation_input_tokens: cacheWriteTokens,
    cache_read_input_tokens: cachedInputTokens,
    output_tokens: outputTokens,
    output_tokens_details: thinking === undefined ? undefined : { thinking_tokens: thinking },
  }
}

/** Renders a citation: of a web page if it has a URL, otherwise of a document's characters. */
export function citationOf({ url, title, text, start, end }: Citation): JsonObject {
  const cited = { cited_text: text ?? '' }
  if (url !== undefined)
    return { type: 'web_search_result_location', url, title: title ?? null, ...cited, encrypted_index: '' }
  const range = { start_char_index: start ?? 0, end_char_index: end ?? 0 }
  const from = { document_index: 0, document_title: title ?? null, file_id: null }
  return { type: 'char_location', ...cited, ...from, ...range }
}
