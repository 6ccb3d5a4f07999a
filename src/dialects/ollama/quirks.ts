import type { Quirks } from '../../core/dialect.ts'

/** Where models behind this format differ from each other. */
export interface OllamaQuirks extends Quirks {
  /** Effort words the model takes, weakest first. Default `low`, `medium`, `high`, `max`. */
  readonly efforts?: readonly string[] | undefined
  /** The model always thinks: turned off is sent as the weakest effort. */
  readonly alwaysThinks?: boolean | undefined
}
