import type { AnswerFilter } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import type { Batch, StreamEvent } from '../core/event.ts'
import type { Moderator, Review } from '../moderation/index.ts'
import { createRedactor, type Redactor, type ScanPlace } from '../stream/index.ts'

/** Lets the events of one answer flow through the scans of moderators, one after the other. */
export function createScanFilter(moderators: readonly Moderator[], review: Review): AnswerFilter {
  const open = (moderator: Moderator) => (place: ScanPlace, again?: boolean) =>
    review.open(moderator, place, again === true)
  return new ScanFilter(
    moderators.map((moderator) => createRedactor(open(moderator))),
    review,
  )
}

class ScanFilter implements AnswerFilter {
  readonly #redactors: readonly Redactor[]
  readonly #review: Review
  error: LlmError | undefined

  constructor(redactors: readonly Redactor[], review: Review) {
    this.#redactors = redactors
    this.#review = review
  }

  get pending(): boolean {
    return this.error === undefined && this.#redactors.some(({ pending }) => pending)
  }

  push(batch: Batch): void {
    this.#redactors[0]?.push(batch)
  }

  work(): StreamEvent[] {
    let events: StreamEvent[] = []
    for (const [index, redactor] of this.#redactors.entries()) {
      if (index > 0) redactor.push(events)
      events = redactor.work()
      if (redactor.blocked) this.error ??= this.#review.error()
    }
    return events
  }
}
