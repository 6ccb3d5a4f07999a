import type { Clock } from './clock.ts'
import type { Logger } from './log.ts'
import type { Targets } from './targets.ts'

/** A decision of a feature, with the numbers behind it. Each feature exports the union of its own. */
export interface FeatureEvent {
  readonly type: string
  readonly [field: string]: unknown
}

/** What an orchestrator offers to its features. */
export interface StageContext {
  readonly clock: Clock
  readonly targets: Targets
  readonly logger?: Logger | undefined
  /** Reports a decision to the application. `undefined` if it listens to none: then no event should be made. */
  readonly emit?: ((event: FeatureEvent) => void) | undefined
}
