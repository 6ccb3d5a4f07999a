/** Deepest nesting of JSON from outside. What is deeper would overflow the stack of the code that reads it. */
export const MAX_JSON_DEPTH = 1000
/** Most values in one JSON body: 500 000 objects take about 50 MB when they are parsed. */
export const MAX_JSON_VALUES = 500_000

/** Which bound a JSON text exceeds, found without parsing it. */
export type JsonExcess = 'depth' | 'values'

const QUOTE = 0x22
const COMMA = 0x2c
const BACKSLASH = 0x5c

/** Returns the bound that a JSON text exceeds, `undefined` if none. Stops at it, so a hostile text costs no more. */
export function jsonExcess(text: string): JsonExcess | undefined {
  if (text.length <= 2 * MAX_JSON_DEPTH) return undefined
  let depth = 0
  let values = 0
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (code === COMMA) values++
    // `[` and `{`, `]` and `}` differ in one bit.
    else if ((code | 0x20) === 0x7b) {
      values++
      if (++depth > MAX_JSON_DEPTH) return 'depth'
    } else if ((code | 0x20) === 0x7d) depth--
    if (values > MAX_JSON_VALUES) return 'values'
  }
  return undefined
}

/** Whether a JSON text is nested deeper than {@link MAX_JSON_DEPTH}. */
export function isTooDeep(text: string): boolean {
  return jsonExcess(text) === 'depth'
}

function endOfString(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let first = end
    while (text.charCodeAt(first - 1) === BACKSLASH && first - 1 > start) first--
    if ((end - first) % 2 === 0) return end
  }
  return text.length
}
