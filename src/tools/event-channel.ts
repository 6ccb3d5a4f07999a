import type { EventBatch, StreamEvent } from '../core/event.ts'

/** Events of running tools on their way to one reader, who takes all that came since in one batch. */
export class EventChannel {
  #events: StreamEvent[] = []
  #isOver = false
  #wake: (() => void) | undefined

  push(event: StreamEvent): void {
    if (this.#isOver) return
    this.#events.push(event)
    this.#wake?.()
  }

  /** Ends the channel. What was pushed before is still taken. */
  end(): void {
    this.#isOver = true
    this.#wake?.()
  }

  /** Resolves to the events since the last batch, at least one; `undefined` after the end. */
  async take(): Promise<EventBatch | undefined> {
    if (this.#events.length === 0 && !this.#isOver)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    this.#wake = undefined
    if (this.#events.length === 0) return undefined
    const batch = this.#events
    this.#events = []
    return batch
  }
}
