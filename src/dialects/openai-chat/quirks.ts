import type { JsonObject } from '../../core/json.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'
import type { SamplerQuirks } from '../samplers.ts'

/** Differences between servers of this format. */
export interface OpenAIChatQuirks extends SamplerQuirks {
  /** Wire role of system and developer messages. Default `system`. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /** Whether streams are sent `stream_options` to get usage. Default true; false if the server refuses the field. */
  readonly streamUsage?: boolean | undefined
  /** Field in which the server accepts earlier reasoning; `thinking`: as parts of the content. Default: none, not sent back. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | 'thinking' | undefined
  /**
   * Whether a thinking model requires that field: in every assistant message, empty without reasoning, or in those with
   * `calls`, where a space stands for none. Default false.
   */
  readonly reasoningRequired?: boolean | 'calls' | undefined
  /** Whether that field takes reasoning of other vendors. Default true. */
  readonly foreignThoughts?: boolean | undefined
  /** Whether the model requires a signature at the first tool call of a message; those of other models get a documented one. Default false. */
  readonly signedCalls?: boolean | undefined
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
  /** Fields beside the type of a switch that turns thinking on. Default: none. */
  readonly switchFields?: JsonObject | undefined
  /** Type of a switch that turns thinking on. Default `enabled`. */
  readonly switchOn?: string | undefined
  /** Whether an effort of `none` is sent as `reasoning: { enabled: false }`. Default false. */
  readonly reasoningDisabled?: boolean | undefined
  /** Field for a budget of thinking tokens. Default: none, a budget is sent as the nearest effort. */
  readonly budgetField?: string | undefined
  /** Whether the model has tools while it thinks; if not, thinking is turned off for a request with tools. Default true. */
  readonly toolsWhileThinking?: boolean | undefined
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
  /** Fields of a request whose final assistant message is the start of the answer. Default: none. */
  readonly prefillBody?: JsonObject | undefined
  /** Whether tools have `strict`. Default true. */
  readonly strictTools?: boolean | undefined
  /** Whether a reasoning figure above the completion's is to be added to it. Default false. */
  readonly reasoningApart?: boolean | undefined
  /** Field for the lifetime of a cached prefix: OpenAI's before and since GPT-5.6; `day`: as before, of one day only. Default: none. */
  readonly cacheTtl?: 'retention' | 'day' | 'options' | undefined
  /** Whether marks of cached prefixes are breakpoints (OpenAI's) instead of `cache_control`. Default false. */
  readonly cacheBreakpoints?: boolean | undefined
  /** Whether a file may be given by its URL. Default false. */
  readonly fileUrls?: boolean | undefined
  /** Whether files are parts with a URL of the document, or an id, and sounds are plain base64. Default false. */
  readonly documentParts?: boolean | undefined
  /** Whether a call can be limited to some of the tools. Default false. */
  readonly allowedTools?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
