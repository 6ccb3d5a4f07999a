import { ANY, refusePattern, type Atom } from './syntax.ts'

/** Where the reading of a pattern is. */
export interface Cursor {
  readonly source: string
  at: number
}

const SHORTHAND = /^[dDwWsS]$/
const CONTROL: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', '0': '\0' }

/** Reads what follows a backslash where it stands for one character: an atom. The cursor is behind the backslash. */
export function readEscape(cursor: Cursor, ignoreCase: boolean): Atom {
  const begin = cursor.at
  const sign = readSign(cursor)
  if (SHORTHAND.test(sign)) return { type: 'class', source: `\\${sign}`, ignoreCase }
  if (sign === 'p' || sign === 'P')
    return native({ type: 'class', source: `\\${sign}${readBraces(cursor, begin)}`, ignoreCase })
  if (/[1-9k]/.test(sign)) refusePattern('backreferences are not taken: their time has no bound', begin)
  return { type: 'char', char: readChar(cursor, sign, begin), ignoreCase }
}

/** Reads `[…]`; the cursor is behind the opening bracket. */
export function readClass(cursor: Cursor, ignoreCase: boolean): Atom {
  const begin = cursor.at
  let source = '['
  if (peek(cursor) === '^') {
    source += '^'
    cursor.at++
  }
  for (;;) {
    const sign = readSign(cursor)
    if (sign === '') refusePattern('a class is not closed', begin - 1)
    if (sign === ']') break
    if (sign === '[' && peek(cursor) === ':')
      refusePattern('POSIX classes are not known; write \\p{…}', cursor.at)
    if (sign === '-') source += isRange(source, cursor) ? '-' : '\\-'
    else source += sign === '\\' ? readClassEscape(cursor) : quote(sign)
  }
  if (source === '[^') return ANY
  return native({ type: 'class', source: `${source}]`, ignoreCase })
}

// A hyphen next to a set such as `\w` is only a hyphen.
function isRange(before: string, { source, at }: Cursor): boolean {
  return !/(?:\\[dDwWsS]|\\[pP]\{[^}]*\})$/.test(before) && !/^\\[dDwWsSpP]/.test(source.slice(at, at + 2))
}

function readClassEscape(cursor: Cursor): string {
  const begin = cursor.at
  const sign = readSign(cursor)
  if (SHORTHAND.test(sign)) return `\\${sign}`
  if (sign === 'p' || sign === 'P') return `\\${sign}${readBraces(cursor, begin)}`
  if (sign === 'b') return '\\b'
  return quote(readChar(cursor, sign, begin))
}

// The character that an escape means.
function readChar(cursor: Cursor, sign: string, begin: number): string {
  if (sign === '') refusePattern('a backslash stands at the end', begin - 1)
  const control = CONTROL[sign]
  if (control !== undefined) return control
  if (sign === 'x') return readHex(cursor, 2, begin)
  if (sign === 'u') return peek(cursor) === '{' ? readCodePoint(cursor, begin) : readUnits(cursor, begin)
  if (sign === 'c') return String.fromCharCode(readSign(cursor).charCodeAt(0) % 32)
  if (/[A-Za-z0-9]/.test(sign)) refusePattern(`\\${sign} is not known`, begin - 1)
  return sign
}

function readUnits(cursor: Cursor, begin: number): string {
  const first = readHex(cursor, 4, begin)
  const pair = /^\\u(d[c-f][0-9a-f]{2})/i.exec(cursor.source.slice(cursor.at, cursor.at + 6))
  if (pair === null || !/^[\ud800-\udbff]$/.test(first)) return first
  cursor.at += 6
  return first + String.fromCharCode(parseInt(pair[1] ?? '', 16))
}

function readHex(cursor: Cursor, digits: number, begin: number): string {
  const hex = cursor.source.slice(cursor.at, cursor.at + digits)
  if (hex.length !== digits || !/^[0-9a-f]+$/i.test(hex))
    refusePattern('an escape lacks its digits', begin - 1)
  cursor.at += digits
  return String.fromCharCode(parseInt(hex, 16))
}

function readCodePoint(cursor: Cursor, begin: number): string {
  const hex = readBraces(cursor, begin).slice(1, -1)
  const code = /^[0-9a-f]{1,6}$/i.test(hex) ? parseInt(hex, 16) : Infinity
  return code <= 0x10ffff
    ? String.fromCodePoint(code)
    : refusePattern('an escape lacks its digits', begin - 1)
}

function readBraces(cursor: Cursor, begin: number): string {
  const end = cursor.source.indexOf('}', cursor.at)
  if (peek(cursor) !== '{' || end === -1) refusePattern('an escape lacks its braces', begin - 1)
  const braces = cursor.source.slice(cursor.at, end + 1)
  cursor.at = end + 1
  return braces
}

// The engine's own reading of the class is asked: what it does not take, nobody takes.
function native(atom: Extract<Atom, { type: 'class' }>): Atom {
  try {
    void new RegExp(atom.source, 'u')
  } catch {
    refusePattern(`the class ${atom.source.slice(0, 40)} is not valid`)
  }
  return atom
}

/** One character, escaped so that it means itself inside a class. */
export function quote(char: string): string {
  return /[\\\]^[\-$.*+?(){}|/]/.test(char) ? `\\${char}` : char
}

/** The next character without taking it. */
export function peek({ source, at }: Cursor): string {
  return source[at] ?? ''
}

/** Takes the next character, a whole one; empty at the end. */
export function readSign(cursor: Cursor): string {
  const code = cursor.source.codePointAt(cursor.at)
  if (code === undefined) return ''
  const sign = String.fromCodePoint(code)
  cursor.at += sign.length
  return sign
}
