import type { JsonObject } from '../../core/json.ts'
import type { FakeAnswer } from '../fake-answer.ts'
import type { FakeError, ProviderErrorKind, WireError } from '../fake-error.ts'
import type { ReadRequest, FakeRequest } from '../request.ts'
import type { FakeFrame } from './frame.ts'

/** A request without its body. */
export interface RequestHead {
  readonly method: string
  /** Path without query. */
  readonly path: string
  readonly query: URLSearchParams
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
}

/** The kind of a request. */
export type Asked = 'chat' | 'models' | 'embeddings'

/** How strictly bodies are read. */
export interface ReadRules {
  /** Whether a field that the vendor does not know rejects the request, as it does there, or is skipped. */
  readonly unknownFields: 'refuse' | 'ignore'
}

/** An error as an HTTP response. */
export interface ErrorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** A wire format as its vendor's server implements it. A new format is one such object in one file, listed in `index.ts`. */
export interface FakeWire {
  /** The dialect's id. */
  readonly dialect: string
  /** Path under which the fake server mounts it, version part included: `openai/v1`. */
  readonly mount: string
  /** Returns the kind of a request of this format, by the end of its path; `undefined` for any other request. */
  match(head: RequestHead): Asked | undefined
  /** Returns the API key of a request. */
  keyOf(head: RequestHead): string | undefined
  /** The vendor's errors for a missing and a wrong key. */
  readonly keyErrors: { readonly missing: FakeError; readonly wrong: FakeError }
  /** Reads a body into neutral form. Throws a `FakeHttpError` for what the vendor would reject. */
  read(body: JsonObject, head: RequestHead, rules: ReadRules): ReadRequest
  /** Renders a whole reply as JSON. */
  whole(answer: FakeAnswer, request: FakeRequest): unknown
  /** Renders the frames of a streamed reply. */
  stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[]
  /** Returns the `content-type` of a stream. */
  streamType(request: FakeRequest): string
  /** Completes an error with the vendor's fields. */
  describe(error: ProviderErrorKind | FakeError): WireError
  /** Renders an error as an HTTP response. */
  error(error: WireError, requestId: string): ErrorReply
  /** Renders an error inside a stream. */
  errorFrame(error: WireError): FakeFrame
  /** The frame by which the vendor keeps a stream alive; empty if there is none. */
  readonly ping: string
  /** The response header that carries the request id. */
  readonly requestIdHeader?: string | undefined
  /** Renders the reply to an embeddings request. Throws a `FakeHttpError` for what the vendor would reject. */
  embeddings?(body: JsonObject): unknown
  /** Renders the list of models. */
  models(ids: readonly string[], epochMs: number): unknown
}
