import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { createBareJson } from './bare-json.ts'

// Longest JSON that is looked for outside of events: enough for any error.
const MOST_BARE_BYTES = 65_536

/**
 * Cuts a server-sent-event stream into frames. Comments and unknown fields are passed over; a last event without its blank
 * line counts. So does JSON that stands bare between the events.
 */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  const bare = createBareJson(Math.min(maxEventBytes, MOST_BARE_BYTES))
  let out: Frame[] | undefined
  // A line that may be bare JSON, and whose end has not come: the parser would not keep it.
  let held = ''
  let midLine = false
  const parser = createParser({
    onEvent: (message) => {
      if (message.data.length > maxEventBytes) throw tooLarge(maxEventBytes)
      bare.drop()
      out?.push(message)
    },
    onError: ({ type, line }) => {
      if (type === 'max-buffer-size-exceeded') throw tooLarge(maxEventBytes)
      const data = type === 'unknown-field' && line !== undefined ? bare.add(line) : undefined
      if (data !== undefined) out?.push({ data })
    },
    maxBufferSize: maxEventBytes,
  })
  const feed = (piece: string, frames: Frame[]): void => {
    if (piece === '') return
    let text = held + piece
    held = ''
    const lastLine = lineStart(text, midLine)
    if (lastLine !== undefined && lastLine < text.length && bare.holds(text.slice(lastLine))) {
      held = text.slice(lastLine)
      if (held.length > maxEventBytes) throw tooLarge(maxEventBytes)
      text = text.slice(0, lastLine)
    }
    if (text === '') return
    midLine = !endsLine(text)
    out = frames
    parser.feed(text)
    // Kept, they would hold the text of the whole read for as long as the next one takes.
    out = undefined
  }
  return {
    push: (piece, frames) => feed(decoder.decode(piece, { stream: true }), frames),
    end: (frames) => feed(`${decoder.decode()}\n\n`, frames),
  }
}

function endsLine(text: string): boolean {
  const last = text.charCodeAt(text.length - 1)
  return last === 10 || last === 13
}

// Where the last line begins; `undefined` where that was in an earlier piece.
function lineStart(text: string, midLine: boolean): number | undefined {
  for (let at = text.length; at > 0; at--) {
    const code = text.charCodeAt(at - 1)
    if (code === 10 || code === 13) return at
  }
  return midLine ? undefined : 0
}

/** The error of a frame that passes the size bound. */
export function tooLarge(maxEventBytes: number): LlmError {
  const message = `the provider sent an event of more than ${maxEventBytes} bytes; raise stream.maxEventBytes if it is meant to`
  return new LlmError('reply-malformed', message)
}
