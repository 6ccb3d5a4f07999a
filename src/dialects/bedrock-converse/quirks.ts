import type { Quirks } from '../../core/dialect.ts'

/** Where models behind this format differ from each other. */
export interface BedrockConverseQuirks extends Quirks {
  /**
   * How reasoning is asked for, by the field that carries it: `thinking` with a token budget, or `adaptive` with an
   * effort; a bare `reasoning_effort`; `reasoningConfig` with an effort; `reasoning_config` as a bare word.
   */
  readonly reasoning?:
    | 'thinking'
    | 'adaptive'
    | 'reasoning_effort'
    | 'reasoningConfig'
    | 'reasoning_config'
    | undefined
  /** Effort words the model takes, weakest first. Default `low`, `medium`, `high`. */
  readonly efforts?: readonly string[] | undefined
  /** The model always thinks: turned off is sent as the weakest effort. */
  readonly alwaysThinks?: boolean | undefined
  /** False where signed or sealed thoughts of earlier turns are refused. Default true. */
  readonly thoughtsBack?: boolean | undefined
  /** Temperature and top-p cannot be sent together. */
  readonly oneSampler?: boolean | undefined
  /** Tools take `strict`. */
  readonly strictTools?: boolean | undefined
  /** False where no tool can be forced: any such choice is left to the model. Default true. */
  readonly forcedToolChoice?: boolean | undefined
  /** Tool call ids must be nine letters and digits (`short`), or may hold dots and colons (`loose`). */
  readonly toolIds?: 'short' | 'loose' | undefined
  /** Tool results must be alone in their turn. */
  readonly toolResultsAlone?: boolean | undefined
  /** Tool results are sent as JSON objects, not as text. */
  readonly toolResultsAsJson?: boolean | undefined
  /** False where tool results have no status: a failure is told in words. Default true. */
  readonly toolResultStatus?: boolean | undefined
  /** False where the model takes no system prompt: it is put before the first user turn. Default true. */
  readonly systemPrompt?: boolean | undefined
}
