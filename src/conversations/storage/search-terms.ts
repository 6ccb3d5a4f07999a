const WORD: RegExp = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]|[\p{L}\p{N}\p{M}]+/gu
const CJK: RegExp = /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}]/u
const SPLIT: RegExp = /(?=[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{scx=Thai}])/u
const MAX_WORD_LENGTH = 60
const MAX_TEXT_LENGTH = 200_000
const MAX_WORDS = 20_000

/**
 * The words of a text as every store indexes and seeks them: lower case, each once, in the order of the text; a
 * character of a script without spaces is a word by itself. Of a very long text only the beginning is searched.
 */
export function searchTerms(text: string): readonly string[] {
  const words = new Set<string>()
  const start = text.slice(0, MAX_TEXT_LENGTH).normalize('NFKC').toLowerCase()
  // Cut again: a few characters are written out as many.
  for (const [run] of start.slice(0, MAX_TEXT_LENGTH).matchAll(WORD)) {
    const parts = CJK.test(run) ? run.split(SPLIT).flatMap(firstCharacter) : [run]
    for (const part of parts) words.add(part.slice(0, MAX_WORD_LENGTH))
    if (words.size >= MAX_WORDS) break
  }
  return [...words]
}

// What stands before the first such character, or behind one, is a word of the usual kind.
function firstCharacter(part: string): readonly string[] {
  const [first = ''] = part
  const rest = part.slice(first.length)
  return CJK.test(first) && rest !== '' ? [first, rest] : [part]
}
