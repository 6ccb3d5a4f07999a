import type { Quirks } from '../../core/dialect.ts'

/** Where servers that speak this format differ from each other. */
export interface OpenAIChatQuirks extends Quirks {
  /** Role of instructions on the wire. Default `system`; `developer` messages are sent under it too. */
  readonly systemRole?: 'system' | 'developer' | undefined
  /** Ask for usage in streams with `stream_options`. Default true; false where the server refuses the field. */
  readonly streamUsage?: boolean | undefined
  /** Field in which the server takes earlier reasoning back. Default none: reasoning is not sent back. */
  readonly reasoningField?: 'reasoning_content' | 'reasoning' | 'reasoning_details' | undefined
  /** How effort is asked for. Default `reasoning_effort`. */
  readonly reasoningStyle?: 'effort' | 'openrouter' | 'thinking' | 'enable_thinking' | undefined
  /** Word for "some tool must be called". Default `required`. */
  readonly requiredToolChoice?: 'required' | 'any' | undefined
  /** Where the reasoning figure is larger than the completion, it was counted apart. */
  readonly reasoningApart?: boolean | undefined
  /** Tool call ids must be nine letters and digits. */
  readonly shortToolIds?: boolean | undefined
  /** The server takes text only as a plain string, not as a list of parts. */
  readonly plainText?: boolean | undefined
}
