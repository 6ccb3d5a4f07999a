import type { Clock, Timer } from './clock.ts'

/** Whether a value is a promise, of whatever library. */
export function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
}

/**
 * Calls a function of the application whose result is not waited for. What it throws, or rejects with later, is given to
 * `failed`, and never reaches the caller.
 */
export function callSafely(action: () => unknown, failed: (error: unknown) => void = ignore): void {
  try {
    const result = action()
    if (isPromise(result)) result.then(undefined, failed)
  } catch (error) {
    failed(error)
  }
}

/** Returns `action` as a function that never throws, and whose promise never counts as unhandled. */
export function guarded<Input>(
  action: (input: Input) => unknown,
  failed?: (error: unknown) => void,
): (input: Input) => void {
  return (input) => callSafely(() => action(input), failed)
}

/** Waits until `work` has ended, well or not, at most `ms` milliseconds. Never rejects. Resolves to whether it has ended. */
export function within(clock: Clock, ms: number, work: PromiseLike<unknown>): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = clock.setTimer(() => resolve(false), ms)
    const end = (): void => {
      clock.clearTimer(timer)
      resolve(true)
    }
    work.then(end, end)
  })
}

/** The bound of a wait, and the error of work that takes longer. */
export interface TimeBound {
  readonly clock: Clock
  readonly ms: number
  readonly late: () => Error
}

/** Waits for `work` at most `ms` milliseconds, and rejects with the error that `late` makes then. The work goes on. */
export async function inTime<T>(work: T | PromiseLike<T>, { clock, ms, late }: TimeBound): Promise<T> {
  if (!isPromise(work)) return work
  let timer: Timer | undefined
  const over = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(() => reject(late()), ms)
  })
  try {
    return await Promise.race([work, over])
  } finally {
    clock.clearTimer(timer)
  }
}

function ignore(): void {}
