import type { Finder, Span } from './span.ts'

/** Options of a literal search. */
export interface LiteralOptions {
  readonly caseSensitive: boolean
  /** Whether a match must be a whole word. Applies only to edges of the literal that are a letter, digit or `_`. */
  readonly wholeWord: boolean
}

/** Creates a finder of a literal. It takes time linear in the text (Knuth-Morris-Pratt). */
export function literalFinder(words: string, { caseSensitive, wholeWord }: LiteralOptions): Finder {
  const needle = caseSensitive ? words : fold(words)
  const borders = bordersOf(needle)
  const guardStart = wholeWord && isWordAt(needle, 0)
  const guardEnd = wholeWord && endsInWord(needle)
  const isWhole = (text: string, { start, end }: Span): boolean =>
    !(guardStart && endsInWord(text, start)) && !(guardEnd && isWordAt(text, end))
  return {
    spans: async (text, yieldWhenDue) => {
      const hay = caseSensitive ? text : fold(text)
      const found: Span[] = []
      // `indexOf` is much faster for the common case of no match, and linear for short needles.
      const first = needle.length <= NATIVE_NEEDLE ? hay.indexOf(needle) : 0
      if (first < 0) return found
      let matched = 0
      let free = 0
      for (let at = first; at < hay.length; at++) {
        if (at % CHARACTERS_AT_ONCE === CHARACTERS_AT_ONCE - 1) await yieldWhenDue()
        const code = hay.charCodeAt(at)
        while (matched > 0 && needle.charCodeAt(matched) !== code) matched = borders[matched - 1] ?? 0
        if (needle.charCodeAt(matched) === code) matched++
        if (matched < needle.length) continue
        const span = { start: at + 1 - needle.length, end: at + 1 }
        matched = borders[matched - 1] ?? 0
        if (span.start < free || !isWhole(text, span)) continue
        found.push(span)
        free = span.end
      }
      return found
    },
  }
}

const CHARACTERS_AT_ONCE = 16_384
const NATIVE_NEEDLE = 64

/** Lowercases a text without changing its length: letters whose lower case is longer stay unchanged. */
function fold(text: string): string {
  const lowered = text.toLowerCase()
  let folded = lowered.length === text.length ? lowered : ''
  if (folded.length < text.length)
    for (const char of text) {
      const small = char.toLowerCase()
      folded += small.length === char.length ? small : char
    }
  // The Greek sigma has two lower-case forms.
  return folded.replaceAll('ς', 'σ')
}

/** Returns the length of the longest proper border of each prefix, to which the search falls back after a mismatch. */
function bordersOf(text: string): Uint32Array {
  const borders = new Uint32Array(text.length)
  let length = 0
  for (let at = 1; at < text.length; at++) {
    while (length > 0 && text.charCodeAt(at) !== text.charCodeAt(length)) length = borders[length - 1] ?? 0
    if (text.charCodeAt(at) === text.charCodeAt(length)) length++
    borders[at] = length
  }
  return borders
}

const WORD = /^[\p{L}\p{M}\p{N}_]$/u

function isWordAt(text: string, at: number): boolean {
  const code = text.codePointAt(at)
  if (code === undefined) return false
  // Fast path, because most text is ASCII and this runs at both ends of every match.
  return code < 128 ? isAsciiWord(code) : WORD.test(String.fromCodePoint(code))
}

function isAsciiWord(code: number): boolean {
  const letter = code | 0x20
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f
}

/** Whether the character before `end` is part of a word. */
function endsInWord(text: string, end = text.length): boolean {
  if (end === 0) return false
  const last = text.charCodeAt(end - 1)
  const isLow = last >= 0xdc00 && last <= 0xdfff
  return isWordAt(text, end - (isLow && end > 1 ? 2 : 1))
}
