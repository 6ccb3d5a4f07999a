import { addUsage } from '../../core/add-usage.ts'
import type { EventBatch, FinishEvent, StreamEvent } from '../../core/event.ts'
import type { Usage } from '../../core/response.ts'

/**
 * The events of one model call as those of a turn, which has one `start` and one `finish`. Without `before`, the usage of the
 * earlier calls, the call is the turn's first.
 */
export class RoundEvents {
  readonly #before: Usage | undefined
  #isFirst = true
  /** The event that ends the turn if no further call follows. */
  finish: FinishEvent | undefined

  constructor(before: Usage | undefined) {
    this.#before = before
  }

  /** The events of a batch that are those of the turn, with the usage of the turn so far. */
  take(batch: EventBatch): EventBatch {
    const last = batch.at(-1)
    let told = batch
    if (last?.type === 'finish') {
      this.finish = last
      told = batch.slice(0, -1)
    }
    const before = this.#before
    if (before === undefined) return told
    if (this.#isFirst && told[0]?.type === 'start') told = told.slice(1)
    this.#isFirst = false
    if (!told.some(({ type }) => type === 'usage')) return told
    return told.map((event): StreamEvent =>
      event.type === 'usage' ? { ...event, usage: addUsage(before, event.usage) } : event,
    )
  }
}
