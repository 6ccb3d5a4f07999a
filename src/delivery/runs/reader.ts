import type { LlmError } from '../../core/error.ts'
import type { StreamLogEntry, LogPage, StreamLog } from '../../core/stream-log.ts'
import { errorOf, lostError, positionError, unknownError } from './error-record.ts'

const PAGE_BATCHES = 256
const PAGE_BYTES = 65_536

/** Dependencies of a {@link RunReader}. */
export interface ReaderParts {
  readonly id: string
  readonly log: StreamLog
  readonly after: number
  /** Called once, when the reader has left or has read the end. */
  readonly onLeave: (reader: RunReader) => void
}

/**
 * Reads the batches of one run from a position: those in the log in bounded pages, then new ones as they arrive. Any number
 * of readers can follow a run, each at its own pace. A slow reader uses no memory, because it holds only its position.
 */
export class RunReader implements AsyncIterable<StreamLogEntry> {
  readonly id: string
  readonly #parts: ReaderParts
  #position: number
  #unwatch: (() => void) | undefined
  #hasNews = false
  #wake: (() => void) | undefined
  #error: LlmError | undefined
  #isOver = false

  constructor(parts: ReaderParts) {
    this.#parts = parts
    this.id = parts.id
    this.#position = parts.after
  }

  /** Number of the last batch that was read. */
  get position(): number {
    return this.#position
  }

  /**
   * Resolves with the next batches, in order and without a gap, as soon as there are any. Resolves with `null` after a
   * successful end, or when the reader has left. Rejects with the error that ended the run; with `stream-broken`, code
   * `run-lost`, if its process died; with `conflict`, code `position-gone`, if the log has dropped the next batch. Call it
   * again only after it has settled.
   */
  async read(): Promise<readonly StreamLogEntry[] | null> {
    while (!this.#isOver) {
      this.#hasNews = false
      const page = await this.#page()
      if (this.#isOver) break
      if (page.entries.length > 0) {
        this.#position = page.entries.at(-1)?.seq ?? this.#position
        return page.entries
      }
      if (page.state !== 'running') return this.#finish(page)
      await this.#wait()
    }
    if (this.#error !== undefined) throw this.#error
    return null
  }

  /** Removes the reader; a pending `read` resolves with `null`. If it was the last one, `onDisconnect` decides about the run. */
  detach(): void {
    this.#leave()
  }

  /** Removes the reader with an error: `read` rejects with it. The run and other readers are not affected. */
  fail(error: LlmError): void {
    if (this.#isOver) return
    this.#error = error
    this.#leave()
  }

  /** Wakes a pending `read`, because the log may have something new. */
  wake(): void {
    this.#hasNews = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<StreamLogEntry, void, undefined> {
    try {
      for (let page = await this.read(); page !== null; page = await this.read()) yield* page
    } finally {
      this.detach()
    }
  }

  async #wait(): Promise<void> {
    // After the first watch the log is read again, because a batch may have arrived before it.
    if (this.#unwatch === undefined) {
      this.#unwatch = this.#parts.log.watch(this.id, () => this.wake())
      return
    }
    if (!this.#hasNews) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#wake = undefined
  }

  async #page(): Promise<LogPage> {
    const { id, log } = this.#parts
    try {
      const range = { after: this.#position, maxBatches: PAGE_BATCHES, maxBytes: PAGE_BYTES }
      const page = await log.read(id, range)
      if (page === undefined) throw unknownError(id)
      const next = this.#position + 1
      if (next < page.first) throw positionError(id, this.#position, page.first)
      return page
    } catch (error) {
      this.#leave()
      throw error
    }
  }

  #finish({ state, ending }: LogPage): null {
    this.#leave()
    if (state === 'lost') throw lostError(this.id)
    if (ending?.type === 'error') throw errorOf(ending)
    return null
  }

  #leave(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#wake?.()
    this.#parts.onLeave(this)
  }
}
