/** One event of a streamed answer. */
export interface FakeFrame {
  /**
   * `head`: the preamble · `content`: text, reasoning, tool calls, files · `seam`: marks between those · `finish`: why it
   * stopped, and what follows that · `end`: the end mark.
   */
  readonly place: 'head' | 'content' | 'seam' | 'finish' | 'end'
  /** JSON text, or the format's end mark. */
  readonly data: string
  /** The event on the wire: with its name and line ends, or in a binary envelope. */
  wrap(data: string): string | Uint8Array
}

/** A server-sent event without a name. */
export function sse(place: FakeFrame['place'], json: unknown): FakeFrame {
  return { place, data: typeof json === 'string' ? json : JSON.stringify(json), wrap: wrapSse }
}

/** A server-sent event with a name. */
export function namedSse(place: FakeFrame['place'], event: string, json: unknown): FakeFrame {
  return { place, data: JSON.stringify(json), wrap: (data) => `event: ${event}\ndata: ${data}\n\n` }
}

function wrapSse(data: string): string {
  return `data: ${data}\n\n`
}
