/** One event of a streamed reply. */
export interface FakeFrame {
  /**
   * `head`: the preamble · `content`: text, reasoning, tool calls, files · `seam`: events between those · `finish`: the
   * finish reason and what follows it · `end`: the end marker.
   */
  readonly place: 'head' | 'content' | 'seam' | 'finish' | 'end'
  /** JSON text, or the format's end marker. */
  readonly data: string
  /** Returns the event on the wire: with its name and line ends, or in a binary envelope. */
  wrap(data: string): string | Uint8Array
}

/** Creates an SSE event without a name. */
export function sse(place: FakeFrame['place'], json: unknown): FakeFrame {
  return { place, data: typeof json === 'string' ? json : JSON.stringify(json), wrap: wrapSse }
}

/** Creates an SSE event with a name. */
export function namedSse(place: FakeFrame['place'], event: string, json: unknown): FakeFrame {
  return { place, data: JSON.stringify(json), wrap: (data) => `event: ${event}\ndata: ${data}\n\n` }
}

function wrapSse(data: string): string {
  return `data: ${data}\n\n`
}
