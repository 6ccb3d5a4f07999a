import type { JudgeFinding, ModeratedRange, ModerationFinding, ModerationScan } from './moderator.ts'

const MAX_CHARACTERS = 2_000
const SEGMENT_CHARACTERS = 400

/** Returns the findings in a segment, in order and without overlap. */
export type FindInSegment = (
  segment: string,
) => readonly (ModerationFinding & { readonly start: number; readonly end: number })[]

/**
 * Scans a stream with a matcher that needs whole texts, segment by segment: a sentence, a line, or about 400 characters.
 * Segments depend on the text alone, so the findings do not depend on how the text arrived.
 */
export class SegmentScan implements ModerationScan {
  readonly #find: FindInSegment
  readonly #judge: JudgeFinding
  #buffer = ''
  #base = 0
  /** Length of the prefix of the buffer that contains no end of a segment. */
  #searchedTo = 1
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
      this.#searchedTo = 1
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

  // Returns 0 if the segment has not ended yet.
  #nextSize(): number {
    const text = this.#buffer
    const end = Math.min(text.length, MAX_CHARACTERS)
    for (let at = this.#searchedTo; at < end; at++) {
      const isSpace = /\s/.test(text[at] as string)
      if (
        text[at - 1] === '\n' ||
        (isSpace && (at >= SEGMENT_CHARACTERS || /[.!?]/.test(text[at - 1] as string)))
      )
        return at
    }
    this.#searchedTo = Math.max(1, end)
    if (text.length < MAX_CHARACTERS) return this.#ended ? text.length : 0
    // Does not split a surrogate pair.
    return /[\ud800-\udbff]/.test(text[MAX_CHARACTERS - 1] as string) ? MAX_CHARACTERS - 1 : MAX_CHARACTERS
  }
}

// Matchers of this kind are slower than the rule engine.
const STEPS_PER_CHARACTER = 20
