import { isObject, parseJson } from '../core/json.ts'

/** Collects JSON that a server sends between the events of a stream without a field name, as some do for errors. */
export interface BareJson {
  /** Adds a line that is not a field. Returns the JSON text that it completes. */
  add(line: string): string | undefined
  /** Whether the line may belong to such JSON and is not longer than the maximum. */
  holds(line: string): boolean
  /** Discards what was collected, because an event followed. */
  drop(): void
}

/** Creates a collector. JSON of more than `maxBytes` is discarded. */
export function createBareJson(maxBytes: number): BareJson {
  let begun = ''
  return {
    add: (line) => {
      if (begun === '' && !isOpening(line)) return undefined
      const text = begun === '' ? line : `${begun}\n${line}`
      begun = text.length > maxBytes ? '' : text
      // JSON over several lines ends with a bracket at the start of a line.
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
