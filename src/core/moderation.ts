import type { JsonDraft, JsonObject } from './json.ts'
import type { Attempt } from './response.ts'

/** What a moderation endpoint says of one input. */
export interface ModerationResult {
  readonly flagged: boolean
  /** Category → was it found. Names are the vendor's. */
  readonly categories: Readonly<Record<string, boolean>>
  /** Category → how sure, 0 to 1, where given. */
  readonly scores: Readonly<Record<string, number>>
}

/** The judgement of a call, in the order of its inputs. */
export interface ModerateResponse {
  readonly provider: string
  readonly model: string
  /** True where any input was flagged. */
  readonly flagged: boolean
  readonly results: readonly ModerationResult[]
  readonly attempts: readonly Attempt[]
}

/** One way to ask a moderation endpoint. */
export interface ModerationApi {
  readonly endpoint: string
  readonly defaultModel: string
  render(model: string, inputs: readonly string[]): JsonDraft
  parse(reply: JsonObject): readonly ModerationResult[]
}
