const LAST = 0xffffffff

/** Which steps were visited in this round: a list that is cleared by counting on. Shared by all scans of one program. */
export class Marks {
  readonly #rounds: Uint32Array
  #round = 0

  constructor(size: number) {
    this.#rounds = new Uint32Array(size)
  }

  /** Begins a round in which nothing was visited. */
  clear(): void {
    if (this.#round === LAST) {
      this.#rounds.fill(0)
      this.#round = 0
    }
    this.#round++
  }

  /** True the first time in a round. */
  visit(step: number): boolean {
    if (this.#rounds[step] === this.#round) return false
    this.#rounds[step] = this.#round
    return true
  }
}
