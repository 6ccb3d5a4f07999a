import { createRandom, type Random } from './random.ts'

/** Values that macros stand for. */
export interface MacroValues {
  /** Texts by name of the macro, in lower case. */
  readonly texts: ReadonlyMap<string, () => string>
  readonly random: Random
  /** Seed of `{{pick}}`. */
  readonly seed: string
}

interface Piece {
  readonly text: string
  /** Whether the text was written in the source, and not put in by a macro. */
  readonly isSource: boolean
}

const TOKENS = /\{\{(?!\{)|\}\}|<(?:user|char|bot)>/gi
const MAX_NESTING = 16

/**
 * Replaces macros in double braces, and `<user>`, `<char>` and `<bot>`, in any case. The innermost ones come first; what a
 * macro puts in is not read again. Unknown macros stay. Takes time linear in the text.
 */
export function fillMacros(text: string, values: MacroValues): string {
  const frames: Piece[][] = [[]]
  const put = (piece: string, isSource: boolean): void => {
    if (piece !== '') frames.at(-1)?.push({ text: piece, isSource })
  }
  let at = 0
  for (const { 0: token, index } of text.matchAll(TOKENS)) {
    put(text.slice(at, index), true)
    at = index + token.length
    if (token === '{{' && frames.length <= MAX_NESTING) frames.push([])
    else if (token === '}}' && frames.length > 1) {
      const inner = frames.pop() ?? []
      const value = valueOf(inner, values)
      put(value ?? `{{${textOf(inner)}}}`, value === undefined && inner.every(({ isSource }) => isSource))
    } else if (token.startsWith('<')) {
      const named = values.texts.get(token.slice(1, -1).toLowerCase())
      put(named?.() ?? token, named === undefined)
    } else put(token, true)
  }
  put(text.slice(at), true)
  return frames.map(textOf).join('{{')
}

function textOf(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('')
}

/** Returns the value of the macro, or `undefined` if it is unknown. */
function valueOf(pieces: readonly Piece[], values: MacroValues): string | undefined {
  const [head] = pieces
  if (head === undefined || !head.isSource) return undefined
  const start = head.text.trimStart()
  // Comments are for the reader of a card.
  if (start.startsWith('//')) return ''
  const [, name = '', mark = ''] = /^([a-z_0-9]{1,40})(\s*:{1,2}|\s+(?=\S)|\s*$)/i.exec(start) ?? []
  const known = name.toLowerCase()
  if (mark.trim() === '' && start.trim() === name && pieces.length === 1) return values.texts.get(known)?.()
  const apply = Object.hasOwn(FUNCTIONS, known) ? FUNCTIONS[known as keyof typeof FUNCTIONS] : undefined
  if (apply === undefined || (mark.trim() === '' && known !== 'roll')) return undefined
  const rest = { text: start.slice(name.length + mark.length), isSource: true }
  return apply([rest, ...pieces.slice(1)], values)
}

const FUNCTIONS = {
  random: (pieces: readonly Piece[], { random }: MacroValues) => choose(listOf(pieces), random),
  pick: (pieces: readonly Piece[], { seed }: MacroValues) =>
    choose(listOf(pieces), createRandom(`${seed}\n${textOf(pieces)}`)),
  roll: (pieces: readonly Piece[], { random }: MacroValues) => roll(textOf(pieces), random),
  reverse: (pieces: readonly Piece[]) => Array.from(textOf(pieces)).toReversed().join(''),
  comment: () => '',
  hidden_key: () => '',
} as const

/** Splits a list at `::` if there is one, else at commas that no backslash escapes. Splits no text that a macro put in. */
function listOf(pieces: readonly Piece[]): string[] {
  const own = pieces.filter(({ isSource }) => isSource)
  const mark = own.some(({ text }) => text.includes('::')) ? /::/ : /(?<!\\),/
  const items = ['']
  for (const { text, isSource } of pieces) {
    const [first = '', ...others] = isSource ? text.split(mark) : [text]
    items.push((items.pop() ?? '') + first, ...others)
  }
  return items.map((item) => item.replaceAll('\\,', ',').trim())
}

function choose(items: readonly string[], random: Random): string {
  return items[Math.floor(random() * items.length)] ?? ''
}

const MAX_DICE = 100
const MAX_SIDES = 1_000_000_000

function roll(text: string, random: Random): string | undefined {
  const [, count = '', sides = '', bonus = '0'] =
    /^\s*(\d{0,3})\s*d?\s*(\d{1,10})\s*([+-]\s*\d{1,9})?\s*$/i.exec(withDie(text)) ?? []
  const [dice, most] = [count === '' ? 1 : Number(count), Number(sides)]
  if (sides === '' || dice < 1 || dice > MAX_DICE || most < 1 || most > MAX_SIDES) return undefined
  let sum = Number(bonus.replaceAll(/\s/g, ''))
  for (let die = 0; die < dice; die++) sum += Math.floor(random() * most) + 1
  return String(sum)
}

/** `6` is one die of six sides. */
function withDie(text: string): string {
  return /d/i.test(text) ? text : `1d${text.trim()}`
}
