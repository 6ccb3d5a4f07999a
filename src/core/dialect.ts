import type { ErrorKind } from './error.ts'
import type { JsonDraft, JsonObject, JsonValue } from './json.ts'
import type { CitationEvent, FileEvent, ReasoningDelta, TextDelta } from './event.ts'
import type { EmbeddingApi } from './embedding.ts'
import type { Message } from './message.ts'
import type { ModelListApi } from './model-list.ts'
import type { ModerationApi } from './moderation.ts'
import type { EncodeMap, ParamMap, ResolvedSettings } from './params.ts'
import type { FinishReason, Usage, Warning } from './response.ts'
import type { Framing } from './wire.ts'

/** What a provider sets where its wire differs from its dialect's: typed by each dialect. */
export type Quirks = Readonly<Record<string, JsonValue | undefined>>

/** A piece of a tool call, as wires send them: any field may be missing in any piece. */
export interface ToolFragment {
  readonly type: 'tool'
  readonly index?: number | string | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  /** A piece of the arguments as JSON text. */
  readonly delta?: string | undefined
  /** The whole arguments at once; replaces the pieces before. */
  readonly arguments?: JsonValue | undefined
  /** The wire says that this call is complete. */
  readonly done?: boolean | undefined
  readonly choice?: number | undefined
  readonly signature?: string | undefined
}

/** What a reader makes of a frame. Text and reasoning are events already; the rest is put together by the normalizer. */
export type Fragment =
  | TextDelta
  | ReasoningDelta
  | ToolFragment
  | CitationEvent
  | FileEvent
  | { readonly type: 'meta'; readonly id?: string | undefined; readonly model?: string | undefined }
  /** Absolute figures; a later one replaces an earlier one field by field. */
  | { readonly type: 'usage'; readonly usage: Partial<Usage> }
  /** The model stopped. `reason` is the vendor's word. */
  | { readonly type: 'finish'; readonly reason?: string | undefined; readonly choice?: number | undefined }
  /** The wire's own end mark: nothing comes after it. */
  | { readonly type: 'end' }
  /** An error inside a 200. */
  | { readonly type: 'fault'; readonly fault: Fault }
  | { readonly type: 'warning'; readonly warning: Warning }

/** A provider's error in neutral words. */
export interface Fault {
  readonly kind: ErrorKind
  /** The provider's own words. */
  readonly message: string
  readonly status?: number | undefined
  readonly code?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** Turns frames into fragments. Made per stream: it may remember. */
export interface Reader {
  /** True where frames that differ in one text alone mean the same but for that text: then not each of them is parsed. */
  readonly textRepeats?: boolean | undefined
  /** Adds what the frame holds to `out`. `json` is any JSON value; fields that are missing or odd are passed over. */
  read(json: JsonValue, event: string | undefined, out: Fragment[]): void
  /** The source has ended: adds what was held back, for what might have come after it. */
  end?(out: Fragment[]): void
}

/** What a dialect needs to write a request. */
export interface RenderInput {
  readonly model: string
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly quirks: Quirks
  readonly warnings: Warning[]
}

/** Where a request goes. `path` is appended to the base URL. */
export interface EndpointInput {
  readonly model: string
  readonly stream: boolean
  readonly quirks: Quirks
}

/** Translates one wire format. Pure: no I/O, no clock, no vendor names. */
export interface Dialect {
  readonly id: string
  readonly framing: Framing
  readonly params: ParamMap
  readonly encode: EncodeMap
  /** The wire's stop reasons in neutral words; one that is not listed is `other`. */
  readonly finishReasons: Readonly<Record<string, FinishReason>>
  /** Path and query after the base URL. */
  endpoint(input: EndpointInput): string
  /** Headers that the wire format itself asks for. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Adds model, messages and mode to a body that holds the parameters already; mends what they do to each other. */
  render(input: RenderInput, body: JsonDraft): void
  /** Adds what a whole reply holds to `out`, as if it were a stream of one frame. */
  parse(reply: JsonObject, quirks: Quirks, out: Fragment[]): void
  reader(quirks: Quirks): Reader
  /** An error reply, or a plain reply that is one in truth. `body` is parsed JSON or text; `header` knows the reply's headers, where it has any. */
  fault(status: number | undefined, body: unknown, header?: (name: string) => string | undefined): Fault
  /** Other endpoints that servers of this format have. */
  readonly embeddings?: EmbeddingApi | undefined
  readonly moderation?: ModerationApi | undefined
  readonly models?: ModelListApi | undefined
}
