import { LlmError } from '../../../core/error.ts'
import { cut } from '../../../core/issues.ts'
import { isObject } from '../../../core/json.ts'

// Longest text in a log line, in characters, and most items of a list. A request must not be logged larger than it was.
const MAX_TEXT = 300
const MAX_ITEMS = 4
const MAX_DEPTH = 4
// Longest logged error as JSON, in characters.
const MAX_JSON = 2_000

/** An error as a log line shows it: at most about 2 000 characters, whatever a client or a provider put into it. */
export function loggedError(error: unknown): object {
  if (!LlmError.is(error)) return { message: cut(describe(error), 2 * MAX_TEXT) }
  const whole = error.toJSON()
  const short = shortened(whole, 0) as object
  if (JSON.stringify(short).length <= MAX_JSON) return short
  const { name, kind, code, status, provider, model, requestId, message } = whole
  return shortened({ name, kind, code, status, provider, model, requestId, message }, 0) as object
}

function shortened(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return cut(value, MAX_TEXT)
  if (depth === MAX_DEPTH) return undefined
  if (Array.isArray(value)) {
    const shown: unknown[] = value.slice(0, MAX_ITEMS).map((item) => shortened(item, depth + 1))
    return value.length > MAX_ITEMS ? [...shown, `and ${value.length - MAX_ITEMS} more`] : shown
  }
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, shortened(item, depth + 1)]))
}

function describe(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error
}
