import { LlmError } from '../core/error.ts'

/** Throws `misconfigured` unless the argument is a text. */
export function checkText(where: string, value: unknown, path = 'text'): asserts value is string {
  if (typeof value !== 'string') throw wrong(where, path, `must be text; got ${showType(value)}`)
}

/** Creates the error for a wrong argument of the public function `where`. */
export function wrong(where: string, path: string, message: string): LlmError {
  return new LlmError('misconfigured', `${where}: ${path} ${message}`, { issues: [{ path, message }] })
}

function showType(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value
}
