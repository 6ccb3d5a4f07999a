import { isObject } from '../core/json.ts'

// Field names for the text of an error, without case and underscores. The first that holds a text is used.
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
// Objects in these fields hold one text for each field of the request.
const BY_FIELD: ReadonlySet<string> = new Set(['detail', 'details', 'errors'])
const MAX_DEPTH = 5
const MAX_ITEMS = 5
const MAX_LENGTH = 1_000

/** The text of an error reply of unknown shape; `undefined` if it has none. */
export function findMessage(body: unknown): string | undefined {
  return textIn(body, 0)?.slice(0, MAX_LENGTH)
}

function textIn(value: unknown, depth: number): string | undefined {
  if (depth > MAX_DEPTH) return undefined
  if (typeof value === 'string') return depth > 0 && value.trim() !== '' ? value.trim() : undefined
  if (Array.isArray(value)) return joined(value.slice(0, MAX_ITEMS).map((item) => textIn(item, depth + 1)))
  if (!isObject(value)) return undefined
  const fields = new Map(Object.entries(value).map(([name, inner]) => [plainName(name), inner]))
  for (const name of NAMES) {
    const inner = fields.get(name)
    const text = textIn(inner, depth + 1) ?? (BY_FIELD.has(name) ? textByField(inner, depth + 1) : undefined)
    if (text !== undefined) return text
  }
  return undefined
}

function textByField(value: unknown, depth: number): string | undefined {
  if (!isObject(value)) return undefined
  const items = Object.entries(value).slice(0, MAX_ITEMS)
  return joined(
    items.map(([field, inner]) => {
      const text = textIn(inner, depth + 1)
      return text === undefined ? undefined : `${field}: ${text}`
    }),
  )
}

function joined(texts: readonly (string | undefined)[]): string | undefined {
  const found = texts.filter((text) => text !== undefined)
  return found.length === 0 ? undefined : found.join('; ')
}

function plainName(name: string): string {
  return name.toLowerCase().replaceAll('_', '')
}
