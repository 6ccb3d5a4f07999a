import { LlmError } from '../../core/error.ts'

/** One character of the text: of a literal character, or of a class in native syntax. */
export type Atom =
  | { readonly type: 'char'; readonly char: string; readonly ignoreCase: boolean }
  | { readonly type: 'class'; readonly source: string; readonly ignoreCase: boolean }

/** What is true of a place between two characters. `edge` means the beginning or end of the text, whichever side. */
export interface Look {
  readonly type: 'look'
  readonly side: 'before' | 'after'
  /** The character there has to be one of these; none: the edge of the text only. */
  readonly atom: Atom | undefined
  readonly negate: boolean
  /** What holds where there is no character. */
  readonly atEdge: boolean
}

/** A pattern, taken apart. */
export type Node =
  | { readonly type: 'atom'; readonly atom: Atom }
  | Look
  | { readonly type: 'all'; readonly items: readonly Node[] }
  | { readonly type: 'any'; readonly items: readonly Node[] }
  | {
      readonly type: 'repeat'
      readonly item: Node
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }

export interface Flags {
  readonly ignoreCase: boolean
  /** `^` and `$` at lines too. */
  readonly multiline: boolean
  /** `.` takes line ends too. */
  readonly dotAll: boolean
}

export const LINE_END: Atom = { type: 'class', source: '[\\n\\r\\u2028\\u2029]', ignoreCase: false }
export const NOT_LINE_END: Atom = { type: 'class', source: '[^\\n\\r\\u2028\\u2029]', ignoreCase: false }
export const ANY: Atom = { type: 'class', source: '[^]', ignoreCase: false }
export const NOTHING: Node = Object.freeze({ type: 'all', items: [] })

/** `\b`: exactly one of the two sides is a word character. */
export function wordEdge(negate: boolean, ignoreCase: boolean): Node {
  const word: Atom = { type: 'class', source: '\\w', ignoreCase }
  const side = (where: 'before' | 'after', isWord: boolean): Look => ({
    type: 'look',
    side: where,
    atom: word,
    negate: !isWord,
    atEdge: !isWord,
  })
  const both = (before: boolean, after: boolean): Node => ({
    type: 'all',
    items: [side('before', before), side('after', after)],
  })
  return negate
    ? { type: 'any', items: [both(true, true), both(false, false)] }
    : { type: 'any', items: [both(true, false), both(false, true)] }
}

/** `^` and `$`. */
export function textEdge(side: 'before' | 'after', multiline: boolean): Look {
  return { type: 'look', side, atom: multiline ? LINE_END : undefined, negate: false, atEdge: true }
}

/** Refuses a pattern. The words hold the reason and the place, not the pattern. */
export function refusePattern(reason: string, at?: number): never {
  const place = at === undefined ? '' : ` at character ${at + 1}`
  throw new LlmError('invalid-request', `the pattern is refused: ${reason}${place}`, {
    issues: [{ path: 'pattern', message: `${reason}${place}` }],
  })
}
