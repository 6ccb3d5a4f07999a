import type { JsonValue } from '../json.ts'
import { ESCAPES, QUOTES, wordValue } from './lenient-json.ts'
import { PartialTree, type DropsNull } from './partial-tree.ts'

const MAX_DEPTH = 200
const BACKSLASH = 0x5c
const GAP = /[\s,;]*/y
const SPACE = /\s*/y
const WORD = /[^,:=[\]{}"'`/\n]*/y
const AFTER_STRING = ',:}]=/#'

type Mode = 'gap' | 'string' | 'escape' | 'unicode' | 'closing' | 'word' | 'slash' | 'line' | 'block' | 'star'

/**
 * Reads one JSON value whose text comes in pieces, each character once. Takes what `readLenient` takes: single quotes, names
 * without quotes, comments, trailing commas, line breaks in strings.
 */
export class PartialJson {
  /** Whether the value is complete. */
  isClosed = false
  readonly tree: PartialTree
  #mode: Mode = 'gap'
  /** The string or word that is being read. */
  #text = ''
  #quote = ''
  /** White space after a quotation mark, or the digits of an escape. */
  #held = ''

  /** `opener`: the brace that begins the value, which is not part of the text. */
  constructor(opener: string, dropsNull?: DropsNull) {
    this.tree = new PartialTree(opener === '[', dropsNull)
  }

  /** Reads on. Returns how many characters belong to the value. */
  push(text: string): number {
    let at = 0
    while (at < text.length && !this.isClosed) at = this.#step(text, at)
    return at
  }

  /** Ends the value where the text ends. */
  end(): void {
    if (this.#mode === 'word' || this.#isInString) this.#commit(this.#mode === 'word')
    this.tree.end()
    this.isClosed = true
  }

  /** The value so far, which does not change any more. */
  snapshot(): JsonValue {
    const isOpen = this.#isInString && this.tree.top.expects === 'value'
    // Half a pair of surrogates is no character yet.
    return this.tree.snapshot(isOpen ? this.#text.replace(/[\ud800-\udbff]$/, '') : undefined)
  }

  get #isInString(): boolean {
    const mode = this.#mode
    return mode === 'string' || mode === 'escape' || mode === 'unicode' || mode === 'closing'
  }

  #step(text: string, at: number): number {
    switch (this.#mode) {
      case 'gap':
        return this.#gap(text, at)
      case 'string':
        return this.#string(text, at)
      case 'escape':
        return this.#escape(text, at)
      case 'unicode':
        return this.#unicode(text, at)
      case 'closing':
        return this.#closing(text, at)
      case 'word':
        return this.#word(text, at)
      default:
        return this.#comment(text, at)
    }
  }

  #gap(text: string, from: number): number {
    const at = isGap(text.charCodeAt(from)) ? passed(GAP, text, from) : from
    const char = text[at]
    if (char === undefined) return at
    const { top } = this.tree
    if (top.expects === 'colon') {
      top.expects = char === ':' || char === '=' ? 'value' : 'name'
      // A name without a value is passed over.
      if (top.expects === 'name') return at
    } else if (char === '"') this.#begin(char)
    else if (char === '}' || char === ']') this.#close()
    else if (char === '{' || char === '[') this.#open(char === '[')
    else if (char === '/') this.#mode = 'slash'
    else if (char === '#') this.#mode = 'line'
    else if (QUOTES.has(char)) this.#begin(QUOTES.get(char) ?? char)
    else if (char !== ':' && char !== '=') {
      this.#mode = 'word'
      return at
    }
    return at + 1
  }

  #open(isList: boolean): void {
    if (this.tree.top.expects !== 'value') return
    this.tree.open(isList)
    if (this.tree.depth > MAX_DEPTH) this.end()
  }

  #close(): void {
    this.tree.close()
    this.isClosed = this.tree.depth === 0
  }

  #begin(quote: string): void {
    this.#quote = quote
    this.#mode = 'string'
    if (this.tree.top.expects === 'value') this.tree.version++
  }

  #string(text: string, from: number): number {
    const quote = this.#quote.charCodeAt(0)
    let at = from
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code === quote || code === BACKSLASH) break
    }
    if (at > from) {
      this.#text += text.slice(from, at)
      this.tree.version++
    }
    if (at < text.length) this.#mode = text.charCodeAt(at) === BACKSLASH ? 'escape' : 'closing'
    // The usual case: what follows the string is there already.
    if (this.#mode === 'closing' && ',:}]'.includes(text[at + 1] ?? ' ')) this.#commit(false)
    return at + 1
  }

  // A quotation mark inside of a string that was not escaped is followed by more of the string.
  #closing(text: string, from: number): number {
    const at = passed(SPACE, text, from)
    const char = text[at]
    this.#held += text.slice(from, at)
    if (char === undefined) return at
    if (AFTER_STRING.includes(char)) this.#commit(false)
    else {
      this.#text += this.#quote + this.#held
      this.#mode = 'string'
    }
    this.#held = ''
    return at
  }

  #escape(text: string, at: number): number {
    const char = text[at] as string
    this.#mode = char === 'u' ? 'unicode' : 'string'
    if (char !== 'u') this.#text += ESCAPES.get(char) ?? char
    this.tree.version++
    return at + 1
  }

  #unicode(text: string, at: number): number {
    const isDigit = /[\da-f]/i.test(text[at] as string)
    if (isDigit) this.#held += text[at]
    if (isDigit && this.#held.length < 4) return at + 1
    this.#text += isDigit ? String.fromCharCode(Number.parseInt(this.#held, 16)) : `u${this.#held}`
    this.#held = ''
    this.#mode = 'string'
    return isDigit ? at + 1 : at
  }

  #word(text: string, from: number): number {
    const at = passed(WORD, text, from)
    this.#text += text.slice(from, at)
    if (at < text.length) this.#commit(true)
    return at
  }

  #comment(text: string, at: number): number {
    const char = text[at]
    if (this.#mode === 'slash') this.#mode = char === '/' ? 'line' : char === '*' ? 'block' : 'gap'
    else if (this.#mode === 'line') this.#mode = char === '\n' ? 'gap' : 'line'
    else if (this.#mode === 'star' && char === '/') this.#mode = 'gap'
    else this.#mode = char === '*' ? 'star' : 'block'
    return at + 1
  }

  #commit(isWord: boolean): void {
    const text = isWord ? this.#text.trim() : this.#text
    const { top } = this.tree
    this.#text = ''
    this.#mode = 'gap'
    if (top.expects === 'value') this.tree.set(isWord ? valueOf(text) : text)
    else {
      top.name = text
      top.expects = 'colon'
    }
  }
}

function isGap(code: number): boolean {
  return code <= 32 || code === 44 || code === 59 || code > 126
}

function passed(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  pattern.test(text)
  return pattern.lastIndex
}

function valueOf(word: string): JsonValue {
  const number = /^[-\d]/.test(word) ? Number(word) : Number.NaN
  return Number.isNaN(number) ? wordValue(word) : number
}
