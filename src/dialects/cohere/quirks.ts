import type { Quirks } from '../../core/dialect.ts'

/** Where models behind this format differ from each other. */
export interface CohereQuirks extends Quirks {
  /** The model thinks: its earlier thoughts are sent back to it. Default true. */
  readonly thinks?: boolean | undefined
}
