const LAST = 0xffffffff

/** A set of steps that is cleared in constant time, by counting rounds. Shared by all scans of one program. */
export class VisitedSet {
  readonly #rounds: Uint32Array
  #round = 0

  constructor(size: number) {
    this.#rounds = new Uint32Array(size)
  }

  /** Removes all steps. */
  clear(): void {
    if (this.#round === LAST) {
      this.#rounds.fill(0)
      this.#round = 0
    }
    this.#round++
  }

  /** Adds a step. Returns whether it was new. */
  add(step: number): boolean {
    if (this.#rounds[step] === this.#round) return false
    this.#rounds[step] = this.#round
    return true
  }
}
