import type { Atom, Assertion, Node } from './syntax.ts'

/** Letters, digits, visited and `_`, of all scripts. */
export const LETTER: Atom = { type: 'class', source: '[\\p{L}\\p{N}\\p{M}_]', ignoreCase: false }
const LETTER_TEST = /[\p{L}\p{N}\p{M}_]/u

const noLetter = (side: Assertion['side']): Node => ({
  type: 'assertion',
  side,
  atom: LETTER,
  negate: true,
  atEdge: true,
})

/** Returns a pattern that matches a word only where no letter or digit precedes or follows it. */
export function wholeWord(word: string, ignoreCase: boolean): Node {
  const chars = Array.from(word)
  const items: Node[] = chars.map((char) => ({ type: 'atom', atom: { type: 'char', char, ignoreCase } }))
  if (LETTER_TEST.test(chars[0] ?? '')) items.unshift(noLetter('before'))
  if (LETTER_TEST.test(chars.at(-1) ?? '')) items.push(noLetter('after'))
  return { type: 'sequence', items }
}
