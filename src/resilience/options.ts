import type { CooldownSync } from '../core/cooldown-sync.ts'
import { fallbackField, type Fallback } from '../core/fallback.ts'
import { optionsSchema, type Rows } from '../core/options.ts'
import { syncField } from '../core/port-fields.ts'
import { flag, milliseconds, oneOf, required, type Group } from '../core/schema.ts'
import type { LoadBalancing } from './balance.ts'
import type { BreakerSync } from './breaker-sync.ts'
import { breakerSchema, type BreakerEvent, type BreakerOptions } from './breaker.ts'
import { retrySchema, type RetryOptions } from './retry.ts'
import { throughputSchema, type ThroughputOptions } from './throughput.ts'

/** How the attempts of a call are planned. Each field is optional. */
export interface AttemptsOptions {
  /** Targets to try after the requested one, as `provider/model`. Without `retry`, every target gets one attempt. Default: none. */
  readonly fallback?: Fallback | undefined
  /** Retries failed attempts on the same target. Default: off. */
  readonly retry?: RetryOptions | undefined
  /** Resumes a stream that breaks inside its text on another attempt. Default: off. */
  readonly continuation?: boolean | undefined
  /** Starts a second attempt if the first delivers nothing for `afterMs` milliseconds; the first content wins. Default: off. */
  readonly hedge?: HedgeOptions | undefined
  /** Buffers a stream until it is fast enough, and tries the next target if it is not. Default: off. */
  readonly throughput?: ThroughputOptions | undefined
  /** Stops calling a target that keeps failing. Default: off. */
  readonly breaker?: BreakerOptions | undefined
  /** Shares opened breakers with other processes. Needs `breaker`. The application closes it. Default: not shared. */
  readonly breakerSync?: BreakerSync | undefined
  /** Shares cooldowns of API keys with other processes. The application closes it. Default: not shared. */
  readonly cooldownSync?: CooldownSync | undefined
  /** How calls are distributed over providers with a `weight`. Default `weighted`. */
  readonly balance?: LoadBalancing | undefined
}

/** When a second attempt starts beside a slow one. */
export interface HedgeOptions {
  /** How long the first attempt may deliver nothing, in milliseconds. */
  readonly afterMs: number
}

/** The fields of {@link AttemptsOptions}. */
export const attemptsRows = (): Rows<AttemptsOptions> => ({
  fallback: fallbackField,
  retry: retrySchema,
  continuation: flag,
  hedge: optionsSchema<HedgeOptions>()(() => ({ afterMs: required(milliseconds) })),
  throughput: throughputSchema,
  breaker: breakerSchema,
  breakerSync: syncField,
  cooldownSync: syncField,
  balance: oneOf('weighted', 'least-busy', 'lowest-latency'),
})
/** The schema of {@link AttemptsOptions}. */
export const attemptsSchema: Group = optionsSchema<AttemptsOptions>()(attemptsRows)

/** A decision about attempts. `from`, `to` and `target` are names of targets: `provider/model`. */
export type AttemptEvent =
  | ({ readonly type: 'breaker' } & BreakerEvent)
  | {
      readonly type: 'retry' | 'fallback'
      readonly requestId: string
      /** The target that failed. */
      readonly from: string
      /** The kind of its error. */
      readonly kind: string
      readonly to: string
      readonly waitMs: number
    }
  | {
      /** A target was passed over because its breaker is open. */
      readonly type: 'skipped'
      readonly requestId: string
      readonly target: string
      readonly retryAfterMs: number
    }
