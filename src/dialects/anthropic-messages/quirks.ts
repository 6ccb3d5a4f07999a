import type { Quirks } from '../../core/dialect.ts'

/** Where models and servers that speak this format differ from each other. */
export interface AnthropicMessagesQuirks extends Quirks {
  /** How thinking is asked for: with a token budget, or `adaptive` with an effort word. Default `budget`. */
  readonly thinking?: 'budget' | 'adaptive' | undefined
  /** How thinking is turned off; `never` where the model always thinks. Default `disabled`. */
  readonly thinkingOff?: 'disabled' | 'between_tools' | 'never' | undefined
  /** Effort words the model takes, weakest first. Default `low` to `max`, all five. */
  readonly efforts?: readonly string[] | undefined
  /** Sent with adaptive thinking: without it some models leave their thoughts out of the reply. Default: not sent. */
  readonly thinkingDisplay?: 'summarized' | 'omitted' | undefined
  /** Largest `max_tokens`, where known: a thinking budget is fitted below it. */
  readonly maxOutput?: number | undefined
  /** False where no tool can be forced: any such choice is sent as `auto`. Default true. */
  readonly forcedToolChoice?: boolean | undefined
  /** False where tools take no `strict`. Default true. */
  readonly strictTools?: boolean | undefined
}
