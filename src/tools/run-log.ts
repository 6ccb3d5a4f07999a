import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { inTime } from '../core/host-function.ts'
import type { ChatResponse } from '../core/response.ts'
import { RunHistory } from './run-history.ts'
import type { RunKey, RunRecord, RunStore } from './run-records.ts'
import type { RunState } from './run-types.ts'

const STORE_MS = 10_000

/** Where a run keeps its records. */
export interface RunLogOptions {
  readonly key: RunKey
  readonly store?: RunStore | undefined
  readonly clock: Clock
  readonly costOf: (response: ChatResponse) => number | null
}

/** The records of one run, in memory and in its store. A record counts when the store has it. */
export class RunLog {
  readonly history: RunHistory
  readonly #options: RunLogOptions
  readonly #records: RunRecord[]
  /** The last write. Tools settle at the same time, and records have one order. */
  #writing: Promise<void> = Promise.resolve()

  constructor(options: RunLogOptions, records: readonly RunRecord[]) {
    this.#options = options
    this.#records = [...records]
    this.history = new RunHistory(records, options.costOf)
  }

  /** Reads the records of a run from its store, or takes those of `state`. Throws `invalid-request` if the state is of another run. */
  static async open(options: RunLogOptions, state: RunState | undefined): Promise<RunLog> {
    const { key, store } = options
    if (state !== undefined && state.runId !== key.runId)
      throw new LlmError(
        'invalid-request',
        `resume is of the run "${state.runId}", and runId is "${key.runId}"`,
      )
    const records = store === undefined ? state?.records : await bounded(options, store.read(key))
    return new RunLog(options, records ?? [])
  }

  get state(): RunState {
    return { runId: this.#options.key.runId, records: this.#records }
  }

  get isEmpty(): boolean {
    return this.#records.length === 0
  }

  /** Adds a record. Rejects with `conflict` if another process goes on with the run. */
  add(record: RunRecord): Promise<void> | undefined {
    const { store, key } = this.#options
    if (store === undefined) return this.#take(record)
    const write = async (): Promise<void> => {
      await bounded(this.#options, store.append(key, this.#records.length, record))
      this.#take(record)
    }
    this.#writing = this.#writing.then(write)
    // A failed write ends the run by the promise that is returned, and all later ones fail with it.
    this.#writing.catch(() => undefined)
    return this.#writing
  }

  #take(record: RunRecord): undefined {
    this.#records.push(record)
    this.history.add(record)
  }
}

function bounded<T>({ clock, key }: RunLogOptions, work: Promise<T>): Promise<T> {
  const late = (): LlmError =>
    new LlmError('timeout', `the store of runs did not answer for "${key.runId}" within ${STORE_MS} ms`)
  return inTime(work, { clock, ms: STORE_MS, late })
}
