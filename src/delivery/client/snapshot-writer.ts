import type { Clock, Timer } from '../../core/clock.ts'
import type { ChatSnapshot, SnapshotStorage } from './snapshot-storage.ts'

export interface SnapshotWriterParts {
  readonly store: SnapshotStorage
  readonly clock: Clock
  readonly everyMs: number
  readonly snapshot: () => ChatSnapshot
  readonly onError: (error: unknown) => void
}

/** Writes snapshots: one at a time, the newest wins. */
export class SnapshotWriter {
  readonly #parts: SnapshotWriterParts
  #timer: Timer | undefined
  #writing = false
  #later: (() => void | Promise<void>) | undefined

  constructor(parts: SnapshotWriterParts) {
    this.#parts = parts
  }

  /** Writes soon: for changes that come many times a second. */
  soon(): void {
    const { clock, everyMs } = this.#parts
    this.#timer ??= clock.setTimer(() => this.now(), everyMs)
  }

  /** Writes at once, or after the write under way. */
  now(): void {
    this.cancel()
    if (this.#writing) this.#later = () => this.#save()
    else this.#run(() => this.#save())
  }

  /** Forgets a write that was to come. */
  cancel(): void {
    this.#parts.clock.clearTimer(this.#timer)
    this.#timer = undefined
  }

  /** Forgets what was stored, after the write under way. */
  clear(): void {
    this.cancel()
    const { store } = this.#parts
    if (this.#writing) this.#later = () => store.clear()
    else this.#run(() => store.clear())
  }

  #save(): void | Promise<void> {
    const { store, snapshot } = this.#parts
    return store.save(snapshot())
  }

  // A store that answers at once is done when this returns: pages that go away have no time for more.
  #run(action: () => void | Promise<void>): void {
    const { onError } = this.#parts
    try {
      const written = action()
      if (written === undefined) return
      this.#writing = true
      void written.catch(onError).then(() => {
        this.#writing = false
        const later = this.#later
        this.#later = undefined
        if (later !== undefined) this.#run(later)
      })
    } catch (error) {
      onError(error)
    }
  }
}
