import type { Quirks } from '../../core/dialect.ts'

/** Where servers that speak this format differ from each other. */
export interface OpenAIResponsesQuirks extends Quirks {
  /** Role of instructions on the wire. Default `system`; `developer` messages are sent under it too. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /**
   * Ask for reasoning in sealed form, so that it can go back in the next turn although the server keeps nothing.
   * Default: where reasoning is asked for. Models that do not reason refuse the wish.
   */
  readonly sealedReasoning?: boolean | undefined
  /** How the model sums its reasoning up, where reasoning is asked for. Default `auto`; false: not at all. */
  readonly reasoningSummary?: 'auto' | 'concise' | 'detailed' | false | undefined
}
