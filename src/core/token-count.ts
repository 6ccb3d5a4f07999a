import type { JsonDraft, JsonObject, JsonValue } from './json.ts'
import type { Attempt } from './response.ts'

/** The wire format of an endpoint that counts the tokens of a chat request. */
export interface TokenCountApi {
  endpoint(model: string): string
  /** Makes the body from that of the chat request. */
  render(body: JsonObject, model: string): JsonDraft
  /** Returns the number of input tokens; `undefined` if the reply has none. */
  parse(reply: JsonValue): number | undefined
}

/** The number of tokens of a request. */
export interface TokenCount {
  readonly provider: string
  readonly model: string
  readonly inputTokens: number
  /** Whether the number is an estimate, because the vendor has no endpoint that counts. */
  readonly estimated: boolean
  readonly attempts: readonly Attempt[]
}
