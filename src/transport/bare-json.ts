import { isObject, parseJson } from '../core/json.ts'

/** Puts JSON together that stands between the events of a stream, without a field name: so some servers tell an error. */
export interface BareJson {
  /** Takes a line that is no field. Gives the JSON that it completes. */
  add(line: string): string | undefined
  /** True where this may be a line of such JSON, or its beginning; not where it is longer than any. */
  holds(line: string): boolean
  /** An event came: what was begun was none. */
  drop(): void
}

/** `maxBytes` bounds what is kept: longer JSON is given up. */
export function createBareJson(maxBytes: number): BareJson {
  let begun = ''
  return {
    add: (line) => {
      if (begun === '' && !isOpening(line)) return undefined
      const text = begun === '' ? line : `${begun}\n${line}`
      begun = text.length > maxBytes ? '' : text
      // Written over several lines, it is closed by a bracket that stands first.
      if (text !== line && !isClosing(line)) return undefined
      const json = parseJson(text)
      if (!isObject(json) && !Array.isArray(json)) return undefined
      begun = ''
      return text
    },
    holds: (line) => line.length <= maxBytes && (begun !== '' || isOpening(line)),
    drop: () => {
      begun = ''
    },
  }
}

function isOpening(line: string): boolean {
  const first = line.charAt(0)
  return first === '{' || first === '['
}

function isClosing(line: string): boolean {
  const first = line.charAt(0)
  return first === '}' || first === ']'
}
