import type { JsonDraft, JsonValue } from './json.ts'
import type { EmbedRequest } from './request.ts'
import type { Attempt, Usage, Warning } from './response.ts'

/** The vectors of a call, in the order of its inputs. */
export interface EmbedResponse {
  readonly provider: string
  readonly model: string
  /** One vector per input. */
  readonly embeddings: readonly (readonly number[])[]
  /** The first vector: all there is for a single input. */
  readonly embedding: readonly number[]
  readonly usage: Usage
  readonly warnings: readonly Warning[]
  readonly attempts: readonly Attempt[]
}

/** What an embeddings wire needs to write one batch. */
export interface EmbeddingInput extends Pick<EmbedRequest, 'dimensions' | 'purpose' | 'user'> {
  readonly model: string
  readonly inputs: readonly string[]
  /** Says that something could not be sent. */
  readonly warn: (setting: string, why: string) => void
}

/** One way to ask for embeddings. Pure, like a dialect. */
export interface EmbeddingApi {
  /** Most inputs of one request. */
  readonly maxBatch: number
  endpoint(model: string): string
  render(input: EmbeddingInput): JsonDraft
  /** The vectors and usage of a reply. Throws `reply-malformed` where there are none. */
  parse(reply: JsonValue): {
    readonly vectors: readonly (readonly number[])[]
    readonly usage: Partial<Usage> | undefined
  }
}
