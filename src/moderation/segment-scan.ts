import type { JudgeFinding, ModeratedRange, ModerationFinding, ModerationScan } from './moderator.ts'

const MOST_CHARACTERS = 2_000
const ENOUGH_CHARACTERS = 400

/** What a segment holds, in order and without overlap. */
export type FindInSegment = (
  segment: string,
) => readonly (ModerationFinding & { readonly start: number; readonly end: number })[]

/**
 * Reads a text by pieces of a sentence, a line or some 400 characters, with a matcher that takes whole texts only. Where a
 * piece ends depends on the text alone, so that what is found does not depend on how it arrived.
 */
export class SegmentScan implements ModerationScan {
  readonly #find: FindInSegment
  readonly #judge: JudgeFinding
  #buffer = ''
  #base = 0
  /** So much of the buffer has no end of a segment in it. */
  #looked = 1
  #ended = false
  blocked = false

  constructor(find: FindInSegment, judge: JudgeFinding) {
    this.#find = find
    this.#judge = judge
  }

  push(text: string): void {
    this.#buffer += text
  }

  end(): void {
    this.#ended = true
  }

  run(out: ModeratedRange[], budget: number = Infinity): boolean {
    for (let spent = 0; spent < budget && !this.blocked;) {
      const size = this.#nextSize()
      if (size === 0) return true
      spent += size * STEPS_PER_CHARACTER
      this.#take(this.#buffer.slice(0, size), out)
      this.#buffer = this.#buffer.slice(size)
      this.#base += size
      this.#looked = 1
    }
    return this.blocked
  }

  #take(segment: string, out: ModeratedRange[]): void {
    for (const finding of this.#find(segment)) {
      const { block, replacement } = this.#judge(finding)
      if (block === true || replacement !== undefined) out.push({ to: this.#base + finding.start })
      if (block === true) {
        this.blocked = true
        return
      }
      if (replacement !== undefined) out.push({ to: this.#base + finding.end, replacement })
    }
    out.push({ to: this.#base + segment.length })
  }

  // 0 where the segment has not ended yet.
  #nextSize(): number {
    const text = this.#buffer
    const end = Math.min(text.length, MOST_CHARACTERS)
    for (let at = this.#looked; at < end; at++) {
      const isSpace = /\s/.test(text[at] as string)
      if (
        text[at - 1] === '\n' ||
        (isSpace && (at >= ENOUGH_CHARACTERS || /[.!?]/.test(text[at - 1] as string)))
      )
        return at
    }
    this.#looked = Math.max(1, end)
    if (text.length < MOST_CHARACTERS) return this.#ended ? text.length : 0
    // Not inside of a pair.
    return /[\ud800-\udbff]/.test(text[MOST_CHARACTERS - 1] as string) ? MOST_CHARACTERS - 1 : MOST_CHARACTERS
  }
}

// Matchers of this kind are slower than the engine for rules.
const STEPS_PER_CHARACTER = 20
