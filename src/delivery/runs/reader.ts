import type { LlmError } from '../../core/error.ts'
import type { StreamLogEntry, LogPage, StreamLog } from '../../core/stream-log.ts'
import { errorOf, lostError, positionError, unknownError } from './error-record.ts'

const PAGE_BATCHES = 256
const PAGE_BYTES = 65_536

/** What a reader needs of its hub. */
export interface ReaderParts {
  readonly id: string
  readonly log: StreamLog
  readonly after: number
  /** Called once, when the reader has left, or has read the end. */
  readonly onLeave: (reader: RunReader) => void
}

/**
 * Follows one run from a position: what is in the log in bounded pages, then what comes. A reader holds its position and
 * nothing else, so one that stops reading costs nothing. Many can follow one run, each at its own pace.
 */
export class RunReader implements AsyncIterable<StreamLogEntry> {
  readonly id: string
  readonly #parts: ReaderParts
  #position: number
  #unwatch: (() => void) | undefined
  #news = false
  #wake: (() => void) | undefined
  #broken: LlmError | undefined
  #over = false

  constructor(parts: ReaderParts) {
    this.#parts = parts
    this.id = parts.id
    this.#position = parts.after
  }

  /** Place of the last batch that was read. */
  get position(): number {
    return this.#position
  }

  /**
   * The next batches, in order and without a gap, as soon as there are any; `null` after a good end, or when the reader
   * has left. Rejects with the error that ended the run; with `stream-broken`, code `run-lost`, when its process died;
   * with `conflict`, code `position-gone`, when what comes next is no longer kept. One call at a time.
   */
  async read(): Promise<readonly StreamLogEntry[] | null> {
    while (!this.#over) {
      this.#news = false
      const page = await this.#page()
      if (this.#over) break
      if (page.entries.length > 0) {
        this.#position = page.entries.at(-1)?.seq ?? this.#position
        return page.entries
      }
      if (page.state !== 'running') return this.#finish(page)
      await this.#wait()
    }
    if (this.#broken !== undefined) throw this.#broken
    return null
  }

  /** Leaves; the run goes on, as far as the policy has it. A `read` that waits gives `null`. */
  detach(): void {
    this.#leave()
  }

  /** Ends the reading with an error, on this side alone: `read` rejects with it. */
  fail(error: LlmError): void {
    if (this.#over) return
    this.#broken = error
    this.#leave()
  }

  /** There may be something new. */
  notice(): void {
    this.#news = true
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
    // Watched only once there is something to wait for; what came before that is read first.
    if (this.#unwatch === undefined) {
      this.#unwatch = this.#parts.log.watch(this.id, () => this.notice())
      return
    }
    if (!this.#news) await new Promise<void>((resolve) => (this.#wake = resolve))
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
    if (this.#over) return
    this.#over = true
    this.#unwatch?.()
    this.#unwatch = undefined
    this.#wake?.()
    this.#parts.onLeave(this)
  }
}
