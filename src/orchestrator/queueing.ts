import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Stage } from '../core/stage.ts'
import { createQueue, type CallQueue, type QueueEvent, type Slot } from '../queue/index.ts'
import type { HostParts } from './open-call.ts'

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
    const slot = await this.#acquire(call)
    try {
      const reply = await next(this.#hasCaps ? { ...call, moveTo: mover(slot, call.target.provider) } : call)
      reply.onEnd((error) => slot.release(error === undefined ? undefined : { error }))
      return reply
    } catch (error) {
      slot.release({ error })
      throw error
    }
  }

  async #acquire(call: Call): Promise<Slot> {
    const { requestId, userId, target, priority, stream, scope } = call
    const { provider, model } = target
    try {
      return await this.queue.acquire({
        requestId,
        user: userId,
        provider,
        priority,
        streaming: stream,
        scope,
        deadlineAt: scope.deadlineAt,
      })
    } catch (error) {
      throw LlmError.is(error) ? error.with({ provider, model }) : error
    }
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
