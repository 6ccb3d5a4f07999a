import { rowOf } from '../../core/json.ts'
import { ANY, refusePattern, type Atom } from './syntax.ts'

/** A pattern and the current position in it. */
export interface Cursor {
  readonly source: string
  at: number
}

const SHORTHAND = /^[dDwWsS]$/
const CONTROL: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v', '0': '\0' }

/** Reads an escape that means one character or a class. The cursor is after the backslash. */
export function readEscape(cursor: Cursor, ignoreCase: boolean): Atom {
  const begin = cursor.at
  const char = nextCodePoint(cursor)
  if (SHORTHAND.test(char)) return { type: 'class', source: `\\${char}`, ignoreCase }
  if (char === 'p' || char === 'P')
    return native({ type: 'class', source: `\\${char}${readBraces(cursor, begin)}`, ignoreCase })
  if (/[1-9k]/.test(char))
    refusePattern('backreferences are not supported, because their time has no bound', begin)
  return { type: 'char', char: readChar(cursor, char, begin), ignoreCase }
}

/** Reads `[…]`. The cursor is after the opening bracket. */
export function readClass(cursor: Cursor, ignoreCase: boolean): Atom {
  const begin = cursor.at
  let source = '['
  if (peek(cursor) === '^') {
    source += '^'
    cursor.at++
  }
  for (;;) {
    const char = nextCodePoint(cursor)
    if (char === '') refusePattern('unclosed "["; close it or escape it as \\[', begin - 1)
    if (char === ']') break
    if (char === '[' && peek(cursor) === ':')
      refusePattern('POSIX classes are not supported; use \\p{…}', cursor.at)
    if (char === '-') source += isRange(source, cursor) ? '-' : '\\-'
    else source += char === '\\' ? readClassEscape(cursor) : quote(char)
  }
  if (source === '[^') return ANY
  return native({ type: 'class', source: `${source}]`, ignoreCase })
}

// A hyphen next to a class such as `\w` is a literal hyphen.
function isRange(before: string, { source, at }: Cursor): boolean {
  return !/(?:\\[dDwWsS]|\\[pP]\{[^}]*\})$/.test(before) && !/^\\[dDwWsSpP]/.test(source.slice(at, at + 2))
}

function readClassEscape(cursor: Cursor): string {
  const begin = cursor.at
  const char = nextCodePoint(cursor)
  if (SHORTHAND.test(char)) return `\\${char}`
  if (char === 'p' || char === 'P') return `\\${char}${readBraces(cursor, begin)}`
  if (char === 'b') return '\\b'
  return quote(readChar(cursor, char, begin))
}

// Returns the character that an escape means.
function readChar(cursor: Cursor, char: string, begin: number): string {
  if (char === '') refusePattern('unfinished escape at the end; write \\\\ for a backslash', begin - 1)
  const control = rowOf(CONTROL, char)
  if (control !== undefined) return control
  if (char === 'x') return readHex(cursor, 2, begin)
  if (char === 'u') return peek(cursor) === '{' ? readCodePoint(cursor, begin) : readUnits(cursor, begin)
  if (char === 'c') return String.fromCharCode(nextCodePoint(cursor).charCodeAt(0) % 32)
  if (/[A-Za-z0-9]/.test(char)) refusePattern(`unknown escape \\${char}`, begin - 1)
  return char
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
    refusePattern('an escape has missing or invalid hex digits', begin - 1)
  cursor.at += digits
  return String.fromCharCode(parseInt(hex, 16))
}

function readCodePoint(cursor: Cursor, begin: number): string {
  const hex = readBraces(cursor, begin).slice(1, -1)
  const code = /^[0-9a-f]{1,6}$/i.test(hex) ? parseInt(hex, 16) : Infinity
  return code <= 0x10ffff
    ? String.fromCodePoint(code)
    : refusePattern('an escape has missing or invalid hex digits', begin - 1)
}

function readBraces(cursor: Cursor, begin: number): string {
  const end = cursor.source.indexOf('}', cursor.at)
  if (peek(cursor) !== '{' || end === -1)
    refusePattern('an escape needs a name or number in braces', begin - 1)
  const braces = cursor.source.slice(cursor.at, end + 1)
  cursor.at = end + 1
  return braces
}

// Validates the class with the native engine, which also runs it.
function native(atom: Extract<Atom, { type: 'class' }>): Atom {
  try {
    void new RegExp(atom.source, 'u')
  } catch {
    refusePattern(`invalid class ${atom.source.slice(0, 40)}`)
  }
  return atom
}

/** Escapes a character for use inside a class. */
export function quote(char: string): string {
  return /[\\\]^[\-$.*+?(){}|/]/.test(char) ? `\\${char}` : char
}

/** Returns the next UTF-16 unit without consuming it; empty at the end. */
export function peek({ source, at }: Cursor): string {
  return source[at] ?? ''
}

/** Consumes and returns the next code point; empty at the end. */
export function nextCodePoint(cursor: Cursor): string {
  const code = cursor.source.codePointAt(cursor.at)
  if (code === undefined) return ''
  const char = String.fromCodePoint(code)
  cursor.at += char.length
  return char
}
