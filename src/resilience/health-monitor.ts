import { isNodeTimer, systemClock, type Clock, type Timer } from '../core/clock.ts'
import { callSafely } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { callable, positiveMilliseconds, type Group } from '../core/schema.ts'
import type { HealthStatus, TargetHealth } from './health.ts'

/** A source of health; every orchestrator is one. */
export interface HealthSource {
  /** Returns the health of every target, by its name `provider/model`. */
  health(): Readonly<Record<string, TargetHealth>>
}

/** A change of the status of one target. */
export interface HealthChange {
  readonly target: string
  /** The previous status; `undefined` at the first check of the target. */
  readonly from: HealthStatus | undefined
  readonly to: HealthStatus
  readonly health: TargetHealth
}

/** Options of {@link createHealthMonitor}. */
export interface HealthMonitorOptions {
  /** Interval between two checks in ms. Default 30 000. */
  readonly everyMs?: number | undefined
  /** Called with every change of a status. Must not throw. Default: off. */
  readonly onChange?: ((change: HealthChange) => void) | undefined
  /** Default: the system clock. */
  readonly clock?: Clock | undefined
}

/** The schema of {@link HealthMonitorOptions}. */
export const healthMonitorSchema: Group = optionsSchema<HealthMonitorOptions>()(() => ({
  everyMs: positiveMilliseconds,
  onChange: callable,
  clock: clockField,
}))

/** Checks the health of all targets at an interval. */
export interface HealthMonitor extends Disposable {
  /** Checks now, and then every `everyMs`. Does nothing if the monitor is running. Its timer does not keep the process alive. */
  start(): void
  /** Stops the timer. `start` may be called again. */
  stop(): void
  /** Checks now, whether the monitor is running or not, and returns the health of all targets. */
  tick(): Readonly<Record<string, TargetHealth>>
  /** Whether the monitor was started and not stopped. */
  readonly running: boolean
}

const DEFAULT_EVERY_MS = 30_000

/** Creates a monitor that calls `onChange` when the status of a target changes. It does nothing before `start`. */
export function createHealthMonitor(source: HealthSource, options: HealthMonitorOptions = {}): HealthMonitor {
  checkOptions('createHealthMonitor', healthMonitorSchema, options)
  const { everyMs = DEFAULT_EVERY_MS, onChange, clock = systemClock } = options
  const lastStatus = new Map<string, HealthStatus>()
  let timer: Timer | undefined
  const tick = (): Readonly<Record<string, TargetHealth>> => {
    const current = source.health()
    for (const [target, health] of Object.entries(current)) {
      const from = lastStatus.get(target)
      if (from === health.status) continue
      lastStatus.set(target, health.status)
      if (onChange !== undefined) callSafely(() => onChange({ target, from, to: health.status, health }))
    }
    return current
  }
  const schedule = (): void => {
    timer = clock.setTimer(() => {
      schedule()
      tick()
    }, everyMs)
    if (isNodeTimer(timer)) timer.unref()
  }
  const stop = (): void => {
    clock.clearTimer(timer)
    timer = undefined
  }
  return {
    start: () => {
      if (timer !== undefined) return
      schedule()
      tick()
    },
    stop,
    tick,
    get running() {
      return timer !== undefined
    },
    [Symbol.dispose]: stop,
  }
}
