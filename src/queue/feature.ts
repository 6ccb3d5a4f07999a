import { withTarget, type Call } from '../core/call.ts'
import { callerKey } from '../core/caller-key.ts'
import type { Feature } from '../core/feature.ts'
import { checkOptions } from '../core/options.ts'
import { holdsSlot, isAside, type Lineage, type TurnRounds } from '../core/parent-call.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import type { CallQueue, QueueEvent } from './call-queue.ts'
import { queueSchema, type QueueConfig } from './config.ts'
import type { QueueJob, Slot } from './job.ts'
import { createQueue } from './queue.ts'

/**
 * Limits the number of concurrent calls; the others wait by priority. A call occupies its slot until its stream has ended.
 * Throws `misconfigured` if an option is not valid.
 */
export function queue(options: QueueConfig = {}): Feature<CallQueue> {
  checkOptions('queue', queueSchema, options)
  return {
    name: 'queue',
    mount: (context) => {
      const stage = new QueueStage(context, options)
      return { stages: [stage], handle: stage.queue, close: () => stage.queue.close() }
    },
  }
}

class QueueStage implements Stage {
  readonly name = 'queue'
  readonly at = 'call'
  readonly order = stageOrder.queue
  readonly endsWithCall = true
  readonly queue: CallQueue
  readonly #hasCaps: boolean
  /** Turns whose first round has passed. */
  readonly #passed = new WeakSet<TurnRounds>()

  constructor({ clock, emit }: StageContext, options: QueueConfig) {
    const observe = emit && ((event: QueueEvent): void => emit({ type: 'queue', event }))
    this.#hasCaps = options.perProvider !== undefined
    this.queue = createQueue({ queue: options, clock, observe })
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const { lineage } = call
    const job = jobOf(call, lineage === undefined ? undefined : this.#placeOf(lineage, call.priority))
    const slot = this.queue.tryAcquire(job)
    if (slot !== undefined) return this.#runIn(slot, call, next)
    // The slot of a parent is free for what the parent waits for.
    if (holdsSlot(lineage, this)) return next(call)
    const reject = (error: unknown): never => {
      throw withTarget(error, call)
    }
    return this.queue.acquire(job).then((acquired) => this.#runIn(acquired, call, next), reject)
  }

  // A call within another one, and a round of a turn that has been admitted, are not queued behind other calls again.
  #placeOf(lineage: Lineage, priority: Call['priority']): QueueJob['place'] {
    const { turn } = lineage
    if (isAside(lineage)) return priority === 'low' ? 'behind' : undefined
    if (turn === undefined || turn.isNested || this.#passed.has(turn)) return 'ahead'
    this.#passed.add(turn)
    return undefined
  }

  #runIn(slot: Slot, call: Call, next: Next): Promise<ResponseStream> {
    const queued = this.#hasCaps
      ? { ...call, acquireProviderSlot: providerSlots(slot, call.target.provider) }
      : call
    const { scope } = call
    scope.slotOf = this
    const release = (error: unknown): void => {
      scope.slotOf = undefined
      slot.release(error === undefined ? undefined : { error })
    }
    return next(queued).then(
      (reply) => {
        reply.onEnd(release)
        return reply
      },
      (error: unknown) => {
        release(error)
        throw error
      },
    )
  }
}

function jobOf(
  { requestId, userId, anonymous, tags, target, priority, stream, scope, lineage }: Call,
  place: QueueJob['place'],
): QueueJob {
  const { deadlineAt } = scope
  const purpose = lineage?.purpose === '' ? undefined : lineage?.purpose
  return {
    place,
    purpose,
    requestId,
    user: userId,
    userKey: callerKey({ user: userId, anonymous, tenant: tags?.['tenant'] }),
    provider: target.provider,
    priority,
    streaming: stream,
    scope,
    deadlineAt,
  }
}

// A call that falls back moves its slot to the provider of the fallback.
function providerSlots(slot: Slot, first: string): Call['acquireProviderSlot'] {
  let current = first
  return (provider) => {
    if (provider === current) return undefined
    current = provider
    return slot.move(provider)
  }
}
