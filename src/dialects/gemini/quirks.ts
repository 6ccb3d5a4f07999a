import type { Quirks } from '../../core/dialect.ts'
import type { ServerToolTable } from '../../core/server-tool.ts'

/** Differences between models and services of this format. Defaults are those of the newest models. */
export interface GeminiQuirks extends Quirks {
  /** Thinking levels of the model, weakest first. Default `LOW`, `MEDIUM`, `HIGH`. */
  readonly thinkingLevels?: readonly string[] | undefined
  /** Minimum and maximum thinking budget in tokens, for a model that accepts a budget instead of a level. Default: none. */
  readonly thinkingBudget?: readonly [number, number] | undefined
  /** Whether a budget of 0 turns thinking off. Default false. */
  readonly thinkingOff?: boolean | undefined
  /** Whether earlier function calls and images need a signature; those of other models get a documented one. Default true. */
  readonly signedCalls?: boolean | undefined
  /** Whether a tool result may hold images and documents; if not, they follow it. Default true. */
  readonly resultParts?: boolean | undefined
  /** Whether the model enforces tool schemas (`VALIDATED`). Default true. */
  readonly strictTools?: boolean | undefined
  /** Whether the model accepts a response format together with tools. Default true. */
  readonly jsonWithTools?: boolean | undefined
  /** Whether the model has a system instruction; if not, it is put into the first user message. Default true. */
  readonly systemInstruction?: boolean | undefined
  /** Whether a call can be limited to some of the tools. Default false. */
  readonly allowedTools?: boolean | undefined
  /** Prefix that makes a URI from the id of an uploaded file. Default: none. */
  readonly fileBase?: string | undefined
  /** Whether the service returns the steps of its tools only if asked for them beside functions. Default false. */
  readonly toolSteps?: boolean | undefined
  /** Tools that the provider runs, by their neutral names. Default: none. */
  readonly serverTools?: ServerToolTable | undefined
}
