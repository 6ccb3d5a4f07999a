import { expect } from 'vitest'

/**
 * Whether this run is a proof: the tests then take their full size and measure time, which needs minutes and a quiet
 * machine. `npm run proofs -- <name>` sets it.
 */
export const proving: boolean = process.env['SWITCHYARD_PROOF'] === '1'

/** The size of a test: a slice for every run, or the whole of it in a proof. */
export function sized<Size>(slice: Size, whole: Size): Size {
  return proving ? whole : slice
}

/** A seed for random cases: `SWITCHYARD_SEED`, else a new one, which is printed so that the run can be repeated. */
export function seedOf(name: string): number {
  const given = Number(process.env['SWITCHYARD_SEED'])
  const seed = Number.isSafeInteger(given) && given > 0 ? given : 1 + Math.floor(Math.random() * 2 ** 31)
  console.log(`${name}: SWITCHYARD_SEED=${seed}`)
  return seed
}

/** A measurement of time. Only a proof asserts it, because a busy machine stretches every time. */
export interface Stopwatch {
  atMost(ms: number): void
}

/** Measures time as a clock on the wall does. */
export function stopwatch(): Stopwatch {
  return measure(() => performance.now())
}

/** Measures the CPU time of this thread. */
export function cpuStopwatch(): Stopwatch {
  return measure(cpuMs)
}

function measure(now: () => number): Stopwatch {
  const startedAt = now()
  return {
    atMost: (ms) => {
      const took = now() - startedAt
      if (proving) expect(took).toBeLessThan(ms)
    },
  }
}

/** CPU time of this thread so far, in milliseconds. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}
