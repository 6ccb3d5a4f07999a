import { parseWire, type JsonValue } from '../core/json.ts'

// Characters without width, which some servers write before fields and before JSON.
const INVISIBLE = /^[\s\u200b-\u200d\u2060\ufeff]+/

/** The text without invisible characters at its start. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '')
}

/** Parses JSON that may have invisible characters before it. Returns `undefined` if the text is not JSON. */
export function parseLoosely(text: string): JsonValue | undefined {
  return parseWire(text) ?? parseWire(visible(text))
}

const KEEP_ALIVE = /^(:.*|\[?(ping|pong|keep[-_ ]?alive|heart[-_ ]?beat|noop)\]?)$/is

/** Whether a text that is not JSON only keeps the connection open: a comment that a proxy wrapped, or a word for it. */
export function isKeepAlive(text: string): boolean {
  return KEEP_ALIVE.test(text.trim())
}
