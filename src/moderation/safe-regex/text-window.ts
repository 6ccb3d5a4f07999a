import { END, type Alphabet } from './alphabet.ts'

/** The part of a text that is still needed while it arrives in pieces. Positions are those of the whole text. */
export class TextWindow {
  readonly #alphabet: Alphabet
  #buffer = ''
  #start = 0
  #classBeforeStart: number | undefined
  #isComplete = false

  constructor(alphabet: Alphabet) {
    this.#alphabet = alphabet
  }

  /** Appends text. */
  push(text: string): void {
    this.#buffer += text
  }

  /** Marks the end of the text. */
  complete(): void {
    this.#isComplete = true
  }

  /** Position after the text that has arrived. */
  get end(): number {
    return this.#start + this.#buffer.length
  }

  /** Returns the UTF-16 unit at a position; NaN if it has not arrived. */
  unitAt(at: number): number {
    return this.#buffer.charCodeAt(at - this.#start)
  }

  /** Returns the class and the size of the character at a position, or `undefined` if it has not arrived. */
  classAt(at: number): { readonly kind: number; readonly size: number } | undefined {
    const index = at - this.#start
    if (index >= this.#buffer.length) return this.#isComplete ? { kind: END, size: 0 } : undefined
    const unit = this.#buffer.charCodeAt(index)
    if (unit < 0xd800 || unit > 0xdbff) return { kind: this.#alphabet.classOf(unit), size: 1 }
    // The second half of a surrogate pair may be in the next piece.
    if (index + 1 >= this.#buffer.length && !this.#isComplete) return undefined
    const code = this.#buffer.codePointAt(index) as number
    return { kind: this.#alphabet.classOf(code), size: code > 0xffff ? 2 : 1 }
  }

  /** Returns the class of the character before a position; `undefined` at the beginning of the text. */
  classBefore(at: number): number | undefined {
    const index = at - this.#start
    if (index === 0) return this.#classBeforeStart
    const unit = this.#buffer.charCodeAt(index - 1)
    const isTail = unit >= 0xdc00 && unit <= 0xdfff && index > 1
    const code = isTail ? (this.#buffer.codePointAt(index - 2) as number) : unit
    return this.#alphabet.classOf(code > 0xffff ? code : unit)
  }

  /** Returns the text between two positions. */
  slice(from: number, to: number): string {
    return this.#buffer.slice(from - this.#start, to - this.#start)
  }

  /** Drops the text before a position. */
  dropBefore(at: number): void {
    const length = at - this.#start
    if (length <= 0) return
    this.#classBeforeStart = this.classBefore(at)
    this.#buffer = this.#buffer.slice(length)
    this.#start = at
  }
}
