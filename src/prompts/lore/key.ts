import type { LoreEntry } from './book.ts'

const WORD = /[\p{L}\p{M}\p{N}_]/u
// Words of these scripts are written without spaces between them.
const UNSPACED =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u

/** Lowercases a text for comparison. */
export function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('ς', 'σ')
}

/** Whether a text says a key: as whole words, from the beginning of a word, or anywhere. */
export function says(text: string, key: string, words: LoreEntry['words']): boolean {
  if (key === '') return false
  const [first = ''] = key
  const last = Array.from(key.slice(-2)).at(-1) ?? ''
  const guardsStart = words !== 'any' && isSpacedWord(first)
  const guardsEnd = words === 'whole' && isSpacedWord(last)
  for (let at = text.indexOf(key); at >= 0; at = text.indexOf(key, at + 1)) {
    const before = guardsStart ? (Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? '') : ''
    const after = guardsEnd ? (Array.from(text.slice(at + key.length, at + key.length + 2))[0] ?? '') : ''
    if (!isSpacedWord(before) && !isSpacedWord(after)) return true
  }
  return false
}

function isSpacedWord(char: string): boolean {
  return WORD.test(char) && !UNSPACED.test(char)
}
