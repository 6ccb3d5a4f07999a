import type { JsonObject, JsonValue } from '../core/json.ts'
import type { Settings, ToolChoice } from '../core/request.ts'

/** A tool call or result as the request's history holds it. */
export interface ReceivedToolCall {
  /** Gemini's format may have none. */
  readonly id?: string | undefined
  readonly name: string
  readonly arguments: JsonValue
}
export interface ReceivedToolResult {
  readonly id?: string | undefined
  /** Where the format, or the call with that id, tells it. */
  readonly name?: string | undefined
  readonly text: string
  readonly isError?: boolean | undefined
}
/** An image, a document or a sound. */
export interface ReceivedMedia {
  readonly type: 'image' | 'file' | 'audio'
  readonly mediaType?: string | undefined
  readonly url?: string | undefined
  /** Base64. */
  readonly data?: string | undefined
}

/** One turn of the request. Tool results are a turn of role `tool`, whatever the wire format makes of them. */
export interface ReceivedMessage {
  readonly role: 'user' | 'assistant' | 'tool'
  /** All texts of the turn, joined. */
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ReceivedToolCall[]
  readonly toolResults: readonly ReceivedToolResult[]
  readonly media: readonly ReceivedMedia[]
}
export interface ReceivedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: JsonObject | undefined
}

/** The neutral settings that the fake reads back out of a body; the rest is in `body`. */
export type ReceivedSettings = Partial<
  Pick<
    Settings,
    | 'maxTokens'
    | 'temperature'
    | 'topP'
    | 'topK'
    | 'seed'
    | 'frequencyPenalty'
    | 'presencePenalty'
    | 'n'
    | 'logprobs'
    | 'topLogprobs'
    | 'parallelToolCalls'
    | 'user'
  >
> & {
  readonly stop?: readonly string[] | undefined
  readonly toolChoice?: ToolChoice | undefined
  readonly reasoning?:
    | { readonly effort?: string | undefined; readonly budgetTokens?: number | undefined }
    | undefined
  readonly responseFormat?:
    | { readonly type: 'text' | 'json'; readonly schema?: JsonObject | undefined }
    | undefined
}

/** What a wire format finds in a body. */
export interface ReadRequest {
  readonly model: string
  readonly stream: boolean
  /** All instructions, joined by line breaks. */
  readonly system: string
  readonly turns: readonly ReceivedMessage[]
  readonly tools: readonly ReceivedTool[]
  readonly settings: ReceivedSettings
}

/** A request that the fake provider has accepted, in neutral words and as it came. Scripts decide by it. */
export interface FakeRequest extends ReadRequest {
  /** The wire format: `openai-chat`, `anthropic-messages`, `gemini`. */
  readonly dialect: string
  /** How many requests were accepted before this one. */
  readonly call: number
  /** The text of the newest user turn. */
  readonly prompt: string
  /** The tool results that the request ends with; empty where it ends with anything else. */
  readonly toolResults: readonly ReceivedToolResult[]
  /** With query. */
  readonly path: string
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed body. */
  readonly body: JsonObject
}

/** Adds what follows from the turns. */
export function completeRequest(
  read: ReadRequest,
  origin: Pick<FakeRequest, 'dialect' | 'call' | 'path' | 'headers' | 'body'>,
): FakeRequest {
  const prompt = read.turns.findLast(({ role, text }) => role === 'user' || (role === 'tool' && text !== ''))
  const last = read.turns.at(-1)
  return Object.freeze({
    ...read,
    ...origin,
    prompt: prompt?.text ?? '',
    toolResults: last?.toolResults ?? [],
  })
}

/** A turn under construction: neighbours of one role become one turn. */
export function joinTurns(turns: readonly ReceivedMessage[]): ReceivedMessage[] {
  const joined: ReceivedMessage[] = []
  for (const turn of turns) {
    const last = joined.at(-1)
    if (last === undefined || last.role !== turn.role) joined.push(turn)
    else joined[joined.length - 1] = merge(last, turn)
  }
  return joined
}

function merge(a: ReceivedMessage, b: ReceivedMessage): ReceivedMessage {
  return {
    role: a.role,
    text: a.text === '' || b.text === '' ? a.text + b.text : `${a.text}\n${b.text}`,
    reasoning: a.reasoning + b.reasoning,
    toolCalls: [...a.toolCalls, ...b.toolCalls],
    toolResults: [...a.toolResults, ...b.toolResults],
    media: [...a.media, ...b.media],
  }
}

/** A turn with what is given, and nothing else. */
export function turnOf(
  role: ReceivedMessage['role'],
  parts: Partial<Omit<ReceivedMessage, 'role'>>,
): ReceivedMessage {
  return { role, text: '', reasoning: '', toolCalls: [], toolResults: [], media: [], ...parts }
}
