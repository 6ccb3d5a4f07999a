import { addUsage } from '../core/add-usage.ts'
import type { EventBatch, FinishEvent, StreamEvent } from '../core/event.ts'
import type { Usage } from '../core/response.ts'

/** The events of one model call as those of a run, which has one `start` and one `finish`. */
export class StepEvents {
  readonly #before: Usage | undefined
  #dropsStart: boolean
  /** The event that ends the run if no further call follows. */
  finish: FinishEvent | undefined

  /** `before` is the usage of the earlier calls, if there are some. `isStarted`: whether the stream has its `start`. */
  constructor(before: Usage | undefined, isStarted: boolean) {
    this.#before = before
    this.#dropsStart = isStarted
  }

  /** The events of a batch that are those of the run, with the usage of the run so far. */
  take(batch: EventBatch): EventBatch {
    const last = batch.at(-1)
    let told = batch
    if (last?.type === 'finish') {
      this.finish = last
      told = batch.slice(0, -1)
    }
    if (this.#dropsStart && told[0]?.type === 'start') told = told.slice(1)
    this.#dropsStart = false
    const before = this.#before
    if (before === undefined || !told.some(({ type }) => type === 'usage')) return told
    return told.map((event): StreamEvent =>
      event.type === 'usage' ? { ...event, usage: addUsage(before, event.usage) } : event,
    )
  }
}
