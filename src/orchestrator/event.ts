import type { LimitEvent } from '../limits/index.ts'
import type { ModerationEvent } from '../moderation/index.ts'
import type { QueueEvent } from '../queue/index.ts'
import type { BreakerEvent } from '../resilience/index.ts'

/** A decision of the orchestrator, with the numbers behind it. No text, no key. */
export type OrchestratorEvent =
  | ({ readonly type: 'breaker' } & BreakerEvent)
  | { readonly type: 'limit'; readonly event: LimitEvent }
  | { readonly type: 'queue'; readonly event: QueueEvent }
  | { readonly type: 'moderation'; readonly event: ModerationEvent }
  | {
      readonly type: 'retry' | 'fallback'
      readonly requestId: string
      /** The target that failed, and the kind of its error. */
      readonly from: string
      readonly kind: string
      readonly to: string
      readonly waitMs: number
    }
  | {
      readonly type: 'skipped'
      readonly requestId: string
      readonly target: string
      readonly retryAfterMs: number
    }
