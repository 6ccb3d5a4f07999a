import type { Quirks } from '../../core/dialect.ts'

/** Differences between models behind this format. */
export interface OllamaQuirks extends Quirks {
  /** Effort words that the model accepts, weakest first. Default `low`, `medium`, `high`, `max`. */
  readonly efforts?: readonly string[] | undefined
  /** Whether the model always thinks, so that "off" is sent as the lowest effort. Default false. */
  readonly alwaysThinks?: boolean | undefined
}
