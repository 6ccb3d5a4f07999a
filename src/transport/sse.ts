import { createParser } from 'eventsource-parser'
import { LlmError } from '../core/error.ts'
import type { Frame, FrameDecoder } from '../core/wire.ts'
import { createBareJson } from './bare-json.ts'
import { visible } from './tolerance.ts'

// Maximum size of JSON outside of events: enough for any error.
const MAX_BARE_BYTES = 65_536
// Maximum number of lines without a field between two frames: more than a pretty-printed error of that size has.
const MAX_ODD_LINES = 20_000
// A held line of more characters than the longest name of a field, and what may precede it, is known to be no field.
const UNDECIDED_CHARACTERS = 16
// How the fields of the format and its comments begin. `e` alone may begin `event` or `error`.
const FIELD = /^(?:[dir:]|ev)/
// Fields that are not those of the format, but hold an event: an error, or a field behind characters without width.
const ODD_FIELD = /^(data|error): ?(.*)$/s

/**
 * Creates a decoder for server-sent events. It skips comments and unknown fields. A last event without its blank line is
 * a frame, and so is JSON between the events without a field name. A field named `error` is an event of that name. Throws
 * `reply-malformed` after more than `maxEventBytes` without a frame, or 20 000 lines that are no fields.
 */
export function createSseDecoder(maxEventBytes: number): FrameDecoder {
  const decoder = new TextDecoder()
  const bare = createBareJson(Math.min(maxEventBytes, MAX_BARE_BYTES))
  let out: Frame[] | undefined
  // An unfinished line of bare JSON or of an odd field, held here because the parser would discard it.
  const held = createHeldLine()
  const silence = createSilence(maxEventBytes)
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
      silence.addOddLine()
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
    if (tail === '') return
    const shown = visible(tail)
    // Behind invisible characters, a field of the format.
    if (shown.length < tail.length && FIELD.test(shown)) return parse(shown)
    // Two invisible characters mean what any number of them does: the parser removes one at the start of a stream.
    const short = tail.slice(0, Math.min(2, tail.length - shown.length)) + shown
    if (bare.holds(tail)) return held.add(tail)
    if (mayBeError(shown)) return held.add(short)
    bare.drop()
    parse(short)
  }
  const feed = (piece: string, frames: Frame[]): void => {
    const before = frames.length
    out = frames
    if (held.isEmpty() && endsLine(piece)) parse(piece)
    else if (held.continues(piece)) held.add(piece)
    else parseHeld(held.take() + piece)
    // Released, because the frames keep the text of this whole read in memory until the next one.
    out = undefined
    silence.heard(piece.length, frames.length > before)
  }
  return {
    push: (piece, frames) => feed(decoder.decode(piece, { stream: true }), frames),
    end: (frames) => feed(`${decoder.decode()}\n\n`, frames),
  }
}

/** An unfinished line, in the pieces in which it came, joined once so that a long line takes linear time. */
interface HeldLine {
  isEmpty(): boolean
  /** Whether the line is known to be no field of the format, and goes on with `piece` without an end. */
  continues(piece: string): boolean
  add(piece: string): void
  take(): string
}

function createHeldLine(): HeldLine {
  let pieces: string[] = []
  let length = 0
  return {
    isEmpty: () => length === 0,
    continues: (piece) =>
      length > UNDECIDED_CHARACTERS && length + piece.length <= MAX_BARE_BYTES && !/[\r\n]/.test(piece),
    add: (piece) => {
      pieces.push(piece)
      length += piece.length
    },
    take: () => {
      const text = pieces.join('')
      pieces = []
      length = 0
      return text
    },
  }
}

/** Bounds what a server may send without a frame. */
interface Silence {
  addOddLine(): void
  heard(length: number, hasFrame: boolean): void
}

function createSilence(maxEventBytes: number): Silence {
  let length = 0
  let oddLines = 0
  return {
    addOddLine: () => {
      if (++oddLines > MAX_ODD_LINES) throw noEvents()
    },
    heard: (more, hasFrame) => {
      length = hasFrame ? 0 : length + more
      if (hasFrame) oddLines = 0
      if (length > maxEventBytes + MAX_BARE_BYTES) throw tooLarge(maxEventBytes)
    },
  }
}

function noEvents(): LlmError {
  const message = `the provider sent ${MAX_ODD_LINES} lines that are no fields of server-sent events: check baseUrl, and that the provider streams in this format`
  return new LlmError('reply-malformed', message)
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
