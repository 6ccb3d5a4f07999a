import { addUsage } from '../../core/add-usage.ts'
import { isContent, type EventBatch, type FinishEvent, type StreamEvent } from '../../core/event.ts'
import type { Usage } from '../../core/response.ts'

/**
 * Holds the `finish` of a source back until the source has ended, so that readers get one, after the save. A source whose
 * calls each end by their own `finish`, as those of a tool loop do, gets one with the usage of all.
 */
export class HeldFinish {
  #finish: FinishEvent | undefined
  #goesOn = false

  /** The `finish` of the source, if it ended by one: nothing of another answer came after it. */
  get end(): FinishEvent | undefined {
    return this.#goesOn ? undefined : this.#finish
  }

  /** Usage of the calls that have ended, if the source went on after one. */
  get usageBefore(): Usage | undefined {
    return this.#goesOn ? this.#finish?.usage : undefined
  }

  /** The events of a batch that go to readers at once. */
  take(batch: EventBatch): EventBatch {
    if (this.#finish === undefined && !batch.some(isFinish)) return batch
    const told: StreamEvent[] = []
    for (const event of batch) {
      if (event.type === 'finish') this.#hold(event)
      else if (event.type !== 'start' || this.#finish === undefined) this.#pass(event, told)
      else this.#goesOn = true
    }
    return told
  }

  #hold(finish: FinishEvent): void {
    const before = this.usageBefore
    this.#finish = before === undefined ? finish : { ...finish, usage: addUsage(before, finish.usage) }
    this.#goesOn = false
  }

  #pass(event: StreamEvent, told: StreamEvent[]): void {
    const before = this.#finish?.usage
    if (before !== undefined && isContent(event)) this.#goesOn = true
    const isUsage = event.type === 'usage' && this.#goesOn && before !== undefined
    told.push(isUsage ? { ...event, usage: addUsage(before, event.usage) } : event)
  }
}

function isFinish({ type }: StreamEvent): boolean {
  return type === 'finish'
}
