import { LlmError } from '../../core/error.ts'

/** One server-sent event. */
export interface SseEvent {
  /** The name of the event; empty by default. */
  readonly event: string
  /** The `data` lines, joined by line feeds. */
  readonly data: string
  /** The `id` of this event; empty if it has none. */
  readonly id: string
}

/** Reads server-sent events from pieces of text that may be cut anywhere. */
export interface SseParser {
  /** Returns the events that this piece completes. Throws `reply-malformed` if an event exceeds 16 777 216 characters. */
  feed(piece: string): SseEvent[]
}

const MAX_CHARACTERS = 16_777_216
const LINE_END = /\r\n|\n|\r/g

/**
 * Creates a parser for one stream. It accepts all three line ends, comments, several `data` lines and a byte order mark. An
 * event without its empty line is not returned, because it may be cut.
 */
export function createSseParser(): SseParser {
  let rest = ''
  let begun = false
  let skipFeed = false
  let event = ''
  let data: string | undefined
  let id = ''
  const takeField = (line: string): void => {
    const colon = line.indexOf(':')
    const name = colon < 0 ? line : line.slice(0, colon)
    const start = line[colon + 1] === ' ' ? colon + 2 : colon + 1
    const value = colon < 0 ? '' : line.slice(start)
    if (name === 'data') data = data === undefined ? value : `${data}\n${value}`
    else if (name === 'event') event = value
    else if (name === 'id' && !value.includes('\0')) id = value
  }
  const takeLine = (line: string, found: SseEvent[]): void => {
    if (line !== '') return takeField(line)
    if (data !== undefined) found.push({ event, data, id })
    event = ''
    data = undefined
    id = ''
  }
  const feed = (given: string): SseEvent[] => {
    const found: SseEvent[] = []
    let piece = given
    if (piece === '') return found
    if (!begun && piece.startsWith('\uFEFF')) piece = piece.slice(1)
    begun = true
    // The second half of a line end that was cut.
    if (skipFeed && piece.startsWith('\n')) piece = piece.slice(1)
    skipFeed = given.endsWith('\r')
    let from = 0
    for (const match of piece.matchAll(LINE_END)) {
      takeLine(rest + piece.slice(from, match.index), found)
      rest = ''
      from = match.index + match[0].length
    }
    rest += piece.slice(from)
    if (rest.length + (data?.length ?? 0) > MAX_CHARACTERS)
      throw new LlmError('reply-malformed', 'The server sent an event that is too large. Try again.')
    return found
  }
  return { feed }
}
