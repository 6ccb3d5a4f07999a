import { argument, checkArguments } from '../../core/check-arguments.ts'
const WORD: RegExp = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]|[\p{L}\p{N}\p{M}]+/gu
const CJK: RegExp = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]/u
const SPLIT: RegExp = /(?=[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}])/u
const MAX_WORD_LENGTH = 60
const MAX_TEXT_LENGTH = 200_000
const MAX_WORDS = 20_000

/**
 * The search terms of a text: its words in lower case, without duplicates, in the order of the text. Every store indexes and
 * searches these. Each character of a script without spaces is a term. At most 200 000 characters and 20 000 terms are read.
 */
export function searchTerms(text: string): readonly string[] {
  checkArguments('searchTerms', { text: argument.text }, { text })
  const words = new Set<string>()
  const start = text.slice(0, MAX_TEXT_LENGTH).normalize('NFKC').toLowerCase()
  // Cut again, because normalization turns some characters into several.
  for (const [run] of start.slice(0, MAX_TEXT_LENGTH).matchAll(WORD)) {
    const parts = CJK.test(run) ? run.split(SPLIT).flatMap(firstCharacter) : [run]
    for (const part of parts) words.add(part.slice(0, MAX_WORD_LENGTH))
    if (words.size >= MAX_WORDS) break
  }
  return [...words]
}

// Text before the first character of such a script, or after one, is an ordinary word.
function firstCharacter(part: string): readonly string[] {
  const [first = ''] = part
  const rest = part.slice(first.length)
  return CJK.test(first) && rest !== '' ? [first, rest] : [part]
}
