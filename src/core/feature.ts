import type { Message } from './message.ts'
import type { MessageReview } from './review.ts'
import type { StageContext } from './stage-context.ts'
import type { Stage } from './stage.ts'

/**
 * An optional part of an orchestrator, as a value: `rateLimits({ … })`, `queue({ … })`, `attempts({ … })`. Its options were
 * checked when it was made; `mount` makes its state, once per orchestrator.
 */
export interface Feature<Handle = unknown> {
  /** Unique in one orchestrator. */
  readonly name: string
  /** Called once when the orchestrator is made. Throws `misconfigured` if an option does not fit the orchestrator. */
  mount(context: StageContext): MountedFeature<Handle>
}

/** A feature in one orchestrator. */
export interface MountedFeature<Handle = unknown> {
  readonly stages: readonly Stage[]
  /** What the feature offers to the application: the limiter, the queue, the health of targets. */
  readonly handle?: Handle | undefined
  /**
   * Called with messages that are stored without a call. Returns them as a call would send them. Rejects with what a call with
   * them would be refused with.
   */
  review?(review: MessageReview): Promise<readonly Message[]>
  /** Called once when the orchestrator closes, after its calls have ended. */
  close?(): Promise<void> | void
}
