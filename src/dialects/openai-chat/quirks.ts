import type { Quirks } from '../../core/dialect.ts'

/** Where servers that speak this format differ from each other. */
export interface OpenAIChatQuirks extends Quirks {
  /** Role of instructions on the wire. Default `system`; `developer` messages are sent under it too. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /** Ask for usage in streams with `stream_options`. Default true; false where the server refuses the field. */
  readonly streamUsage?: boolean | undefined
  /** Field in which the server takes earlier reasoning back; `thinking`: as parts of the content. Default none: it is not sent back. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'thinking' | undefined
  /** That field stands in every assistant turn, empty where there was no thought. */
  readonly reasoningRequired?: boolean | undefined
  /**
   * What thinking is asked for with, besides the parameter that `reasoning` goes to: an `effort` word (the default), an
   * `object` with effort or budget, a `switch` object of a type, a switch with an effort word beside it, a `boolean`, or
   * variables of the model's `template`.
   */
  readonly reasoningStyle?:
    | 'effort'
    | 'object'
    | 'switch'
    | 'switch_and_effort'
    | 'boolean'
    | 'template'
    | undefined
  /** Effort words that the model takes, weakest first; others are sent as the nearest. Default: all are sent as they are. */
  readonly efforts?: readonly string[] | undefined
  /** Word of a switch that turns thinking on. Default `enabled`. */
  readonly switchOn?: string | undefined
  /** An effort of `none` is sent as `reasoning: { enabled: false }`. */
  readonly reasoningDisabled?: boolean | undefined
  /** Field that takes a budget of thinking tokens. Default none: a budget is sent as the effort nearest to it. */
  readonly budgetField?: string | undefined
  /** Whether the model thinks when it is not asked to. Default false. */
  readonly thinksUnasked?: boolean | undefined
  /** What becomes of temperature, top-p and log probabilities while the model thinks. Default: they are taken. */
  readonly samplersWhileThinking?: 'refused' | 'ignored' | undefined
  /** Word for "some tool must be called". Default `required`. */
  readonly requiredToolChoice?: 'required' | 'any' | undefined
  /** Whether a tool can be forced. Default true; false: `auto` is sent; `unthinking`: so while the model thinks. */
  readonly forcedToolChoice?: boolean | 'unthinking' | undefined
  /** Below this temperature, which is also the default one, the server gives one answer. */
  readonly choicesFromTemperature?: number | undefined
  /** `logprobs` is the number of the likeliest tokens. */
  readonly logprobsCount?: boolean | undefined
  /** The server knows JSON by a schema only: without one, any object is asked for. */
  readonly jsonBySchema?: boolean | undefined
  /** Field that marks a last assistant turn as the beginning of the answer. */
  readonly prefillField?: string | undefined
  /** Where the reasoning figure is larger than the completion, it was counted apart. */
  readonly reasoningApart?: boolean | undefined
  /** Tool call ids must be nine letters and digits. */
  readonly shortToolIds?: boolean | undefined
  /** The server takes text only as a plain string, not as a list of parts. */
  readonly plainText?: boolean | undefined
}
