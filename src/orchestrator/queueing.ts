import type { Call } from '../core/call.ts'
import type { Stage } from '../core/stage.ts'
import { createQueue, type CallQueue, type QueueEvent, type Slot } from '../queue/index.ts'
import type { HostParts } from './open-call.ts'
import { placed } from './pipeline.ts'

/** Lets so many calls run at once; the others wait by priority. A call holds its slot until its stream has ended. */
export class Queueing {
  readonly queue: CallQueue
  readonly #hasCaps: boolean

  constructor({ options, clock }: HostParts) {
    const { queue, onEvent } = options
    const observe =
      onEvent === undefined ? undefined : (event: QueueEvent) => onEvent({ type: 'queue', event })
    this.#hasCaps = queue?.perProvider !== undefined
    this.queue = createQueue({ queue: queue ?? {}, clock, observe })
  }

  readonly stage: Stage = async (call, next) => {
    let slot: Slot | undefined
    try {
      const held = (slot = await this.#acquire(call))
      const reply = await next(this.#hasCaps ? { ...call, moveTo: mover(held, call.target.provider) } : call)
      reply.onEnd((error) => held.release(error === undefined ? undefined : { error }))
      return reply
    } catch (error) {
      if (slot === undefined) throw placed(error, call)
      slot.release({ error })
      throw error
    }
  }

  #acquire({ requestId, userId, target, priority, stream, scope }: Call): Promise<Slot> {
    return this.queue.acquire({
      requestId,
      user: userId,
      provider: target.provider,
      priority,
      streaming: stream,
      scope,
      deadlineAt: scope.deadlineAt,
    })
  }
}

// A call that falls back counts for the provider that it goes to.
function mover(slot: Slot, first: string): Call['moveTo'] {
  let at = first
  return (provider) => {
    if (provider === at) return undefined
    at = provider
    return slot.move(provider)
  }
}
