import type { ServerToolTable } from '../../core/server-tool.ts'
import type { SamplerQuirks } from '../samplers.ts'

/** Differences between servers of this format. */
export interface OpenAIResponsesQuirks extends SamplerQuirks {
  /** Whether tools have `strict`. Default true. */
  readonly strictTools?: boolean | undefined
  /** Wire role of system and developer messages. Default `system`. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /**
   * Whether to request encrypted reasoning, which the next request can send back although the server stores nothing.
   * Default: if `reasoning` is set, because models without reasoning refuse it.
   */
  readonly sealedReasoning?: boolean | undefined
  /** Field for the lifetime of a cached prefix: before and since GPT-5.6; `day`: as before, of one day only. Default: none. */
  readonly cacheTtl?: 'retention' | 'day' | 'options' | undefined
  /** Effort words that the model accepts, weakest first; others are sent as the nearest. Default: sent unchanged. */
  readonly efforts?: readonly string[] | undefined
  /** Whether a call can be limited to some of the tools. Default false. */
  readonly allowedTools?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
