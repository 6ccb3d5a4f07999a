import type { JsonDraft, JsonValue } from './json.ts'
import type { EmbedRequest } from './request.ts'
import type { Attempt, Usage, Warning } from './response.ts'

/** The vectors of an `embed` call, in the order of its inputs. */
export interface EmbedResponse {
  readonly provider: string
  readonly model: string
  /** One vector per input. */
  readonly embeddings: readonly (readonly number[])[]
  /** The first vector, for calls with a single input. */
  readonly embedding: readonly number[]
  readonly usage: Usage
  readonly warnings: readonly Warning[]
  readonly attempts: readonly Attempt[]
}

/** The input from which an {@link EmbeddingApi} renders one batch. */
export interface EmbeddingInput extends Pick<EmbedRequest, 'dimensions' | 'purpose' | 'user'> {
  readonly model: string
  readonly inputs: readonly string[]
  /** Called with a setting that cannot be sent, and why. */
  readonly warn: (setting: string, why: string) => void
}

/** The wire format of an embeddings endpoint. Pure, like a dialect. */
export interface EmbeddingApi {
  /** Maximum number of inputs of one request. */
  readonly maxBatch: number
  endpoint(model: string): string
  render(input: EmbeddingInput): JsonDraft
  /** The vectors and usage of a reply. Throws `reply-malformed` if it has no vectors. */
  parse(reply: JsonValue): {
    readonly vectors: readonly (readonly number[])[]
    readonly usage: Partial<Usage> | undefined
  }
}
