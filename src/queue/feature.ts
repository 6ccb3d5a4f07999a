import { withTarget, type Call } from '../core/call.ts'
import type { Feature } from '../core/feature.ts'
import { checkOptions } from '../core/options.ts'
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
  readonly queue: CallQueue
  readonly #hasCaps: boolean

  constructor({ clock, emit }: StageContext, options: QueueConfig) {
    const observe = emit && ((event: QueueEvent): void => emit({ type: 'queue', event }))
    this.#hasCaps = options.perProvider !== undefined
    this.queue = createQueue({ queue: options, clock, observe })
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const job = jobOf(call)
    const slot = this.queue.tryAcquire(job)
    if (slot !== undefined) return this.#runIn(slot, call, next)
    const reject = (error: unknown): never => {
      throw withTarget(error, call)
    }
    return this.queue.acquire(job).then((acquired) => this.#runIn(acquired, call, next), reject)
  }

  #runIn(slot: Slot, call: Call, next: Next): Promise<ResponseStream> {
    const queued = this.#hasCaps
      ? { ...call, acquireProviderSlot: providerSlots(slot, call.target.provider) }
      : call
    return next(queued).then(
      (reply) => {
        reply.onEnd((error) => slot.release(error === undefined ? undefined : { error }))
        return reply
      },
      (error: unknown) => {
        slot.release({ error })
        throw error
      },
    )
  }
}

function jobOf({ requestId, userId, target, priority, stream, scope }: Call): QueueJob {
  const { deadlineAt } = scope
  return {
    requestId,
    user: userId,
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
