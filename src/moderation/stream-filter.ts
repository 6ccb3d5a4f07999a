import type { OutputFilter } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import type { ModerationRun } from './moderation-run.ts'
import type { Moderator } from './moderator.ts'
import { createRedactor, type Redactor, type ScanContext } from './redaction/index.ts'

/** Lets the events of one answer flow through the scans of moderators, one after the other. */
export function createScanFilter(moderators: readonly Moderator[], review: ModerationRun): OutputFilter {
  const open = (moderator: Moderator) => (place: ScanContext, again?: boolean) =>
    review.open(moderator, place, again === true)
  return new ScanFilter(
    moderators.map((moderator) => createRedactor(open(moderator))),
    review,
  )
}

class ScanFilter implements OutputFilter {
  readonly #redactors: readonly Redactor[]
  readonly #review: ModerationRun
  error: LlmError | undefined

  constructor(redactors: readonly Redactor[], review: ModerationRun) {
    this.#redactors = redactors
    this.#review = review
  }

  get hasPending(): boolean {
    return this.error === undefined && this.#redactors.some(({ pending }) => pending)
  }

  push(batch: EventBatch): void {
    this.#redactors[0]?.push(batch)
  }

  drain(): StreamEvent[] {
    let events: StreamEvent[] = []
    for (const [index, redactor] of this.#redactors.entries()) {
      if (index > 0) redactor.push(events)
      events = redactor.work()
      if (redactor.blocked) this.error ??= this.#review.error()
    }
    return events
  }
}
