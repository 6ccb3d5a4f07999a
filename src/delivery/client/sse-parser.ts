import { LlmError } from '../../core/error.ts'

/** One server-sent event. */
export interface SseEvent {
  /** Its name; empty for one without. */
  readonly event: string
  /** Its `data` lines, joined by line feeds. */
  readonly data: string
  /** Its own `id`; empty for one without. */
  readonly id: string
}

/** Reads server-sent events from pieces of text that are cut anywhere. */
export interface SseParser {
  /** Gives the events that this piece completes. Throws `reply-malformed` for an event beyond 16 Mi characters. */
  feed(piece: string): SseEvent[]
}

const MAX_CHARACTERS = 16_777_216
const LINE_END = /\r\n|\n|\r/g

/**
 * Takes all three line ends, comments, several `data` lines and a byte order mark. What is not closed by an empty line
 * is never given: a cut event counts as not sent.
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
    // The other half of a line end that the cut went through.
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
      throw new LlmError(
        'reply-malformed',
        'the server sent an event that is too large to be one of an answer',
      )
    return found
  }
  return { feed }
}
