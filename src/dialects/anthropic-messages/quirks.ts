import type { Quirks } from '../../core/dialect.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'

/** Differences between models and servers of this format. */
export interface AnthropicMessagesQuirks extends Quirks {
  /** Whether the model is given a token budget or, if `adaptive`, an effort word. Default `budget`. */
  readonly thinking?: 'budget' | 'adaptive' | undefined
  /** Value that turns thinking off; `never` for a model that always thinks. Default `disabled`. */
  readonly thinkingOff?: 'disabled' | 'between_tools' | 'never' | undefined
  /** Effort words that the model accepts, weakest first. Default `low`, `medium`, `high`, `xhigh`, `max`. */
  readonly efforts?: readonly string[] | undefined
  /** Sent with adaptive thinking, because some models omit their reasoning from the reply without it. Default: not sent. */
  readonly thinkingDisplay?: 'summarized' | 'omitted' | undefined
  /** Maximum `max_tokens`. A thinking budget is kept below it. Default: unknown. */
  readonly maxOutput?: number | undefined
  /** Whether the model can be forced to call a tool; if not, `auto` is sent. `unthinking`: only with thinking off. Default true. */
  readonly forcedToolChoice?: boolean | 'unthinking' | undefined
  /** Whether the server can be asked to leave out earlier thoughts that it would refuse. Default false: they are not sent. */
  readonly bindingControls?: boolean | undefined
  /** Other `vendor/dialect` whose signed thoughts the model takes. Default: none. */
  readonly thoughtsFrom?: readonly string[] | undefined
  /** Whether tools have `strict`. Default true. */
  readonly strictTools?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
