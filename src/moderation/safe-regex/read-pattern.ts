import { peek, readClass, readEscape, readSign, type Cursor } from './read-class.ts'
import {
  ANY,
  NOT_LINE_END,
  NOTHING,
  refusePattern,
  textEdge,
  wordEdge,
  type Flags,
  type Look,
  type Node,
} from './syntax.ts'

const MOST_CHARACTERS = 2_000
const MOST_GROUPS = 100
const MOST_REPEATS = 1_000

interface Reading extends Cursor {
  flags: Flags
  groups: number
}

/**
 * Reads a pattern in JavaScript's own syntax. Refuses with `invalid-request` what has no bounded time (backreferences,
 * lookaround of more than one character) and what is empty, not well-formed, or larger than 2 000 characters and 100 groups.
 */
export function readPattern(source: string, flags: Flags): Node {
  if (source === '') refusePattern('it is empty')
  if (source.length > MOST_CHARACTERS) refusePattern(`it is longer than ${MOST_CHARACTERS} characters`)
  const reading: Reading = { source, at: 0, flags, groups: 0 }
  readInlineFlags(reading)
  const node = readAny(reading)
  if (reading.at < source.length) refusePattern('a parenthesis is closed that was not opened', reading.at)
  return node
}

// `(?i)` at the beginning, as other languages write it.
function readInlineFlags(reading: Reading): void {
  const match = /^\(\?([imsu]+)\)/.exec(reading.source)
  const letters = match?.[1]
  if (match === null || letters === undefined) return
  reading.at = match[0].length
  reading.flags = {
    ignoreCase: reading.flags.ignoreCase || letters.includes('i'),
    multiline: reading.flags.multiline || letters.includes('m'),
    dotAll: reading.flags.dotAll || letters.includes('s'),
  }
}

function readAny(reading: Reading): Node {
  const items = [readAll(reading)]
  while (peek(reading) === '|') {
    reading.at++
    items.push(readAll(reading))
  }
  return items.length === 1 ? (items[0] as Node) : { type: 'any', items }
}

function readAll(reading: Reading): Node {
  const items: Node[] = []
  while (reading.at < reading.source.length && !'|)'.includes(peek(reading)))
    items.push(readRepeated(reading))
  return items.length === 1 ? (items[0] as Node) : { type: 'all', items }
}

function readRepeated(reading: Reading): Node {
  const begin = reading.at
  const item = readOne(reading)
  const times = readTimes(reading)
  if (times === undefined) return item
  const lazy = peek(reading) === '?'
  if (lazy) reading.at++
  if (peek(reading) === '+' || readTimes({ ...reading }) !== undefined)
    refusePattern('two quantifiers follow each other', reading.at)
  const { min, max } = times
  if (max < min) refusePattern('a quantifier counts backwards', begin)
  if (min > MOST_REPEATS || (max !== Infinity && max > MOST_REPEATS))
    refusePattern(`a quantifier counts beyond ${MOST_REPEATS}`, begin)
  return { type: 'repeat', item, min, max, lazy }
}

function readTimes(reading: Cursor): { min: number; max: number } | undefined {
  const sign = peek(reading)
  const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[sign]
  if (simple !== undefined) {
    reading.at++
    return { min: simple[0] as number, max: simple[1] as number }
  }
  if (sign !== '{') return undefined
  const match = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(reading.source.slice(reading.at, reading.at + 24))
  if (match === null) return undefined
  reading.at += match[0].length
  const min = Number(match[1])
  if (match[2] === undefined) return { min, max: min }
  return { min, max: match[3] === '' ? Infinity : Number(match[3]) }
}

function readOne(reading: Reading): Node {
  const begin = reading.at
  const sign = readSign(reading)
  const { ignoreCase, multiline, dotAll } = reading.flags
  switch (sign) {
    case '(':
      return readGroup(reading)
    case '[':
      return { type: 'atom', atom: readClass(reading, ignoreCase) }
    case '.':
      return { type: 'atom', atom: dotAll ? ANY : NOT_LINE_END }
    case '^':
      return textEdge('before', multiline)
    case '$':
      return textEdge('after', multiline)
    case '\\':
      return readBackslash(reading)
    case '*':
    case '+':
    case '?':
      return refusePattern('a quantifier has nothing before it', begin)
    default:
      return { type: 'atom', atom: { type: 'char', char: sign, ignoreCase } }
  }
}

function readBackslash(reading: Reading): Node {
  const sign = peek(reading)
  if (sign === 'b' || sign === 'B') {
    reading.at++
    return wordEdge(sign === 'B', reading.flags.ignoreCase)
  }
  if (sign === 'A' || sign === 'z' || sign === 'Z') {
    reading.at++
    return textEdge(sign === 'A' ? 'before' : 'after', false)
  }
  return { type: 'atom', atom: readEscape(reading, reading.flags.ignoreCase) }
}

function readGroup(reading: Reading): Node {
  const begin = reading.at - 1
  if (++reading.groups > MOST_GROUPS) refusePattern(`it has more than ${MOST_GROUPS} groups`)
  const head = /^\?(?:P?<([A-Za-z_$][\w$]*)>|[:=!]|<[=!])/.exec(
    reading.source.slice(reading.at, reading.at + 80),
  )
  if (peek(reading) === '?' && head === null) refusePattern('this kind of group is not taken', begin)
  const kind = head?.[0] ?? ''
  reading.at += kind.length
  const item = readAny(reading)
  if (peek(reading) !== ')') refusePattern('a parenthesis is not closed', begin)
  reading.at++
  return /[=!]$/.test(kind)
    ? lookAt(item, kind, begin)
    : item.type === 'all' && item.items.length === 0
      ? NOTHING
      : item
}

// A look at one character costs nothing; at more, it may cost any time.
function lookAt(item: Node, kind: string, begin: number): Look {
  const side = kind.includes('<') ? 'before' : 'after'
  const negate = kind.endsWith('!')
  if (item.type === 'atom') return { type: 'look', side, atom: item.atom, negate, atEdge: negate }
  return refusePattern('lookaround takes one character or one class', begin)
}
