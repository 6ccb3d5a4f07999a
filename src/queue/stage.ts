import type { Call } from '../core/call.ts'
import type { Next, Stage } from '../core/stage.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import { createQueue, type CallQueue, type QueueEvent, type QueueJob, type Slot } from './index.ts'
import type { OrchestratorContext } from '../orchestrator/create-call.ts'
import { withTarget } from '../orchestrator/pipeline.ts'

/** Lets so many calls run at once; the others wait by priority. A call holds its slot until its stream has ended. */
export class Queueing {
  readonly queue: CallQueue
  readonly #hasCaps: boolean

  constructor({ options, clock }: OrchestratorContext) {
    const { queue, onEvent } = options
    const observe =
      onEvent === undefined ? undefined : (event: QueueEvent) => onEvent({ type: 'queue', event })
    this.#hasCaps = queue?.perProvider !== undefined
    this.queue = createQueue({ queue: queue ?? {}, clock, observe })
  }

  readonly stage: Stage = (call, next) => {
    const job = jobOf(call)
    const slot = this.queue.tryAcquire(job)
    if (slot !== undefined) return this.#run(slot, call, next)
    const refused = (error: unknown): never => {
      throw withTarget(error, call)
    }
    return this.queue.acquire(job).then((late) => this.#run(late, call, next), refused)
  }

  #run(slot: Slot, call: Call, next: Next): Promise<ResponseStream> {
    const begun = (reply: ResponseStream): ResponseStream => {
      reply.onEnd((error) => slot.release(error === undefined ? undefined : { error }))
      return reply
    }
    const moved = this.#hasCaps ? { ...call, moveTo: mover(slot, call.target.provider) } : call
    return next(moved).then(begun, (error: unknown) => {
      slot.release({ error })
      throw error
    })
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

// A call that falls back counts for the provider that it goes to.
function mover(slot: Slot, first: string): Call['acquireProviderSlot'] {
  let at = first
  return (provider) => {
    if (provider === at) return undefined
    at = provider
    return slot.move(provider)
  }
}
