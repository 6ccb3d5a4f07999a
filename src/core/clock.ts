/** A running timer of a {@link Clock}. */
export type Timer = object | number

/** Where time comes from. Everything that waits takes one, so that tests own the time. */
export interface Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  now(): number
  /** Milliseconds since 1970, for dates that leave the process. */
  epochMs(): number
  /** Runs `action` once, `delayMs` from now, unless cleared before. */
  setTimer(action: () => void, delayMs: number): Timer
  /** Stops a timer; one that has run already, or was stopped, is left alone. */
  clearTimer(timer: Timer | undefined): void
}

/** Real time. */
export const systemClock: Clock = Object.freeze({
  now: () => performance.now(),
  epochMs: () => Date.now(),
  setTimer: (action: () => void, delayMs: number) => setTimeout(action, Math.min(delayMs, 2_147_483_647)),
  clearTimer: (timer: Timer | undefined) => clearTimeout(timer as ReturnType<typeof setTimeout>),
})

/** True for a timer of Node's, which can be told not to keep its process up. */
export function isNodeTimer(timer: Timer | undefined): timer is NodeJS.Timeout {
  return typeof timer === 'object' && 'unref' in timer
}
