import type { Clock, Timer } from './clock.ts'

/** A running watch for silence. */
export interface SilenceTimer {
  /** Call it whenever something is received. */
  heard(): void
  stop(): void
}

/** Calls `onSilence` once after `silenceMs` without a call of `heard`; never if `silenceMs` is 0. */
export function startSilenceTimer(clock: Clock, silenceMs: number, onSilence: () => void): SilenceTimer {
  let lastHeard = clock.now()
  let timer: Timer | undefined
  // Set once per period, because setting a timer for every read would cost more than the read.
  const check = (): void => {
    const leftMs = lastHeard + silenceMs - clock.now()
    if (leftMs > 0) timer = clock.setTimer(check, leftMs)
    else onSilence()
  }
  if (silenceMs > 0) check()
  return {
    heard: () => {
      lastHeard = clock.now()
    },
    stop: () => clock.clearTimer(timer),
  }
}
