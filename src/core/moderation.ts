import type { JsonDraft, JsonObject } from './json.ts'
import type { Attempt } from './response.ts'

/** The verdict of a moderation endpoint on one input. */
export interface ModerationResult {
  readonly flagged: boolean
  /** Whether each category was found, by the vendor's names. */
  readonly categories: Readonly<Record<string, boolean>>
  /** Scores by category, 0 to 1, if the vendor gives them. */
  readonly scores: Readonly<Record<string, number>>
}

/** The result of a `moderate` call, in the order of its inputs. */
export interface ModerateResponse {
  readonly provider: string
  readonly model: string
  /** Whether any input was flagged. */
  readonly flagged: boolean
  readonly results: readonly ModerationResult[]
  readonly attempts: readonly Attempt[]
}

/** The wire format of a moderation endpoint. */
export interface ModerationApi {
  readonly endpoint: string
  readonly defaultModel: string
  render(model: string, inputs: readonly string[]): JsonDraft
  parse(reply: JsonObject): readonly ModerationResult[]
}
