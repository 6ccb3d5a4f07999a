import type { JsonObject, JsonValue } from '../core/json.ts'
import { readDataUrl } from '../core/message.ts'
import type { Settings, ToolChoice } from '../core/request.ts'

/** A tool call in the history of a request. */
export interface ReceivedToolCall {
  /** Absent in Gemini's format if the client sent none. */
  readonly id?: string | undefined
  readonly name: string
  readonly arguments: JsonValue
}
/** A tool result in the history of a request. */
export interface ReceivedToolResult {
  readonly id?: string | undefined
  /** Tool name, if the format carries it or the history has a call with that id. */
  readonly name?: string | undefined
  readonly text: string
  readonly isError?: boolean | undefined
}
/** An image, a document or audio in a request. */
export interface ReceivedMedia {
  readonly type: 'image' | 'file' | 'audio'
  readonly mediaType?: string | undefined
  readonly url?: string | undefined
  /** Base64. */
  readonly data?: string | undefined
}

/** One message of the request's history. Tool results are a message of role `tool` in every wire format. */
export interface ReceivedMessage {
  readonly role: 'user' | 'assistant' | 'tool'
  /** All texts of the message, joined. */
  readonly text: string
  readonly reasoning: string
  readonly toolCalls: readonly ReceivedToolCall[]
  readonly toolResults: readonly ReceivedToolResult[]
  readonly media: readonly ReceivedMedia[]
}
/** A tool that the request offers. */
export interface ReceivedTool {
  readonly name: string
  readonly description?: string | undefined
  readonly parameters?: JsonObject | undefined
}

/** The settings of a body under their neutral names. Further fields are in `body`. */
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

/** A body as a wire format reads it. */
export interface ReadRequest {
  readonly model: string
  readonly stream: boolean
  /** All instructions, joined by line breaks. */
  readonly system: string
  /** The messages of the history; neighbours of one role are one. */
  readonly turns: readonly ReceivedMessage[]
  /**
   * Text of the last user message. Where the format joins messages of one role, it is the last text of the joined
   * message.
   */
  readonly prompt: string
  readonly tools: readonly ReceivedTool[]
  readonly settings: ReceivedSettings
}

/** A request that the fake provider accepted, in neutral form and as received. Scripts decide by it. */
export interface FakeRequest extends ReadRequest {
  /** Dialect id of the wire format: `openai-chat`, `anthropic-messages`, `gemini`. */
  readonly dialect: string
  /** Number of requests accepted before this one. */
  readonly call: number
  /** Tool results of the last message; empty if it has none. */
  readonly toolResults: readonly ReceivedToolResult[]
  /** Path with query. */
  readonly path: string
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string>>
  /** The parsed body. */
  readonly body: JsonObject
}

/** Adds the fields that derive from the messages. */
export function completeRequest(
  read: ReadRequest,
  origin: Pick<FakeRequest, 'dialect' | 'call' | 'path' | 'headers' | 'body'>,
): FakeRequest {
  const last = read.turns.at(-1)
  return Object.freeze({
    ...read,
    ...origin,
    toolResults: last?.toolResults ?? [],
  })
}

/** One message of a body: instructions, or a message of the history. */
export interface ReadMessage {
  readonly system?: string
  readonly message?: ReceivedMessage
}

/** Joins the instructions and the messages of a body. */
export function joinRead(read: readonly ReadMessage[]): Pick<ReadRequest, 'system' | 'turns' | 'prompt'> {
  const messages = read.flatMap(({ message }) => message ?? [])
  return {
    system: read.flatMap(({ system }) => system ?? []).join('\n'),
    turns: joinMessages(messages),
    prompt: newestText(messages.map((message) => [message])),
  }
}

/** Returns the text of the last user message, given the pieces of each message of a body. */
export function newestText(messages: readonly (readonly ReceivedMessage[])[]): string {
  const isPrompt = ({ role, text }: ReceivedMessage): boolean =>
    role === 'user' || (role === 'tool' && text !== '')
  const last = messages.findLast((pieces) => pieces.some(isPrompt)) ?? []
  return last.findLast((piece) => isPrompt(piece) && piece.text !== '')?.text ?? ''
}

/** Joins neighbouring messages of one role into one. */
export function joinMessages(messages: readonly ReceivedMessage[]): ReceivedMessage[] {
  const joined: ReceivedMessage[] = []
  for (const message of messages) {
    const last = joined.at(-1)
    if (last === undefined || last.role !== message.role) joined.push(message)
    else joined[joined.length - 1] = merge(last, message)
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

/** Creates a message with the given parts; every other part is empty. */
export function messageOf(
  role: ReceivedMessage['role'],
  parts: Partial<Omit<ReceivedMessage, 'role'>>,
): ReceivedMessage {
  return { role, text: '', reasoning: '', toolCalls: [], toolResults: [], media: [], ...parts }
}

/** Adds to each tool result the tool name of the call that it answers. */
export function nameResults(messages: readonly ReceivedMessage[]): ReceivedMessage[] {
  const calls = messages.flatMap((message) => message.toolCalls)
  return messages.map((message) => ({
    ...message,
    toolResults: message.toolResults.map((result) => ({
      ...result,
      name: result.name ?? calls.findLast(({ id }) => id === result.id)?.name,
    })),
  }))
}

/** Returns the data and media type of a data URL, or any other URL itself. */
export function mediaAt(url: string): Omit<ReceivedMedia, 'type'> {
  return readDataUrl(url) ?? { url }
}
