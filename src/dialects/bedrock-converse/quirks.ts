import type { Quirks } from '../../core/dialect.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'

/** Differences between models behind this format. */
export interface BedrockConverseQuirks extends Quirks {
  /**
   * Form of the model's reasoning parameter: `thinking` with a token budget, or `adaptive` with an effort; the effort as
   * `reasoning_effort`; an effort inside `reasoningConfig`; the effort as `reasoning_config`. Default: unknown, not sent.
   */
  readonly reasoning?:
    | 'thinking'
    | 'adaptive'
    | 'reasoning_effort'
    | 'reasoningConfig'
    | 'reasoning_config'
    | undefined
  /** Effort words that the model accepts, weakest first. Default `low`, `medium`, `high`. */
  readonly efforts?: readonly string[] | undefined
  /** Whether the model always thinks, so that "off" is sent as the lowest effort. Default false. */
  readonly alwaysThinks?: boolean | undefined
  /** Other `vendor/dialect` whose signed thoughts the model takes. Default: none. */
  readonly thoughtsFrom?: readonly string[] | undefined
  /** Whether the model accepts earlier signed or encrypted reasoning. Default true. */
  readonly thoughtsBack?: boolean | undefined
  /** Whether the model refuses temperature and top-p together. Default false. */
  readonly oneSampler?: boolean | undefined
  /** Whether tools have `strict`. Default false. */
  readonly strictTools?: boolean | undefined
  /** Whether the schema of a tool has nothing but type, properties and required at its root. Default false. */
  readonly bareSchemas?: boolean | undefined
  /** Whether the model can be forced to call a tool; if not, `auto` is sent. `unthinking`: only with thinking off. Default true. */
  readonly forcedToolChoice?: boolean | 'unthinking' | undefined
  /** Whether tool results are sent as JSON objects instead of text. Default false. */
  readonly toolResultsAsJson?: boolean | undefined
  /** Whether tool results have a status; if not, a failure begins with `Error:`. Default true. */
  readonly toolResultStatus?: boolean | undefined
  /** Whether the model has a system prompt; if not, it is put into the first user message. Default true. */
  readonly systemPrompt?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
