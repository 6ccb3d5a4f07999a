import { cut } from './issues.ts'
import { scrubSecrets } from './secret.ts'

// Longest piece of a wrong value that a message repeats, in characters.
const MAX_SHOWN = 40
// Enough of it that a key in the shown piece is recognized.
const MAX_SCRUBBED = 400

/** A wrong value as a message repeats it: short, and without keys. */
export function showValue(value: unknown): string {
  if (typeof value === 'bigint') return cut(`${value}n`, MAX_SHOWN)
  if (typeof value !== 'string') return value === null || isScalar(value) ? String(value) : typeName(value)
  const clean = scrubSecrets(value.slice(0, MAX_SCRUBBED))
  return JSON.stringify(clean.length > MAX_SHOWN ? `${clean.slice(0, MAX_SHOWN)}…` : clean)
}

function isScalar(value: unknown): boolean {
  return value === undefined || typeof value === 'number' || typeof value === 'boolean'
}

/** The type of a value, as a noun. */
export function typeName(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value === 'string') return value === '' ? 'empty text' : 'text'
  if (Array.isArray(value)) return 'a list'
  if (typeof value !== 'object') return `a ${typeof value}`
  const { name } = (value.constructor ?? Object) as { name?: unknown }
  return typeof name === 'string' && name !== 'Object' && name !== '' ? `a ${name}` : 'an object'
}
