import { LlmError } from '../../core/error.ts'

const DEFAULT_PER_RUN = 64
// Of one run, so that no caller takes the places of the other members of a conversation.
const PER_OWNER = 16

/** Bounds the readers of each run, and those of one caller among them. */
export class ReaderCaps {
  readonly #perRun: number
  readonly #runs = new Map<string, Map<string, number>>()

  constructor(perRun: number = DEFAULT_PER_RUN) {
    this.#perRun = perRun
  }

  /** Counts a reader of a run. Returns the function that removes it. Throws `limit-exceeded` (scope `stream-readers`) above a maximum. */
  enter(id: string, owner?: string): () => void {
    const owners = this.#runs.get(id) ?? new Map<string, number>()
    const all = [...owners.values()].reduce((sum, count) => sum + count, 0)
    const key = owner ?? ''
    const own = owners.get(key) ?? 0
    if (this.#perRun > 0 && all >= this.#perRun) throw tooMany(`${this.#perRun} readers`)
    if (this.#perRun > 0 && owner !== undefined && own >= PER_OWNER)
      throw tooMany(`${PER_OWNER} readers of one caller`)
    owners.set(key, own + 1)
    this.#runs.set(id, owners)
    let left = false
    return () => {
      if (left) return
      left = true
      this.#leave(id, key)
    }
  }

  #leave(id: string, owner: string): void {
    const owners = this.#runs.get(id)
    const own = (owners?.get(owner) ?? 0) - 1
    if (own > 0) owners?.set(owner, own)
    else owners?.delete(owner)
    if (owners?.size === 0) this.#runs.delete(id)
  }
}

function tooMany(maximum: string): LlmError {
  const message = `the stream has the maximum of ${maximum}; close another page that reads it`
  const details = { scope: 'stream-readers', code: 'too-many-readers', retryAfterMs: 1_000 }
  return new LlmError('limit-exceeded', message, details)
}
