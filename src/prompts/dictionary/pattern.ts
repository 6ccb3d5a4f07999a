import { LlmError } from '../../core/error.ts'
import { compilePattern as compileSafe } from '../../moderation/index.ts'
import { literalFinder } from './literal.ts'
import { readRegexKey, stripExtendedSyntax } from './regex-key.ts'
import type { Finder } from './span.ts'

/** A compiled pattern, or the reason why it is invalid. */
export type CompiledPattern = { readonly finder: Finder } | { readonly problem: string }

/** A pattern and its options. */
export interface PatternSpec {
  readonly type: 'literal' | 'regex'
  readonly pattern: string
  /** Flags of a regular expression: `i`, `m`, `s` and `x`. */
  readonly flags: string
  readonly caseSensitive: boolean
  /** Whether a literal matches only whole words. */
  readonly wholeWord: boolean
}

// Regular expressions have the limits of safe patterns.
const MAX_LITERAL_CHARS = 10_000

/** Compiles the key of an in-call entry: a regular expression if in slashes, else a whole word. Ignores case. */
export function keyFinder(key: string): CompiledPattern {
  const regex = readRegexKey(key.trim())
  const rest = { caseSensitive: false, wholeWord: true }
  if (regex === undefined) return compilePattern({ type: 'literal', pattern: key, flags: '', ...rest })
  return compilePattern({ type: 'regex', pattern: regex.source, flags: regex.flags, ...rest })
}

/** Compiles a pattern. Matching takes time linear in the text, also for untrusted patterns. */
export function compilePattern(spec: PatternSpec): CompiledPattern {
  const { type, pattern } = spec
  if (pattern === '') return { problem: 'is empty' }
  if (type === 'regex') return compileRegex(spec)
  if (pattern.length > MAX_LITERAL_CHARS) return { problem: `is longer than ${MAX_LITERAL_CHARS} characters` }
  return { finder: literalFinder(pattern, spec) }
}

function compileRegex({ pattern, flags, caseSensitive }: PatternSpec): CompiledPattern {
  const unknown = /[^imsx]/.exec(flags)?.[0]
  if (unknown !== undefined) return { problem: `has the unknown flag "${unknown}"; known: i, m, s, x` }
  const source = flags.includes('x') ? stripExtendedSyntax(pattern) : pattern
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
