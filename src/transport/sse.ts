import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { createBareJson } from './bare-json.ts'
import { visible } from './tolerance.ts'

// Maximum size of JSON outside of events: enough for any error.
const MAX_BARE_BYTES = 65_536
// How the fields of the format and its comments begin. `e` alone may begin `event` or `error`.
const FIELD = /^(?:[dir:]|ev)/
// Fields that are not those of the format, but hold an event: an error, or a field behind characters without width.
const ODD_FIELD = /^(data|error): ?(.*)$/s

/**
 * Creates a decoder for server-sent events. It skips comments and unknown fields. A last event without its blank line is
 * a frame, and so is JSON between the events without a field name. A field named `error` is an event of that name.
 */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  const bare = createBareJson(Math.min(maxEventBytes, MAX_BARE_BYTES))
  let out: Frame[] | undefined
  // An unfinished line of bare JSON or of an odd field, held here because the parser would discard it.
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
      if (type !== 'unknown-field' || line === undefined) return
      const [, field, value = ''] = ODD_FIELD.exec(visible(line)) ?? []
      const data = field === undefined ? bare.add(line) : value
      if (data !== undefined) out?.push(field === 'error' ? { event: field, data } : { data })
    },
    // The buffered line has the name of its field, too.
    maxBufferSize: maxEventBytes + 'event: '.length,
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
    held = ''
    if (tail === '') return
    const shown = visible(tail)
    // Behind invisible characters, a field of the format.
    if (shown.length < tail.length && FIELD.test(shown)) return parse(shown)
    held = bare.holds(tail) || mayBeError(shown) ? tail : ''
    if (held !== '') return
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
  return isKnown || FIELD.test(text.slice(at, at + 2)) ? text.length : at
}

// Whether an unfinished line may be a field named `error`, of a size that errors have.
function mayBeError(line: string): boolean {
  return line.length <= MAX_BARE_BYTES && 'error:'.startsWith(line.slice(0, 6))
}

/** The `reply-malformed` of a frame of more than `maxEventBytes`. */
export function tooLarge(maxEventBytes: number): LlmError {
  const message = `the provider sent an event of more than ${maxEventBytes} bytes: raise stream.maxEventBytes if events of this size are expected`
  return new LlmError('reply-malformed', message)
}
