import type { Clock } from '../../core/clock.ts'

/** What an encoder tells of the answer besides its events. One object fits every encoder. */
export interface EncoderOptions {
  /** The answer's id as the reader sees it. Default: a new one with the protocol's own prefix. */
  readonly id?: string | undefined
  /** The model's name as the reader sees it. Default: what the `start` event says. */
  readonly model?: string | undefined
  /** When the answer was asked for: `clock.epochMs()`. */
  readonly createdMs: number
  /** Told in the frames of protocols that are not bound to a vendor, and as an extra field in OpenAI chat chunks. */
  readonly conversationId?: string | undefined
  /**
   * True for a tool that this server runs itself. The protocols of model vendors have no word for a call that is none of
   * the reader's business: such calls are left out there. Default: every call is the reader's to make.
   */
  readonly isServerTool?: ((name: string) => boolean) | undefined
}

/** Options of the OpenAI chat encoder. */
export interface OpenAIChatOptions extends EncoderOptions {
  /** `stream_options.include_usage`: one chunk with usage and no choices before the end. Default false. */
  readonly includeUsage?: boolean | undefined
  /**
   * Named `stream_start` and `stream_end` events around the chunks, and `[DONE]` on every path. Not for OpenAI's own
   * clients, which take each event for a chunk. Default false.
   */
  readonly streamFrames?: boolean | undefined
  /** For the time in `stream_end`. Default: real time. */
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}

/** Options of the plain SSE encoder. */
export interface PlainSseOptions extends EncoderOptions {
  /** Named `stream_start` and `stream_end` events around the frames. Default false. */
  readonly streamFrames?: boolean | undefined
  /** For the time in `stream_end`. Default: real time. */
  readonly clock?: Pick<Clock, 'epochMs'> | undefined
}
