import { parseJson, type JsonValue } from '../json.ts'

const MAX_DEPTH = 200

/**
 * Reads the JSON of a text that is not only JSON, or is broken: in a fence, between words, cut off, with single quotes, names
 * without quotes, comments, trailing commas, line breaks in strings, or the words of Python. Returns `undefined` if there is
 * none. Takes time that grows with the text alone.
 */
export function readLenient(text: string): JsonValue | undefined {
  const fenced = /```(?:json5?|javascript|js)?[^\S\n]*\n([\s\S]*?)(?:\n?```|$)/i.exec(text)?.[1]
  for (const candidate of fenced === undefined ? [text] : [fenced, text]) {
    const strict = parseJson(candidate)
    if (strict !== undefined) return strict
    const value = firstIn(candidate)
    if (value !== undefined) return value
  }
  return scalarIn(text)
}

// The first value in braces; empty ones between words are taken only if there is no other.
function firstIn(text: string): JsonValue | undefined {
  const opener = /[[{]/g
  let empty: JsonValue | undefined
  while (opener.test(text)) {
    const reader = new LenientReader(text, opener.lastIndex - 1)
    const value = reader.read()
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0) return value
    empty ??= value
    opener.lastIndex = Math.max(opener.lastIndex, reader.end)
  }
  return empty
}

// A text without braces may still be the number, the truth or the word that was asked for.
function scalarIn(text: string): JsonValue | undefined {
  const word = text.trim().replace(/^["'`]+|["'`.]+$/g, '')
  if (word === '' || word.length > 200) return undefined
  return wordValue(word)
}

/** The value of a word without quotes: a number, a truth, null in one of its spellings, or the word itself. */
export function wordValue(word: string): JsonValue {
  const known = WORDS.get(word.toLowerCase())
  if (known !== undefined) return known
  return /^[-+]?(?:\d[\d_]*)(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(word) ? Number(word.replaceAll('_', '')) : word
}

const WORDS: ReadonlyMap<string, JsonValue> = new Map<string, JsonValue>([
  ['true', true],
  ['false', false],
  ['null', null],
  ['none', null],
  ['undefined', null],
  ['nan', null],
])
/** The characters that escapes mean, by their letter. */
export const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
])
/** The closing quotation marks by the opening ones. */
export const QUOTES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\u201c', '\u201d'],
])

/** Reads one value from its first brace on. What is missing at the end is closed. */
class LenientReader {
  readonly #text: string
  #at: number
  #depth = 0

  constructor(text: string, start: number) {
    this.#text = text
    this.#at = start
  }

  read(): JsonValue | undefined {
    return this.#value()
  }

  /** Where reading has stopped. */
  get end(): number {
    return this.#at
  }

  #value(): JsonValue | undefined {
    this.#skip()
    const char = this.#text[this.#at]
    if (char === undefined || this.#depth >= MAX_DEPTH) return undefined
    if (char === '{') return this.#within(() => this.#object())
    if (char === '[') return this.#within(() => this.#list())
    const close = QUOTES.get(char)
    if (close !== undefined) return this.#string(close)
    const word = this.#word()
    return word === '' ? undefined : wordValue(word)
  }

  #within<T>(read: () => T): T {
    this.#at++
    this.#depth++
    const value = read()
    this.#depth--
    return value
  }

  #object(): JsonValue {
    const fields: [string, JsonValue][] = []
    for (;;) {
      this.#skip()
      const char = this.#text[this.#at]
      if (char === undefined || char === '}' || char === ']') return this.#closed(Object.fromEntries(fields))
      const close = QUOTES.get(char)
      const name = close === undefined ? this.#word() : this.#string(close)
      this.#skip()
      const isNamed = this.#text[this.#at] === ':' || this.#text[this.#at] === '='
      if (isNamed) this.#at++
      // A name that the end has cut off has no value.
      const value = isNamed ? this.#value() : undefined
      if (name !== '' && value !== undefined) fields.push([name, value])
      else if (!isNamed && !this.#passes()) return this.#closed(Object.fromEntries(fields))
    }
  }

  #list(): JsonValue {
    const items: JsonValue[] = []
    for (;;) {
      this.#skip()
      const char = this.#text[this.#at]
      if (char === undefined || char === ']' || char === '}') return this.#closed(items)
      const value = this.#value()
      if (value !== undefined) items.push(value)
      else if (!this.#passes()) return this.#closed(items)
    }
  }

  #closed<T>(value: T): T {
    this.#at++
    return value
  }

  // A character that begins nothing is passed over. Returns whether there was one.
  #passes(): boolean {
    this.#at++
    return this.#at < this.#text.length
  }

  #string(close: string): string {
    let value = ''
    for (this.#at++; this.#at < this.#text.length; this.#at++) {
      const char = this.#text[this.#at] as string
      if (char === '\\') value += this.#escape()
      else if (char !== close || !this.#endsString()) value += char
      else {
        this.#at++
        return value
      }
    }
    return value
  }

  // A quotation mark inside of a string that was not escaped is followed by more of the string.
  #endsString(): boolean {
    const rest = /\s*(.?)/y
    rest.lastIndex = this.#at + 1
    return ',:}]=/#'.includes(rest.exec(this.#text)?.[1] ?? '')
  }

  #escape(): string {
    const char = this.#text[++this.#at] ?? ''
    if (char !== 'u') return ESCAPES.get(char) ?? char
    const code = this.#text.slice(this.#at + 1, this.#at + 5)
    if (!/^[\da-f]{4}$/i.test(code)) return char
    this.#at += 4
    return String.fromCharCode(Number.parseInt(code, 16))
  }

  #word(): string {
    const words = /[^\s,:=[\]{}"'`/]+(?:[^\S\n]+[^\s,:=[\]{}"'`/]+)*/y
    words.lastIndex = this.#at
    const word = words.exec(this.#text)?.[0] ?? ''
    this.#at += word.length
    return word
  }

  // White space, commas and comments.
  #skip(): void {
    const gaps = /(?:[\s,;]+|\/\/[^\n]*|#[^\n]*|\/\*(?:[^*]|\*(?!\/))*(?:\*\/|$))+/y
    gaps.lastIndex = this.#at
    this.#at += gaps.exec(this.#text)?.[0].length ?? 0
  }
}
