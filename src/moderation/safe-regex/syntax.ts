import { LlmError } from '../../core/error.ts'

/** Matches one character: a literal, or a class in native syntax. */
export type Atom =
  | { readonly type: 'char'; readonly char: string; readonly ignoreCase: boolean }
  | { readonly type: 'class'; readonly source: string; readonly ignoreCase: boolean }

/** An assertion about the character before or after a position. */
export interface Assertion {
  readonly type: 'assertion'
  readonly side: 'before' | 'after'
  /** What the character must match. `undefined`: the assertion holds only at the beginning or end of the text. */
  readonly atom: Atom | undefined
  readonly negate: boolean
  /** Whether the assertion holds at the beginning or end of the text, where there is no character. */
  readonly atEdge: boolean
}

/** A node of a parsed pattern. */
export type Node =
  | { readonly type: 'atom'; readonly atom: Atom }
  | Assertion
  | { readonly type: 'sequence'; readonly items: readonly Node[] }
  | { readonly type: 'alternation'; readonly items: readonly Node[] }
  | {
      readonly type: 'repeat'
      readonly item: Node
      readonly min: number
      readonly max: number
      readonly lazy: boolean
    }

export interface Flags {
  readonly ignoreCase: boolean
  /** Whether `^` and `$` also match at line breaks. */
  readonly multiline: boolean
  /** Whether `.` also matches line breaks. */
  readonly dotAll: boolean
}

export const LINE_END: Atom = { type: 'class', source: '[\\n\\r\\u2028\\u2029]', ignoreCase: false }
export const NOT_LINE_END: Atom = { type: 'class', source: '[^\\n\\r\\u2028\\u2029]', ignoreCase: false }
export const ANY: Atom = { type: 'class', source: '[^]', ignoreCase: false }
export const NOTHING: Node = Object.freeze({ type: 'sequence', items: [] })

/** `\b`, or `\B` if `negate`: whether exactly one side is a word character. */
export function wordBoundary(negate: boolean, ignoreCase: boolean): Node {
  const word: Atom = { type: 'class', source: '\\w', ignoreCase }
  const side = (where: 'before' | 'after', isWord: boolean): Assertion => ({
    type: 'assertion',
    side: where,
    atom: word,
    negate: !isWord,
    atEdge: !isWord,
  })
  const both = (before: boolean, after: boolean): Node => ({
    type: 'sequence',
    items: [side('before', before), side('after', after)],
  })
  return negate
    ? { type: 'alternation', items: [both(true, true), both(false, false)] }
    : { type: 'alternation', items: [both(true, false), both(false, true)] }
}

/** `^` (`before`) and `$` (`after`). */
export function textBoundary(side: 'before' | 'after', multiline: boolean): Assertion {
  return { type: 'assertion', side, atom: multiline ? LINE_END : undefined, negate: false, atEdge: true }
}

/** Throws `invalid-request` with reason and position. The message does not contain the pattern. */
export function refusePattern(reason: string, at?: number): never {
  const place = at === undefined ? '' : ` at character ${at + 1}`
  throw new LlmError('invalid-request', `pattern refused: ${reason}${place}`, {
    issues: [{ path: 'pattern', message: `${reason}${place}` }],
  })
}
