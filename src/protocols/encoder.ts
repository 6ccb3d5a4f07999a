import type { LlmError } from '../core/error.ts'
import type { EventBatch } from '../core/event.ts'
import { optionsSchema, type Rows } from '../core/options.ts'
import { callable, flag, number, required, text, type Group } from '../core/schema.ts'

/** How a streamed response ends for its client: complete, or with an error. */
export type StreamEnd = { readonly type: 'done' } | { readonly type: 'error'; readonly error: LlmError }

/**
 * Turns the event batches of one response into the frames of one protocol. Created per stream, synchronous, no I/O.
 * Call order: `open` once, `encode` any number of times, `close` once. Each returns text that may be empty and always
 * ends at a frame boundary, so a heartbeat may follow any of them.
 */
export interface Encoder {
  readonly contentType: string
  /** Response headers that the protocol requires beside the content type. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Returns what precedes the first event. */
  open(): string
  encode(batch: EventBatch): string
  /** Returns the terminal frames: exactly one end, whatever was encoded before. */
  close(ending: StreamEnd): string
  /** Frame that keeps an idle connection alive. Default: the protocol has none. */
  readonly heartbeat?: string | undefined
  /** Whether the protocol cannot express an error. The HTTP body is then aborted instead of closed. */
  readonly breaksOnError?: boolean | undefined
}

/** Facts about a response that are not in its events. One object fits every encoder. */
export interface EncoderOptions {
  /** Response id that the client sees. Default: a new id with the protocol's prefix. */
  readonly id?: string | undefined
  /** Model name that the client sees. Default: the model of the `start` event. */
  readonly model?: string | undefined
  /** When the request arrived, in ms since the epoch: `clock.epochMs()`. */
  readonly createdMs: number
  /** Conversation id: a field of the vendor-neutral protocols, and an extra field of OpenAI's replies. */
  readonly conversationId?: string | undefined
  /** Id of the run, as the client sees it. Default: `id`. */
  readonly runId?: string | undefined
  /** Id under which the answer is stored. Default: that of the `start` event, if a chat service answers. */
  readonly messageId?: string | undefined
  /** Id under which the user message is stored. Default: that of the `start` event, if a chat service answers. */
  readonly userMessageId?: string | undefined
  /**
   * Whether this server runs the tool of that name itself. The vendors' protocols leave such calls out, because their
   * clients would try to run them. Default: the client runs every call.
   */
  readonly isServerTool?: ((name: string) => boolean) | undefined
  /**
   * Whether requests for decisions about tool calls have the protocol's own form, which only readers that know it
   * understand (`useChat` of version 6 and later). Default false: as data beside the message.
   */
  readonly approvals?: boolean | undefined
  /** Whether the stream continues a message that its reader has, with the calls whose results come. Default false. */
  readonly continues?: boolean | undefined
}

/** The fields of {@link EncoderOptions}. */
export const encoderRows = (): Rows<EncoderOptions> => ({
  id: text,
  model: text,
  createdMs: required(number({ min: 0 })),
  conversationId: text,
  runId: text,
  messageId: text,
  userMessageId: text,
  isServerTool: callable,
  approvals: flag,
  continues: flag,
})
/** The schema of {@link EncoderOptions}. */
export const encoderSchema: Group = optionsSchema<EncoderOptions>()(encoderRows)
