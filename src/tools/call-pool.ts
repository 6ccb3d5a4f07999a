interface Waiting {
  readonly isAlone: boolean
  start(): void
}

/** Starts the tools of one step in their order: at most `max` at once, and a tool that runs alone between the others. After work that rejects it starts no more. */
export class CallPool {
  readonly #max: number
  readonly #waiting: Waiting[] = []
  #running = 0
  #isAlone = false
  #isStopped = false

  constructor(max: number) {
    this.#max = max
  }

  /** Runs `work` when it is its turn. Never settles if the pool is stopped before. */
  run<T>(work: () => Promise<T>, isAlone: boolean): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>()
    const start = (): void => {
      this.#running++
      this.#isAlone = isAlone
      void work()
        .then(resolve, (error: unknown) => {
          this.stop()
          reject(error)
        })
        .finally(() => {
          this.#running--
          this.#next()
        })
    }
    this.#waiting.push({ isAlone, start })
    this.#next()
    return promise
  }

  /** Starts no further work. */
  stop(): void {
    this.#isStopped = true
  }

  #next(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      if (this.#isStopped || this.#running >= this.#max) return
      if (this.#running > 0 && (first.isAlone || this.#isAlone)) return
      this.#waiting.shift()
      first.start()
    }
  }
}
