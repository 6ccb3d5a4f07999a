import type { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { StreamLog } from '../../core/stream-log.ts'
import { bytesOf } from './batch-size.ts'
import { runError } from './error-record.ts'

/** Above this, the upstream has to wait for the log. */
const MAX_UNWRITTEN_BYTES = 1_048_576

/** Writes one run to its log: one write at a time, and batches that arrive meanwhile go together into the next. */
export class LogWriter {
  /** The error of the write that failed. Nothing is written after it. */
  error: LlmError | undefined
  readonly #log: StreamLog
  readonly #runId: string
  readonly #onError: (error: LlmError) => void
  #unwritten: EventBatch[] = []
  #unwrittenBytes = 0
  #writing: Promise<void> | undefined

  constructor(log: StreamLog, runId: string, onError: (error: LlmError) => void) {
    this.#log = log
    this.#runId = runId
    this.#onError = onError
  }

  /** Writes a batch soon. Returns a promise to await first if too much is unwritten; it never rejects. */
  append(batch: EventBatch): Promise<void> | undefined {
    if (this.error !== undefined) return undefined
    this.#unwritten.push(batch)
    this.#unwrittenBytes += bytesOf(batch)
    this.#writing ??= this.#write()
    return this.#unwrittenBytes > MAX_UNWRITTEN_BYTES ? this.#writing : undefined
  }

  /** Resolves when everything is written or a write has failed; never rejects. */
  async flush(): Promise<void> {
    await this.#writing
  }

  async #write(): Promise<void> {
    try {
      while (this.#unwritten.length > 0) {
        const batches = this.#unwritten
        this.#unwritten = []
        this.#unwrittenBytes = 0
        await this.#log.append(this.#runId, batches)
      }
    } catch (error) {
      this.error = runError(error)
      this.#onError(this.error)
    } finally {
      this.#writing = undefined
    }
  }
}
