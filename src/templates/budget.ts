import type { Clock } from '../core/clock.ts'
import { limitFault, TemplateFault } from './fault.ts'
import type { TemplateLimits } from './limits.ts'

// Number of steps between two checks of the deadline.
const SLICE = 256

// Charging more characters than this at once checks the deadline, because it takes as long as a slice of steps.
const DEADLINE_CHECK_CHARS = 4_096

// Reading a text up to this length is free, because the step that reads it is charged already.
const FREE_CHARS = 64

/** The budget of one rendering, and its output. Every charge fails the rendering if it exceeds a limit. */
export class Budget {
  readonly limits: TemplateLimits
  /** The output of the innermost capture. */
  out = ''
  /** The current line, counted from 1. */
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

  /** Throws a {@link TemplateFault} at the current line. */
  fail(reason: string): never {
    throw new TemplateFault(reason, this.line)
  }

  /** Throws the fault of an exceeded limit at the current line. */
  exceeded(problem: string, limit: keyof TemplateLimits): never {
    throw limitFault(problem, limit, this.line)
  }

  /** Charges steps. */
  spend(count: number): void {
    this.#slice -= count
    if (this.#slice < 0) this.#check()
  }

  #check(): void {
    const { maxSteps } = this.limits
    this.#steps -= this.#granted - this.#slice
    if (this.#steps < 0) this.exceeded(`rendering takes more than ${maxSteps} steps`, 'maxSteps')
    this.#checkDeadline()
    this.#slice = this.#granted = Math.min(SLICE, this.#steps)
  }

  // The first check starts the time, because less than a slice of steps has run before it.
  #checkDeadline(): void {
    const { deadlineMs } = this.limits
    const now = this.#clock.now()
    this.#endsAt ??= now + deadlineMs
    if (now > this.#endsAt) this.exceeded(`rendering takes longer than ${deadlineMs} ms`, 'deadlineMs')
  }

  /** Charges a text that is searched, compared, converted or indexed. Charges all of it, because it may be copied first. */
  chargeRead(text: string): void {
    if (text.length > FREE_CHARS) this.charge(text.length)
  }

  /** Charges characters. */
  charge(chars: number): void {
    this.#chars -= chars
    if (this.#chars < 0)
      this.exceeded(`rendering processes more than ${this.limits.maxTextChars} characters`, 'maxTextChars')
    if (chars > DEADLINE_CHECK_CHARS) this.#checkDeadline()
  }

  /** Returns the text after checking its length. */
  checked(text: string): string {
    this.checkLength(text.length)
    return text
  }

  /** Fails if a text of this length is longer than `maxStringChars`. */
  checkLength(length: number): void {
    const { maxStringChars } = this.limits
    if (!(length <= maxStringChars))
      this.exceeded(`a text is longer than ${maxStringChars} characters`, 'maxStringChars')
  }

  /** Checks and charges a text that a filter produced, and returns it. */
  chargeOutput(text: string): string {
    this.checkLength(text.length)
    this.charge(text.length)
    return text
  }

  /** Checks and charges the input of a filter, and returns it. */
  chargeInput(text: string): string {
    const { maxFilterChars } = this.limits
    if (text.length > maxFilterChars)
      this.exceeded(`the input of a filter is longer than ${maxFilterChars} characters`, 'maxFilterChars')
    this.chargeRead(text)
    return text
  }

  /** Appends a text to the output. */
  emit(text: string): void {
    this.#room -= text.length
    if (this.#room < 0)
      this.exceeded(`the output is longer than ${this.limits.maxOutputChars} characters`, 'maxOutputChars')
    this.out += text
  }

  /** Enters a macro call. */
  enter(): void {
    const { maxMacroDepth } = this.limits
    if (++this.#depth > maxMacroDepth)
      this.exceeded(`macro calls are nested more than ${maxMacroDepth} deep`, 'maxMacroDepth')
  }

  /** Leaves a macro call. */
  leave(): void {
    this.#depth--
  }
}
