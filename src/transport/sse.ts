import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { createBareJson } from './bare-json.ts'

// Longest JSON that is looked for outside of events: enough for any error.
const MOST_BARE_BYTES = 65_536
// Of `data`, `event`, `id`, `retry` and of a comment.
const FIELD_STARTS = 'deir:'

/**
 * Cuts a server-sent-event stream into frames. Comments and unknown fields are passed over; a last event without its blank
 * line counts. So does JSON that stands bare between the events.
 */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  const bare = createBareJson(Math.min(maxEventBytes, MOST_BARE_BYTES))
  let out: Frame[] | undefined
  // A line of bare JSON whose end has not come: the parser would not keep it.
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
  const parse = (text: string): void => {
    if (text === '') return
    midLine = !endsLine(text)
    parser.feed(text)
  }
  const parseHeld = (text: string): void => {
    const lastLine = lineStart(text, midLine)
    parse(text.slice(0, lastLine))
    const tail = text.slice(lastLine)
    held = bare.holds(tail) ? tail : ''
    if (held !== '' || tail === '') return
    bare.drop()
    parse(tail)
  }
  const feed = (piece: string, frames: Frame[]): void => {
    out = frames
    if (held === '' && endsLine(piece)) parse(piece)
    else parseHeld(held + piece)
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

// Where a last line that is not over and is no field begins; else the end of the text.
function lineStart(text: string, midLine: boolean): number {
  let at = text.lastIndexOf('\n') + 1
  if (text.includes('\r', at)) at = text.lastIndexOf('\r') + 1
  const isKnown = at === text.length || (at === 0 && midLine)
  return isKnown || FIELD_STARTS.includes(text.charAt(at)) ? text.length : at
}

/** The error of a frame that passes the size bound. */
export function tooLarge(maxEventBytes: number): LlmError {
  const message = `the provider sent an event of more than ${maxEventBytes} bytes; raise stream.maxEventBytes if it is meant to`
  return new LlmError('reply-malformed', message)
}
