import type { Quirks } from '../../core/dialect.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'

/** Differences between servers of this format. */
export interface OpenAIResponsesQuirks extends Quirks {
  /** Wire role of system and developer messages. Default `system`. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /**
   * Whether to request encrypted reasoning, which the next request can send back although the server stores nothing.
   * Default: if `reasoning` is set, because models without reasoning refuse it.
   */
  readonly sealedReasoning?: boolean | undefined
  /** Kind of reasoning summary to request if `reasoning` is set; false for none. Default `auto`. */
  readonly reasoningSummary?: 'auto' | 'concise' | 'detailed' | false | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
