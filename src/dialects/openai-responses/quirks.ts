import type { SamplerQuirks } from '../samplers.ts'

/** Differences between servers of this format. */
export interface OpenAIResponsesQuirks extends SamplerQuirks {
  /** Wire role of system and developer messages. Default `system`. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /**
   * Whether to request encrypted reasoning, which the next request can send back although the server stores nothing.
   * Default: if `reasoning` is set, because models without reasoning refuse it.
   */
  readonly sealedReasoning?: boolean | undefined
  /** Effort words that the model accepts, weakest first; others are sent as the nearest. Default: sent unchanged. */
  readonly efforts?: readonly string[] | undefined
  /** Kind of reasoning summary to request if `reasoning` is set; false for none. Default `auto`. */
  readonly reasoningSummary?: 'auto' | 'concise' | 'detailed' | false | undefined
}
