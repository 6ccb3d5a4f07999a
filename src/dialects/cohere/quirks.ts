import type { Quirks } from '../../core/dialect.ts'

/** Differences between models of this format. */
export interface CohereQuirks extends Quirks {
  /** Whether the model reasons, so that its earlier reasoning is sent back. Default true. */
  readonly thinks?: boolean | undefined
  /** Whether the API accepts a response format together with tools. Default true. */
  readonly jsonWithTools?: boolean | undefined
}
