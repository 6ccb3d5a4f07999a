import type { Issue } from './error.ts'
import { nearestName } from './nearest-name.ts'
import { showValue } from './show-value.ts'

const MISSING = 'is missing; must be'

/** The message about a name that is not among `known`. */
export function unknownName(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known)
  const names = nearest === undefined || known.length <= 12 ? `; known: ${known.join(', ')}` : ''
  return `is not an option${nearest === undefined ? '' : `; did you mean "${nearest}"?`}${names}`
}

/** The message about a value that is not as expected. */
export function problem(expected: string, value: unknown, shown: string = showValue(value)): string {
  return value === undefined ? `${MISSING} ${expected}` : `must be ${expected}; got ${shown}`
}

/** Whether an issue is that a field is missing. */
export function isMissing({ message }: Issue): boolean {
  return message.startsWith(MISSING)
}

/** Words as a choice, each once: `a, b or c`. */
export function either(words: readonly string[]): string {
  const all = [...new Set(words)]
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} or ${String(all.at(-1))}`
}
