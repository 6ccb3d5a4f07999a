import type { OutputFilter } from '../core/call.ts'
import type { LlmError } from '../core/error.ts'
import type { EventBatch, StreamEvent } from '../core/event.ts'
import type { ModerationRun } from './moderation-run.ts'
import type { Moderator } from './moderator.ts'
import { createRedactor, type Redactor, type ScanContext } from './redaction/index.ts'

/** Creates the filter of one response, which passes its events through the scans of all moderators in order. */
export function createScanFilter(moderators: readonly Moderator[], run: ModerationRun): OutputFilter {
  const open = (moderator: Moderator) => (context: ScanContext, again?: boolean) =>
    run.open(moderator, context, again === true)
  return new ScanFilter(
    moderators.map((moderator) => createRedactor(open(moderator))),
    run,
  )
}

class ScanFilter implements OutputFilter {
  readonly #redactors: readonly Redactor[]
  readonly #run: ModerationRun
  error: LlmError | undefined

  constructor(redactors: readonly Redactor[], run: ModerationRun) {
    this.#redactors = redactors
    this.#run = run
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
      if (redactor.blocked) this.error ??= this.#run.error()
    }
    return events
  }
}
