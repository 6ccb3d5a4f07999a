import type { JsonObject } from '../../core/json.ts'
import type { FakeAnswer } from '../fake-answer.ts'
import type { FakeError, ProviderErrorKind, WireError } from '../fake-error.ts'
import type { FakeRequest, ReadRequest } from '../request.ts'
import type { FakeFrame } from './frame.ts'

/** A request without its body. */
export interface RequestHead {
  readonly method: string
  /** Without query. */
  readonly path: string
  readonly query: URLSearchParams
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
}

/** What a request asks for. */
export type Asked = 'chat' | 'models' | 'embeddings'

/** How strictly bodies are read. */
export interface ReadRules {
  /** Whether a field that the vendor does not know is refused, as the vendor does, or passed over. */
  readonly unknownFields: 'refuse' | 'ignore'
}

export interface ErrorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** One wire format as its vendor's server speaks it. A new format is one such object in one file, listed in `index.ts`. */
export interface FakeWire {
  /** The dialect's id. */
  readonly dialect: string
  /** Where the fake server serves it, version part included: `openai/v1`. */
  readonly mount: string
  /** What a request asks for, if it is one of this format: by the end of its path, whatever comes before. */
  match(head: RequestHead): Asked | undefined
  /** The key that a request carries. */
  keyOf(head: RequestHead): string | undefined
  /** What the vendor says to a request without a key, and to one with a wrong key. */
  readonly keyErrors: { readonly missing: FakeError; readonly wrong: FakeError }
  /** Reads a body into neutral words. Throws a `Refusal` for what the vendor would refuse. */
  read(body: JsonObject, head: RequestHead, rules: ReadRules): ReadRequest
  /** The JSON of a whole reply. */
  whole(answer: FakeAnswer, request: FakeRequest): unknown
  stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[]
  /** The `content-type` of a stream. */
  streamType(request: FakeRequest): string
  /** An error with the vendor's words filled in. */
  describe(error: ProviderErrorKind | FakeError): WireError
  error(error: WireError, requestId: string): ErrorReply
  /** An error inside a stream. */
  errorFrame(error: WireError): FakeFrame
  /** What the vendor sends to keep a stream alive. */
  readonly ping: string
  /** The header in which the vendor tells the request's id. */
  readonly requestIdHeader?: string | undefined
  /** The reply to a request for vectors, where the format has one. Throws a `Refusal` for what the vendor would refuse. */
  embeddings?(body: JsonObject): unknown
  /** The list of models. */
  models(ids: readonly string[], epochMs: number): unknown
}
