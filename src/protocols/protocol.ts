import type { LlmError } from '../core/error.ts'
import type { JsonObject } from '../core/json.ts'
import type { ParamMap } from '../core/params.ts'
import type { ChatRequest, Settings } from '../core/request.ts'
import type { ChatResponse } from '../core/response.ts'
import type { ContentPaths } from './content-paths.ts'
import type { Encoder, EncoderOptions } from './encoder.ts'
import type { JsonReader } from './json-reader.ts'
import type { ErrorAnswer } from './public-error.ts'

/** A client's request body in neutral form. */
export interface ReadBody {
  /** Model name as the client wrote it. */
  readonly model: string
  readonly stream: boolean
  /** Whether the client asked for a usage chunk at the end of a stream. */
  readonly includeUsage?: boolean | undefined
  readonly request: Pick<ChatRequest, 'messages' | 'system'> & Settings
  /** Where the messages were read. */
  readonly paths: ContentPaths
  /** The field that `system` was read from. */
  readonly systemField?: string | undefined
  /** Returns the path of a tool's field in the body, for one in the request such as `description`. Default: the same. */
  readonly toolField?: ((field: string) => string) | undefined
}

/** What a reader of bodies needs to know about the server. */
export interface ReadContext {
  /** Parameter map of the wire format's dialect; number settings are read by it. */
  readonly params: ParamMap
  /** Returns the dialect id behind a model name, which the signed reasoning in the history is bound to. */
  readonly originOf: (model: string) => string | undefined
}

/** The server side of one wire format: reads request bodies, writes replies, streams and errors. */
export interface ServerProtocol {
  /** Reads a request body. Issues are added to `body`; the caller calls `body.check()`. */
  readonly readBody: (body: JsonReader, context: ReadContext) => ReadBody
  readonly encoder: (options: EncoderOptions & { readonly includeUsage?: boolean | undefined }) => Encoder
  /** Renders a whole reply. */
  readonly render: (response: ChatResponse, options: EncoderOptions) => JsonObject
  readonly errorBody: (error: LlmError) => ErrorAnswer
}
