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

/** The clock of the system. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (action: () => void, delayMs: number) => setTimeout(action, Math.min(delayMs, 2_147_483_647)),
  clearTimer: (timer: Timer | undefined) => clearTimeout(timer as ReturnType<typeof setTimeout>),
})

/** Whether a timer is Node's, which `unref()` stops from keeping its process alive. */
export function isNodeTimer(timer: Timer | undefined): timer is NodeJS.Timeout {
  return typeof timer === 'object' && 'unref' in timer
}
