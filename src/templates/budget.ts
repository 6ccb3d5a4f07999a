import type { Clock } from '../core/clock.ts'
import { TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'

// How many steps pass between two looks at the clock.
const SLICE = 256

// A text of this length takes as long as a slice of steps.
const LOOK_CHARS = 4_096

// Texts up to this length are looked at for free: the step that led to them pays.
const FREE_CHARS = 64

/** The one budget that everything of a rendering is charged to, and what it has written. */
export class Budget {
  readonly limits: TemplateLimits
  /** What was written into the innermost capture. */
  out = ''
  /** The line that runs, counted from 1. */
  line = 0
  readonly #clock: Clock
  #slice: number
  #granted: number
  #steps: number
  #chars: number
  #room: number
  #depth = 0
  #endsAt: number | undefined

  constructor(limits: TemplateLimits, clock: Clock) {
    this.limits = limits
    this.#clock = clock
    this.#steps = limits.maxSteps
    this.#slice = this.#granted = Math.min(SLICE, limits.maxSteps)
    this.#chars = limits.maxTextChars
    this.#room = limits.maxOutputChars
  }

  fail(reason: string): never {
    throw new TemplateFault(reason, this.line)
  }

  /** Charges steps. */
  spend(count: number): void {
    this.#slice -= count
    if (this.#slice < 0) this.#check()
  }

  #check(): void {
    const { maxSteps } = this.limits
    this.#steps -= this.#granted - this.#slice
    if (this.#steps < 0) this.fail(`it takes more than ${maxSteps} steps (maxSteps)`)
    this.#look()
    this.#slice = this.#granted = Math.min(SLICE, this.#steps)
  }

  // The first look starts the time: what came before it is less than a slice.
  #look(): void {
    const { deadlineMs } = this.limits
    const now = this.#clock.now()
    this.#endsAt ??= now + deadlineMs
    if (now > this.#endsAt) this.fail(`it takes longer than ${deadlineMs} ms (deadlineMs)`)
  }

  /** Charges a text that is searched, compared, converted or indexed: all of it, since it may have to be copied first. */
  read(text: string): void {
    if (text.length > FREE_CHARS) this.charge(text.length)
  }

  /** Charges characters. */
  charge(chars: number): void {
    this.#chars -= chars
    if (this.#chars < 0)
      this.fail(`it works on more than ${this.limits.maxTextChars} characters (maxTextChars)`)
    if (chars > LOOK_CHARS) this.#look()
  }

  /** Lets a text through that is short enough to exist. */
  sized(text: string): string {
    this.fits(text.length)
    return text
  }

  /** Refuses a text that would have this length. */
  fits(length: number): void {
    const { maxStringChars } = this.limits
    if (!(length <= maxStringChars))
      this.fail(`a text is longer than ${maxStringChars} characters (maxStringChars)`)
  }

  /** Lets a text through that a filter has made, and charges it. */
  made(text: string): string {
    this.fits(text.length)
    this.charge(text.length)
    return text
  }

  /** Lets a text into a filter, and charges it. */
  input(text: string): string {
    const { maxFilterChars } = this.limits
    if (text.length > maxFilterChars)
      this.fail(`a filter is given more than ${maxFilterChars} characters (maxFilterChars)`)
    this.read(text)
    return text
  }

  /** Writes a text. */
  emit(text: string): void {
    this.#room -= text.length
    if (this.#room < 0)
      this.fail(`it writes more than ${this.limits.maxOutputChars} characters (maxOutputChars)`)
    this.out += text
  }

  /** A macro begins. */
  enter(): void {
    const { maxMacroDepth } = this.limits
    if (++this.#depth > maxMacroDepth)
      this.fail(`macros call each other more than ${maxMacroDepth} deep (maxMacroDepth)`)
  }

  /** A macro ends. */
  leave(): void {
    this.#depth--
  }
}
