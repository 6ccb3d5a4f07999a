import type { JsonValue } from './json.ts'
import type { ToolCall } from './message.ts'
import type { ModelId } from './model-ids.ts'
import type { ChatRequest, OpenAITool, Schema, Settings, Tool } from './request.ts'
import type { SchemaInput, SchemaOutput } from './schema-types.ts'

/** The tools of a request, as its types take them. */
export type GivenTools = readonly (Tool | OpenAITool)[]
/** The format of a request, as its types take it. */
export type GivenFormat = Settings['responseFormat']

/** The fields of a request that are typed at a call alone. */
export type TypeGiver = 'tools' | 'responseFormat' | 'stream' | 'model'
/** The fields of a request that decide about the types of its response, and the model, whose known ids editors offer. */
export interface TypedBy<Tools, Format, Stream> {
  // Not in every request, because intersections of long unions are slow to check.
  /** A model of `provider`, or `provider/model`. */
  readonly model?: ModelId | undefined
  /** Functions that the model may call. */
  readonly tools?: Tools | undefined
  /** Format of the response. Also accepts OpenAI's `json_object` and `json_schema`, and a bare schema. */
  readonly responseFormat?: Format | undefined
  /** Whether the call resolves to a stream. Default false. */
  readonly stream?: Stream | undefined
}
/** A chat request whose response has types. */
export interface TypedRequest<Tools, Format, Stream>
  extends Omit<ChatRequest, TypeGiver>, TypedBy<Tools, Format, Stream> {}

type CallTo<Called> = Called extends { readonly function: infer Inner }
  ? CallTo<Inner>
  : Called extends { readonly name: infer Name extends string }
    ? string extends Name
      ? ToolCall
      : ToolCall<Name, ArgumentsTo<Called>>
    : ToolCall

type ArgumentsTo<Called> = Called extends
  | { readonly parameters: infer Parameters extends Schema }
  | { readonly inputSchema: infer Parameters extends Schema }
  ? SchemaInput<Parameters>
  : JsonValue

/** The calls that a model may make of these tools: one member for each name. */
export type CallOf<Tools> = Tools extends readonly (infer One)[] ? CallTo<One> : ToolCall

type SchemaOf<Format> = Format extends { readonly type: 'json'; readonly schema: infer Given }
  ? Given
  : Format extends { readonly json_schema: { readonly schema: infer Given } }
    ? Given
    : Format extends { readonly type: 'json' | 'text' | 'json_object' } | string | undefined
      ? undefined
      : Format

/** The type of `response.object` for the format of a request. `JsonValue` if no type is known. */
export type ObjectFor<Format> =
  unknown extends SchemaOutput<SchemaOf<Format>> ? JsonValue : SchemaOutput<SchemaOf<Format>>
