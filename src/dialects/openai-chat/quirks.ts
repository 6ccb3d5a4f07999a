import type { Quirks } from '../../core/dialect.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'

/** Differences between servers of this format. */
export interface OpenAIChatQuirks extends Quirks {
  /** Wire role of system and developer messages. Default `system`. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /** Whether streams are sent `stream_options` to get usage. Default true; false if the server refuses the field. */
  readonly streamUsage?: boolean | undefined
  /** Field in which the server accepts earlier reasoning; `thinking`: as parts of the content. Default: none, not sent back. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'thinking' | undefined
  /** Whether the server requires that field in every assistant message, empty without reasoning. Default false. */
  readonly reasoningRequired?: boolean | undefined
  /**
   * Form of the parameter that `reasoning` goes to: an `effort` word, an `object` with effort or budget, a `switch` object
   * with a type, a switch with an effort word beside it, a `boolean`, or variables of the model's `template`. Default
   * `effort`.
   */
  readonly reasoningStyle?:
    | 'effort'
    | 'object'
    | 'switch'
    | 'switch_and_effort'
    | 'boolean'
    | 'template'
    | undefined
  /** Effort words that the model accepts, weakest first; others are sent as the nearest. Default: sent unchanged. */
  readonly efforts?: readonly string[] | undefined
  /** Type of a switch that turns thinking on. Default `enabled`. */
  readonly switchOn?: string | undefined
  /** Whether an effort of `none` is sent as `reasoning: { enabled: false }`. Default false. */
  readonly reasoningDisabled?: boolean | undefined
  /** Field for a budget of thinking tokens. Default: none, a budget is sent as the nearest effort. */
  readonly budgetField?: string | undefined
  /** Whether the model thinks if `reasoning` is not set. Default false. */
  readonly thinksUnasked?: boolean | undefined
  /** What a thinking model does with temperature, top-p and log probabilities. Default: it uses them. */
  readonly samplersWhileThinking?: 'refused' | 'ignored' | undefined
  /** Wire value for "some tool must be called". Default `required`. */
  readonly requiredToolChoice?: 'required' | 'any' | undefined
  /** Whether the model can be forced to call a tool; if not, `auto` is sent. `unthinking`: only without thinking. Default true. */
  readonly forcedToolChoice?: boolean | 'unthinking' | undefined
  /** Minimum temperature for more than one answer; the server's default is below it. Default: none. */
  readonly choicesFromTemperature?: number | undefined
  /** Whether `logprobs` is a number of tokens instead of a boolean. Default false. */
  readonly logprobsCount?: boolean | undefined
  /** Whether the server has JSON with a schema only; without one, the schema of any object is sent. Default false. */
  readonly jsonBySchema?: boolean | undefined
  /** Field that marks a final assistant message as the start of the answer. Default: none. */
  readonly prefillField?: string | undefined
  /** Whether a reasoning figure above the completion's is to be added to it. Default false. */
  readonly reasoningApart?: boolean | undefined
  /** Whether the server accepts text as a string only, not as a list of parts. Default false. */
  readonly plainText?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
