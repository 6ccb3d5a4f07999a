/** A running timer of a {@link Clock}. */
export type Timer = object | number

/** A source of time and timers. All code that waits takes one, so that tests control the time. */
export interface Clock {
  /** Monotonic time in milliseconds since an arbitrary moment. */
  now(): number
  /** Milliseconds since 1970, for dates that other processes read. */
  epochMs(): number
  /** Calls `action` once after `delayMs`, unless the timer is cleared first. */
  setTimer(action: () => void, delayMs: number): Timer
  /** Stops a timer. Does nothing if it has fired or was cleared. */
  clearTimer(timer: Timer | undefined): void
}

/** Longest delay of one timer of the system, in milliseconds. A longer one would fire at once. */
const MAX_DELAY_MS = 2_147_483_647

/** The clock of the system. A timer takes any delay; one of `Infinity` never fires. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (action: () => void, delayMs: number) =>
    delayMs > MAX_DELAY_MS ? new LongTimer(action, delayMs) : setTimeout(action, delayMs),
  clearTimer: (timer: Timer | undefined) => {
    if (timer instanceof LongTimer) timer.stop()
    else clearTimeout(timer as ReturnType<typeof setTimeout>)
  },
})

/** A duration as the timers of other libraries take it: at most 2 147 483 647 ms. */
export function timerMs(ms: number): number {
  return Math.min(ms, MAX_DELAY_MS)
}

/** A timer whose delay is longer than one timer of the system takes: several, one after the other. */
class LongTimer {
  #timer: Timer | undefined
  #isHeld = true

  constructor(action: () => void, delayMs: number) {
    this.#wait(action, delayMs)
  }

  ref(): void {
    this.#hold(true)
  }

  unref(): void {
    this.#hold(false)
  }

  stop(): void {
    clearTimeout(this.#timer as ReturnType<typeof setTimeout>)
  }

  #wait(action: () => void, leftMs: number): void {
    const later = leftMs - MAX_DELAY_MS
    const next = (): void => (later > 0 ? this.#wait(action, later) : action())
    this.#timer = setTimeout(next, Math.min(leftMs, MAX_DELAY_MS))
    this.#hold(this.#isHeld)
  }

  // Whether the timer keeps a process of Node alive.
  #hold(isHeld: boolean): void {
    this.#isHeld = isHeld
    if (isNodeTimer(this.#timer)) this.#timer[isHeld ? 'ref' : 'unref']()
  }
}

/** Whether a timer is Node's, which `unref()` stops from keeping its process alive. */
export function isNodeTimer(timer: Timer | undefined): timer is NodeJS.Timeout {
  return typeof timer === 'object' && 'unref' in timer
}
