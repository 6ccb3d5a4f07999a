import { isObject } from '../core/json.ts'

// Names under which servers, gateways and proxies put their words, without case and underscores; the best first.
const NAMES: readonly string[] = [
  'message',
  'originalmessage',
  'msg',
  'errormessage',
  'errormsg',
  'statusmessage',
  'faultstring',
  'detail',
  'details',
  'errordescription',
  'description',
  'reason',
  'error',
  'errors',
  'err',
  'fault',
  'title',
  'data',
  'response',
  'result',
]
// What is in them is named after fields of the request.
const BY_FIELD: ReadonlySet<string> = new Set(['detail', 'details', 'errors'])
const MOST_DEPTH = 5
const MOST_ITEMS = 5
const MOST_LENGTH = 1_000

/** The words of an error reply of a shape that nobody knows; `undefined` where it has none. */
export function findWords(body: unknown): string | undefined {
  return wordsIn(body, 0)?.slice(0, MOST_LENGTH)
}

function wordsIn(value: unknown, depth: number): string | undefined {
  if (depth > MOST_DEPTH) return undefined
  if (typeof value === 'string') return depth > 0 && value.trim() !== '' ? value.trim() : undefined
  if (Array.isArray(value)) return joined(value.slice(0, MOST_ITEMS).map((item) => wordsIn(item, depth + 1)))
  if (!isObject(value)) return undefined
  const fields = new Map(Object.entries(value).map(([name, inner]) => [plainName(name), inner]))
  for (const name of NAMES) {
    const inner = fields.get(name)
    const words =
      wordsIn(inner, depth + 1) ?? (BY_FIELD.has(name) ? wordsByField(inner, depth + 1) : undefined)
    if (words !== undefined) return words
  }
  return undefined
}

function wordsByField(value: unknown, depth: number): string | undefined {
  if (!isObject(value)) return undefined
  const items = Object.entries(value).slice(0, MOST_ITEMS)
  return joined(
    items.map(([field, inner]) => {
      const words = wordsIn(inner, depth + 1)
      return words === undefined ? undefined : `${field}: ${words}`
    }),
  )
}

function joined(words: readonly (string | undefined)[]): string | undefined {
  const told = words.filter((word) => word !== undefined)
  return told.length === 0 ? undefined : told.join('; ')
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll('_', '')
}
