import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'

/** Cuts a server-sent-event stream into frames. Comments and unknown fields are passed over; a last event without its blank line counts. */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  let out: Frame[] | undefined
  const parser = createParser({
    onEvent: (message) => {
      if (message.data.length > maxEventBytes) throw tooLarge(maxEventBytes)
      out?.push(message)
    },
    onError: (error) => {
      if (error.type === 'max-buffer-size-exceeded') throw tooLarge(maxEventBytes)
    },
    maxBufferSize: maxEventBytes,
  })
  const feed = (text: string, frames: Frame[]): void => {
    out = frames
    if (text !== '') parser.feed(text)
    // Kept, they would hold the text of the whole read for as long as the next one takes.
    out = undefined
  }
  return {
    push: (piece, frames) => feed(decoder.decode(piece, { stream: true }), frames),
    end: (frames) => feed(`${decoder.decode()}\n\n`, frames),
  }
}

/** The error of a frame that passes the size bound. */
export function tooLarge(maxEventBytes: number): LlmError {
  const message = `the provider sent an event of more than ${maxEventBytes} bytes; raise stream.maxEventBytes if it is meant to`
  return new LlmError('reply-malformed', message)
}
