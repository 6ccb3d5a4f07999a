import type { Quirks } from '../../core/dialect.ts'

/** Where models and services that speak this format differ. What is left out is as the newest models have it. */
export interface GeminiQuirks extends Quirks {
  /** The levels at which the model thinks, weakest first. Default `LOW`, `MEDIUM`, `HIGH`. */
  readonly thinkingLevels?: readonly string[] | undefined
  /** The model takes a budget in place of a level: the smallest and the largest, in tokens. */
  readonly thinkingBudget?: readonly [number, number] | undefined
  /** A budget of 0 turns thinking off. Default false. */
  readonly thinkingOff?: boolean | undefined
  /** Function calls and pictures of earlier turns need a signature. Default true: those of others get a stand-in. */
  readonly signedCalls?: boolean | undefined
  /** Function calls and their results carry ids. Default true; false where the service refuses the field. */
  readonly callIds?: boolean | undefined
  /** A tool result may hold pictures and documents itself. Default true; otherwise they follow it. */
  readonly resultParts?: boolean | undefined
  /** Tools can be held to their schema (`VALIDATED`). Default true. */
  readonly strictTools?: boolean | undefined
  /** JSON answers can be asked for together with tools. Default true. */
  readonly jsonWithTools?: boolean | undefined
  /** The model takes a system instruction. Default true; otherwise it opens the first user turn. */
  readonly systemInstruction?: boolean | undefined
  /** Put before the id of an uploaded file to make its URI. */
  readonly fileBase?: string | undefined
}
