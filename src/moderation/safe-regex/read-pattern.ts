import { peek, readClass, readEscape, nextCodePoint, type Cursor } from './read-class.ts'
import {
  ANY,
  NOT_LINE_END,
  NOTHING,
  refusePattern,
  textBoundary,
  wordBoundary,
  type Flags,
  type Assertion,
  type Node,
} from './syntax.ts'

const MAX_CHARACTERS = 2_000
const MAX_GROUPS = 100
const MAX_REPEATS = 1_000

interface Reading extends Cursor {
  flags: Flags
  groups: number
}

/**
 * Parses a pattern in JavaScript's syntax. Throws `invalid-request` if it is empty, malformed, longer than 2 000
 * characters, has more than 100 groups, or uses what has no linear-time match: backreferences and lookaround of more
 * than one character.
 */
export function readPattern(source: string, flags: Flags): Node {
  if (source === '') refusePattern('it is empty')
  if (source.length > MAX_CHARACTERS)
    refusePattern(`it is longer than ${MAX_CHARACTERS} characters; shorten it`)
  const reading: Reading = { source, at: 0, flags, groups: 0 }
  readInlineFlags(reading)
  const node = readAlternation(reading)
  if (reading.at < source.length) refusePattern('unmatched ")"; escape it as \\)', reading.at)
  return node
}

// `(?i)` at the beginning, a syntax of other languages.
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

function readAlternation(reading: Reading): Node {
  const items = [readSequence(reading)]
  while (peek(reading) === '|') {
    reading.at++
    items.push(readSequence(reading))
  }
  return items.length === 1 ? (items[0] as Node) : { type: 'alternation', items }
}

function readSequence(reading: Reading): Node {
  const items: Node[] = []
  while (reading.at < reading.source.length && !'|)'.includes(peek(reading)))
    items.push(readRepeated(reading))
  return items.length === 1 ? (items[0] as Node) : { type: 'sequence', items }
}

function readRepeated(reading: Reading): Node {
  const begin = reading.at
  const item = readAtom(reading)
  const quantifier = readQuantifier(reading)
  if (quantifier === undefined) return item
  const lazy = peek(reading) === '?'
  if (lazy) reading.at++
  if (peek(reading) === '+' || readQuantifier({ ...reading }) !== undefined)
    refusePattern('a quantifier follows a quantifier; possessive ones are not supported', reading.at)
  const { min, max } = quantifier
  if (max < min) refusePattern(`the quantifier {${min},${max}} has a minimum above its maximum`, begin)
  if (min > MAX_REPEATS || (max !== Infinity && max > MAX_REPEATS))
    refusePattern(`a quantifier is above ${MAX_REPEATS}; use a smaller one`, begin)
  return { type: 'repeat', item, min, max, lazy }
}

function readQuantifier(reading: Cursor): { min: number; max: number } | undefined {
  const char = peek(reading)
  const simple = { '*': [0, Infinity], '+': [1, Infinity], '?': [0, 1] }[char]
  if (simple !== undefined) {
    reading.at++
    return { min: simple[0] as number, max: simple[1] as number }
  }
  if (char !== '{') return undefined
  const match = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(reading.source.slice(reading.at, reading.at + 24))
  if (match === null) return undefined
  reading.at += match[0].length
  const min = Number(match[1])
  if (match[2] === undefined) return { min, max: min }
  return { min, max: match[3] === '' ? Infinity : Number(match[3]) }
}

function readAtom(reading: Reading): Node {
  const begin = reading.at
  const char = nextCodePoint(reading)
  const { ignoreCase, multiline, dotAll } = reading.flags
  switch (char) {
    case '(':
      return readGroup(reading)
    case '[':
      return { type: 'atom', atom: readClass(reading, ignoreCase) }
    case '.':
      return { type: 'atom', atom: dotAll ? ANY : NOT_LINE_END }
    case '^':
      return textBoundary('before', multiline)
    case '$':
      return textBoundary('after', multiline)
    case '\\':
      return readBackslash(reading)
    case '*':
    case '+':
    case '?':
      return refusePattern(`nothing to repeat before "${char}"; escape it as \\${char}`, begin)
    default:
      return { type: 'atom', atom: { type: 'char', char, ignoreCase } }
  }
}

function readBackslash(reading: Reading): Node {
  const char = peek(reading)
  if (char === 'b' || char === 'B') {
    reading.at++
    return wordBoundary(char === 'B', reading.flags.ignoreCase)
  }
  if (char === 'A' || char === 'z' || char === 'Z') {
    reading.at++
    return textBoundary(char === 'A' ? 'before' : 'after', false)
  }
  return { type: 'atom', atom: readEscape(reading, reading.flags.ignoreCase) }
}

function readGroup(reading: Reading): Node {
  const begin = reading.at - 1
  if (++reading.groups > MAX_GROUPS) refusePattern(`it has more than ${MAX_GROUPS} groups; use fewer`)
  const head = /^\?(?:P?<([A-Za-z_$][\w$]*)>|[:=!]|<[=!])/.exec(
    reading.source.slice(reading.at, reading.at + 80),
  )
  if (peek(reading) === '?' && head === null)
    refusePattern('unsupported kind of group; use ( ), (?: ) or one-character lookaround', begin)
  const kind = head?.[0] ?? ''
  reading.at += kind.length
  const item = readAlternation(reading)
  if (peek(reading) !== ')') refusePattern('unclosed "("; close it or escape it as \\(', begin)
  reading.at++
  return /[=!]$/.test(kind)
    ? readLookaround(item, kind, begin)
    : item.type === 'sequence' && item.items.length === 0
      ? NOTHING
      : item
}

// Lookaround of one character is free; of more, it has no time bound.
function readLookaround(item: Node, kind: string, begin: number): Assertion {
  const side = kind.includes('<') ? 'before' : 'after'
  const negate = kind.endsWith('!')
  if (item.type === 'atom') return { type: 'assertion', side, atom: item.atom, negate, atEdge: negate }
  return refusePattern('lookaround supports only one character or one class', begin)
}
