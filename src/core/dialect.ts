import type { ErrorKind } from './error.ts'
import type { JsonDraft, JsonObject, JsonValue } from './json.ts'
import type {
  CitationEvent,
  FileEvent,
  ReasoningDelta,
  ServerToolCallEvent,
  ServerToolResultEvent,
  TextDelta,
} from './event.ts'
import type { EmbeddingApi } from './embedding.ts'
import type { Loadable } from './lazy.ts'
import type { WireRules } from './fit/rules.ts'
import type { Message } from './message.ts'
import type { ModelListApi } from './model-list.ts'
import type { ModerationApi } from './moderation.ts'
import type { EncodeMap, ParamMap, ResolvedSettings } from './params.ts'
import type { ResponseStream } from './response-stream.ts'
import type { Attempt, FinishReason, Usage, Warning } from './response.ts'
import type { Framing } from './wire.ts'

/** Settings of a provider whose wire format deviates from its dialect's. Each dialect types its own. */
export type Quirks = Readonly<Record<string, JsonValue | undefined>>

/** A piece of a tool call. Any field may be missing in any piece. */
export interface ToolFragment {
  readonly type: 'tool'
  readonly index?: number | string | undefined
  readonly id?: string | undefined
  readonly name?: string | undefined
  /** A piece of the arguments, as JSON text. */
  readonly delta?: string | undefined
  /** The whole arguments, which replace all earlier pieces. */
  readonly arguments?: JsonValue | undefined
  /** Whether the wire marks the call as complete. */
  readonly done?: boolean | undefined
  readonly choice?: number | undefined
  readonly signature?: string | undefined
  /** Vendor fields of the call, which are sent back unchanged. */
  readonly details?: JsonValue | undefined
}

/** The output of a reader. Text and reasoning are events already; the normalizer assembles the rest. */
export type Fragment =
  | TextDelta
  | ReasoningDelta
  | ToolFragment
  | ServerToolCallEvent
  | ServerToolResultEvent
  | CitationEvent
  | FileEvent
  | { readonly type: 'meta'; readonly id?: string | undefined; readonly model?: string | undefined }
  /** Absolute counts; a later one replaces an earlier one field by field, except by zeros. */
  | {
      readonly type: 'usage'
      readonly usage: Partial<Usage>
      /** Whether the reader has merged them itself, so that they replace all earlier ones. */
      readonly merged?: boolean | undefined
    }
  /** The model stopped. `reason` is the vendor's value, `message` its explanation. */
  | {
      readonly type: 'finish'
      readonly reason?: string | undefined
      readonly message?: string | undefined
      readonly choice?: number | undefined
    }
  /** The wire's end mark, after which nothing is read. */
  | { readonly type: 'end' }
  /** An error inside a reply of status 200. */
  | { readonly type: 'fault'; readonly fault: Loadable<Fault> }
  | { readonly type: 'warning'; readonly warning: Warning }

/** A provider's error in neutral form. */
export interface Fault {
  readonly kind: ErrorKind
  /** The provider's message. */
  readonly message: string
  readonly status?: number | undefined
  readonly code?: string | undefined
  /** The provider's id of the request, if its error has one. */
  readonly providerRequestId?: string | undefined
  readonly retryAfterMs?: number | undefined
}

/** Converts frames into fragments. One per stream, because it may keep state. */
export interface Reader {
  /** Whether frames that differ in one text alone differ in that text only. If so, most frames are not parsed. */
  readonly textRepeats?: boolean | undefined
  /** Adds the fragments of a frame to `out`. `json` may be any JSON value; missing or wrong fields are ignored. */
  read(json: JsonValue, event: string | undefined, out: Fragment[]): void
  /** Called at the end of the stream. Adds the fragments that were held back. */
  end?(out: Fragment[]): void
}

/** The input from which a dialect renders a request. */
export interface RenderInput {
  readonly model: string
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly quirks: Quirks
  /** The rules to which messages and settings were fitted. */
  readonly rules: WireRules
  readonly warnings: Warning[]
}

/** The input from which a dialect makes a path. */
export interface EndpointInput {
  readonly model: string
  readonly stream: boolean
  readonly quirks: Quirks
}

/** Splits the texts of one answer, such as into reasoning and text. May hold pieces back until later fragments. */
export type TextSplitter = (fragments: readonly Fragment[]) => readonly Fragment[]

/** A change of a refused request, after which it is sent once more. */
export interface Remedy {
  /** Whether the change helps against this error. */
  fits(error: { readonly status?: number | undefined; readonly message: string }): boolean
  /** What requests that need the change have in common; `undefined` if this one cannot need it. */
  mark(body: JsonDraft): string | undefined
  /** Changes the body. Returns the headers to add; `undefined` if the request may not be changed. */
  apply(body: JsonDraft, quirks: Quirks): Readonly<Record<string, string>> | undefined
  /** Message of the warning about the change. */
  readonly warning: string
}

/** What a dialect may read and change of a call whose answer it follows. */
export interface FollowedCall {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly target: { readonly rules: WireRules; readonly reasoningScope: string }
  readonly extraBody?: JsonObject | undefined
  readonly providerOptions?: object | undefined
  readonly previousAttempts: readonly Attempt[]
}
/** Returns the answer to deliver, of one or more exchanges. */
export type Follow = <C extends FollowedCall>(
  call: C,
  reply: ResponseStream,
  exchange: (call: C) => Promise<ResponseStream>,
) => ResponseStream

/** Names of the fields of a wire format, separated by spaces, by the kind of place. Messages may have those of parts, too. */
export interface PlaceOptions {
  readonly message: string
  readonly part: string
  readonly tool: string
}

/** Names of the fields that a wire format has. */
export interface OptionNames {
  /** Those of a request, as dotted paths in the body. Default: any. */
  readonly request?: readonly string[] | undefined
  readonly places?: PlaceOptions | undefined
}

/** Translates one wire format. Pure: no I/O, no clock, no vendor names. */
export interface Dialect {
  readonly id: string
  readonly framing: Framing
  readonly params: ParamMap
  readonly encode: EncodeMap
  /** Neutral finish reasons by the wire's values; a value that is not listed is `other`. */
  readonly finishReasons: Readonly<Record<string, FinishReason>>
  /** Names of the fields that `providerOptions` may have. Default: any. */
  readonly options?: Loadable<OptionNames> | undefined
  /** What the format requires of a request. Provider and model override single rows. Default: everything is sent as it is. */
  readonly rules?: WireRules | undefined
  /** Path and query, appended to the base URL. */
  endpoint(input: EndpointInput): string
  /** Headers that the wire format requires. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Follows the answer to a call, which the format may end before it is complete. Default: it is delivered as it is. */
  readonly follow?: Follow | undefined
  /** Whether answers can cite files of the request. Default false. */
  readonly citesFiles?: boolean | undefined
  /** Whether `toolChoice` can name a server tool. Default false. */
  readonly forcesServerTools?: boolean | undefined
  /** Takes what the format sends as headers out of a finished body, and returns those headers. Default: none. */
  readonly takeHeaders?: ((body: JsonDraft) => Readonly<Record<string, string>> | undefined) | undefined
  /** Adds model, messages and streaming mode to a body that holds the parameters, and resolves conflicts between them. */
  render(input: RenderInput, body: JsonDraft): void
  /** Loads what `parse` and `reader` need. Called while a request is on its way. Default: nothing. */
  readonly load?: (() => object) | undefined
  /** Adds the fragments of a whole reply to `out`, as of a stream of one frame. */
  parse(reply: JsonObject, quirks: Quirks, out: Fragment[]): void
  reader(quirks: Quirks): Reader
  /** Creates a splitter for one answer, streamed or whole. Default: texts are text. */
  readonly splitter?: (() => TextSplitter) | undefined
  /**
   * Reads an error reply, also one of status 200. `body` is parsed JSON or text; `header` returns a header of the reply by
   * name. May return a promise while it loads what only errors need.
   */
  fault(
    status: number | undefined,
    body: unknown,
    header?: (name: string) => string | undefined,
  ): Fault | Promise<Fault>
  /** Default: a refused request is not changed. */
  readonly remedy?: Remedy | undefined
  /** The embeddings endpoint of servers of this format. Default: none. */
  readonly embeddings?: Loadable<EmbeddingApi> | undefined
  readonly moderation?: Loadable<ModerationApi> | undefined
  readonly models?: Loadable<ModelListApi> | undefined
}
