import { isNodeTimer, systemClock, type Clock, type Timer } from '../core/clock.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { callable, MAX_TIMER_MS, number, type Group } from '../core/schema.ts'
import type { HealthStatus, TargetHealth } from './health.ts'

/** What is known of every target, by name: an orchestrator fits as it is. */
export interface HealthSource {
  health(): Readonly<Record<string, TargetHealth>>
}

/** A target whose status is another one than at the last look. */
export interface HealthChange {
  readonly target: string
  /** `undefined` at the first look. */
  readonly from: HealthStatus | undefined
  readonly to: HealthStatus
  readonly health: TargetHealth
}

export interface HealthMonitorOptions {
  /** How often it looks, in milliseconds. Default 30 000. */
  readonly everyMs?: number | undefined
  /** Told of every target whose status has changed. Must not throw. */
  readonly onChange?: ((change: HealthChange) => void) | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link HealthMonitorOptions}. */
export const healthMonitorSchema: Group = optionsSchema<HealthMonitorOptions>()(() => ({
  everyMs: number({ above: 0, max: MAX_TIMER_MS }),
  onChange: callable,
  clock: clockField,
}))

/** Looks at the health of all targets from time to time. */
export interface HealthMonitor extends Disposable {
  /** Looks now, and then every `everyMs`; does nothing where it runs already. Its timer keeps no process alive. */
  start(): void
  /** Looks no more; no timer is left. It may be started again. */
  stop(): void
  /** Looks now, whether it runs or not, and gives what it saw. */
  tick(): Readonly<Record<string, TargetHealth>>
  readonly running: boolean
}

const DEFAULT_EVERY_MS = 30_000

/** Watches a source of health, once it is started: for a host that wants to be told, where `health()` waits to be asked. */
export function createHealthMonitor(source: HealthSource, options: HealthMonitorOptions = {}): HealthMonitor {
  checkOptions('createHealthMonitor', healthMonitorSchema, options)
  const { everyMs = DEFAULT_EVERY_MS, onChange, clock = systemClock } = options
  const last = new Map<string, HealthStatus>()
  let timer: Timer | undefined
  const tick = (): Readonly<Record<string, TargetHealth>> => {
    const seen = source.health()
    for (const [target, health] of Object.entries(seen)) {
      const from = last.get(target)
      if (from === health.status) continue
      last.set(target, health.status)
      onChange?.({ target, from, to: health.status, health })
    }
    return seen
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
