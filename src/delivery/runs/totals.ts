import type { RunEnd } from './save-policy.ts'

/** Totals of the ended runs of one model or one conversation. `completed`, `failed` and `cancelled` add up to `runs`. */
export interface RunTotals {
  readonly runs: number
  readonly completed: number
  readonly failed: number
  readonly cancelled: number
  readonly inputTokens: number
  readonly outputTokens: number
}

// Above it the key whose last run ended first is dropped.
const MAX_KEYS = 1_000

const ZERO: RunTotals = Object.freeze({
  runs: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  inputTokens: 0,
  outputTokens: 0,
})

/** Adds up ended runs by key. */
export class TotalsTable {
  readonly #rows = new Map<string, RunTotals>()

  add(key: string, { error, usage }: RunEnd): void {
    const row = this.#rows.get(key) ?? ZERO
    const outcome = error === undefined ? 'completed' : error.kind === 'aborted' ? 'cancelled' : 'failed'
    this.#rows.delete(key)
    this.#rows.set(key, {
      ...row,
      [outcome]: row[outcome] + 1,
      runs: row.runs + 1,
      inputTokens: row.inputTokens + usage.inputTokens,
      outputTokens: row.outputTokens + usage.outputTokens,
    })
    const [oldest] = this.#rows.keys()
    if (this.#rows.size > MAX_KEYS && oldest !== undefined) this.#rows.delete(oldest)
  }

  rows(): Readonly<Record<string, RunTotals>> {
    return Object.fromEntries(this.#rows)
  }
}
