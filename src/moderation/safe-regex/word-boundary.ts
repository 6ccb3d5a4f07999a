import type { Atom, Look, Node } from './syntax.ts'

/** Letters, digits and marks of all scripts. */
export const LETTER: Atom = { type: 'class', source: '[\\p{L}\\p{N}\\p{M}_]', ignoreCase: false }
const LETTER_TEST = /[\p{L}\p{N}\p{M}_]/u

const noLetter = (side: Look['side']): Node => ({
  type: 'look',
  side,
  atom: LETTER,
  negate: true,
  atEdge: true,
})

/** A word as it is, where none of its letters has another next to it. */
export function wholeWord(word: string, ignoreCase: boolean): Node {
  const chars = Array.from(word)
  const items: Node[] = chars.map((char) => ({ type: 'atom', atom: { type: 'char', char, ignoreCase } }))
  if (LETTER_TEST.test(chars[0] ?? '')) items.unshift(noLetter('before'))
  if (LETTER_TEST.test(chars.at(-1) ?? '')) items.push(noLetter('after'))
  return { type: 'all', items }
}
