import type { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'

/** How an answer ended for the reader: well, or with the error that says why not. */
export type StreamEnd = { readonly type: 'done' } | { readonly type: 'error'; readonly error: LlmError }

/**
 * Turns the batches of one answer into the frames of one protocol. Made per stream, synchronous, no I/O.
 * Order of calls: `open` once, `encode` any number of times, `close` once. Each returns text that may be
 * empty and always ends at a frame's boundary, so a comment or a pause may follow any of them.
 */
export interface Encoder {
  readonly contentType: string
  /** Headers that the protocol asks for beside the content type. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** What goes before the first event. */
  open(): string
  encode(batch: EventBatch): string
  /** The terminal frames: exactly one end, whatever was encoded before. */
  close(ending: StreamEnd): string
  /** What keeps an idle connection alive; absent where the protocol has no such frame. */
  readonly heartbeat?: string | undefined
  /** True where the protocol has no word for an error: the body then breaks off instead of ending well. */
  readonly breaksOnError?: boolean | undefined
}
