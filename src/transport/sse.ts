import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { createBareJson } from './bare-json.ts'

// Maximum size of JSON outside of events: enough for any error.
const MAX_BARE_BYTES = 65_536
// First characters of `data`, `event`, `id`, `retry` and of a comment.
const FIELD_STARTS = 'deir:'

/**
 * Creates a decoder for server-sent events. It skips comments and unknown fields. A last event without its blank line is
 * a frame, and so is JSON between the events without a field name.
 */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  const bare = createBareJson(Math.min(maxEventBytes, MAX_BARE_BYTES))
  let out: Frame[] | undefined
  // An unfinished line of bare JSON, held here because the parser would discard it.
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
    // Released, because the frames keep the text of this whole read in memory until the next one.
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

// Start of an unfinished last line that is not a field; else the end of the text.
function lineStart(text: string, midLine: boolean): number {
  let at = text.lastIndexOf('\n') + 1
  if (text.includes('\r', at)) at = text.lastIndexOf('\r') + 1
  const isKnown = at === text.length || (at === 0 && midLine)
  return isKnown || FIELD_STARTS.includes(text.charAt(at)) ? text.length : at
}

/** The `reply-malformed` of a frame of more than `maxEventBytes`. */
export function tooLarge(maxEventBytes: number): LlmError {
  const message = `the provider sent an event of more than ${maxEventBytes} bytes: raise stream.maxEventBytes if events of this size are expected`
  return new LlmError('reply-malformed', message)
}
