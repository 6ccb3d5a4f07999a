import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Stage } from '../core/stage.ts'
import {
  createLimiter,
  type LimitEvent,
  type Limiter,
  type LimitKeys,
  type Reservation,
} from '../limits/index.ts'
import { estimateUsage } from '../observability/index.ts'
import type { HostParts } from './open-call.ts'

/** Reserves room for a call in every layer before anyone waits for it, and settles with what it really used. */
export class Admission {
  readonly limiter: Limiter

  constructor({ options, clock }: HostParts) {
    const { limits = {}, limitStore, onEvent } = options
    const observe =
      onEvent === undefined ? undefined : (event: LimitEvent) => onEvent({ type: 'limit', event })
    this.limiter = createLimiter({ limits, clock, store: limitStore, observe })
  }

  readonly stage: Stage = async (call, next) => {
    const reservation = await this.#reserve(call)
    try {
      const reply = await next(call)
      reply.onEnd(() => reservation.settle(reply.usage()))
      return reply
    } catch (error) {
      settleFailure(reservation, error)
      throw error
    }
  }

  async #reserve(call: Call): Promise<Reservation> {
    const { settings, scope, clock, messages } = call
    const { inputTokens } = estimateUsage(messages, '')
    const charge = { inputTokens, maxTokens: settings.maxTokens }
    const { target } = call
    try {
      return await this.limiter.admit(keysOf(call), charge, {
        scope,
        deadlineAt: deadlineOf(call, clock.now()),
      })
    } catch (error) {
      if (!LlmError.is(error)) throw error
      throw error.with({ provider: target.provider, model: target.model })
    }
  }
}

function deadlineOf({ timeouts }: Call, now: number): number | undefined {
  return timeouts.totalMs === undefined || timeouts.totalMs === 0 ? undefined : now + timeouts.totalMs
}

function keysOf({ userId, conversationId, tags, target }: Call): LimitKeys {
  return {
    user: userId,
    conversation: conversationId,
    tags: { provider: target.provider, model: target.model, ...tags },
  }
}

// A call that was never sent gives everything back; one that the provider refused counts as a request without tokens;
// of one that broke off, nobody knows what it cost.
function settleFailure(reservation: Reservation, error: unknown): void {
  const known = LlmError.is(error) ? error : undefined
  if (known?.attempts === undefined || known.attempts.length === 0) reservation.release()
  else if (known.status !== undefined && known.status >= 400) reservation.settle({ totalTokens: 0 })
  else reservation.settle(known.partial?.usage)
}
