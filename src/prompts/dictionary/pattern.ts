import { LlmError } from '../../core/error.ts'
import { compilePattern as compileSafe } from '../../moderation/index.ts'
import { withoutLayout } from './strip-extended-syntax.ts'
import { literalFinder } from './literal.ts'
import { readRegexKey } from './regex-key.ts'
import type { Finder } from './span.ts'

/** A pattern ready to be looked for, or what is wrong with it. */
export type CompiledPattern = { readonly finder: Finder } | { readonly problem: string }

/** What to look for. */
export interface PatternSpec {
  readonly type: 'literal' | 'regex'
  readonly pattern: string
  /** Of `i`, `m`, `s` and `x`, for regular expressions. */
  readonly flags: string
  readonly caseSensitive: boolean
  /** For literal texts. */
  readonly wholeWord: boolean
}

/** Longest literal text; a regular expression has the limits of safe patterns. */
const MAX_LITERAL_CHARS = 10_000

/** The key of an in-call entry: in slashes a regular expression, else a whole word; in any case of letters. */
export function keyFinder(key: string): CompiledPattern {
  const regex = readRegexKey(key.trim())
  const rest = { caseSensitive: false, wholeWord: true }
  if (regex === undefined) return compilePattern({ type: 'literal', pattern: key, flags: '', ...rest })
  return compilePattern({ type: 'regex', pattern: regex.source, flags: regex.flags, ...rest })
}

/** Compiles a pattern. Its time on a text is linear in the text, also for a pattern that a stranger wrote. */
export function compilePattern(spec: PatternSpec): CompiledPattern {
  const { type, pattern } = spec
  if (pattern === '') return { problem: 'is empty' }
  if (type === 'regex') return compileRegex(spec)
  if (pattern.length > MAX_LITERAL_CHARS) return { problem: `is longer than ${MAX_LITERAL_CHARS} characters` }
  return { finder: literalFinder(pattern, spec) }
}

function compileRegex({ pattern, flags, caseSensitive }: PatternSpec): CompiledPattern {
  const odd = /[^imsx]/.exec(flags)?.[0]
  if (odd !== undefined) return { problem: `has the flag "${odd}"; known: i, m, s, x` }
  const source = flags.includes('x') ? withoutLayout(pattern) : pattern
  const plain = flags.replaceAll(/[xi]/g, '')
  try {
    const safe = compileSafe({
      pattern: source,
      flags: caseSensitive && !flags.includes('i') ? plain : `${plain}i`,
    })
    return { finder: { spans: (text) => safe.matches(text) } }
  } catch (error) {
    if (!LlmError.is(error)) throw error
    return { problem: error.issues?.[0]?.message ?? error.message }
  }
}
