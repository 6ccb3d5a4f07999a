import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Next, Stage } from '../core/stage.ts'
import {
  createLimiter,
  DEFAULT_MAX_TOKENS,
  rejectionError,
  type Charge,
  type LimitEvent,
  type Limiter,
  type LimitKeys,
  type Rejection,
  type Reservation,
} from './index.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Usage } from '../core/response.ts'
import { estimateUsage, TokenCache } from '../observability/index.ts'
import type { CostOf } from '../orchestrator/config.ts'
import type { OrchestratorContext } from '../orchestrator/create-call.ts'
import { withTarget } from '../orchestrator/pipeline.ts'

/** Reserves room for a call in every layer before anyone waits for it, and settles with what it really used. */
export class Admission {
  readonly limiter: Limiter
  readonly #costOf: CostOf | undefined
  readonly #defaultMaxTokens: number
  readonly #tokens = new TokenCache()
  /** True where no call waits for room, and the answer is at hand. */
  readonly #atOnce: boolean

  constructor({ options, clock }: OrchestratorContext) {
    const { limits = {}, limitStore, onEvent } = options
    this.#costOf = options.costUsd
    this.#defaultMaxTokens = limits.defaultMaxTokens ?? DEFAULT_MAX_TOKENS
    this.#atOnce = limitStore === undefined && (limits.waitMs ?? 0) === 0
    const observe =
      onEvent === undefined ? undefined : (event: LimitEvent) => onEvent({ type: 'limit', event })
    this.limiter = createLimiter({ limits, clock, store: limitStore, observe })
  }

  readonly stage: Stage = (call, next) =>
    this.#atOnce
      ? this.#run(this.#reserve(call), call, next)
      : this.#admit(call).then((held) => this.#run(held, call, next))

  #run(held: Reservation, call: Call, next: Next): Promise<ResponseStream> {
    const begun = (answer: ResponseStream): ResponseStream => {
      answer.onEnd(() => {
        const usage = answer.usage()
        held.settle(usage, this.#cost(usage, answer))
      })
      return answer
    }
    return next(call).then(begun, (error: unknown) => {
      this.#settleFailure(held, error)
      throw error
    })
  }

  // A promise for every reservation would be a good part of what one costs: most are at hand.
  #reserve(call: Call): Reservation {
    try {
      const answer = this.limiter.reserve(keysOf(call), this.#charge(call)) as Reservation | Rejection
      if (answer.granted) return answer
      throw rejectionError(answer)
    } catch (error) {
      throw withTarget(error, call)
    }
  }

  async #admit(call: Call): Promise<Reservation> {
    const { scope } = call
    try {
      return await this.limiter.reserveOrWait(keysOf(call), this.#charge(call), {
        scope,
        deadlineAt: scope.deadlineAt,
      })
    } catch (error) {
      throw withTarget(error, call)
    }
  }

  #charge(call: Call): Charge {
    const { settings, messages } = call
    const inputTokens = this.limiter.countsTokens
      ? estimateUsage(messages, '', this.#tokens.count).inputTokens
      : 0
    const { maxTokens } = settings
    return { inputTokens, maxTokens, costUsd: this.#expectedCost(call, inputTokens) }
  }

  // The dearest of the targets that may answer; not known where the price of the asked-for one is not.
  #expectedCost({ settings, candidates, target }: Call, inputTokens: number): number | undefined {
    if (this.#costOf === undefined) return undefined
    const outputTokens = settings.maxTokens ?? this.#defaultMaxTokens
    const usage = { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true }
    const asked = this.#cost(usage, target)
    if (asked === undefined) return undefined
    return candidates.reduce((most, other) => Math.max(most, this.#cost(usage, other) ?? 0), asked)
  }

  #cost(usage: Usage, { provider, model }: { provider: string; model: string }): number | undefined {
    const cost = this.#costOf?.(usage, { provider, model })
    return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : undefined
  }

  // A call that was never sent gives everything back; one that the provider refused counts as a request without tokens;
  // of one that broke off, nobody knows what it cost.
  #settleFailure(reservation: Reservation, error: unknown): void {
    const known = LlmError.is(error) ? error : undefined
    const { attempts = [], status, partial, provider = '', model = '' } = known ?? {}
    if (attempts.length === 0) reservation.release()
    else if (status !== undefined && status >= 400) reservation.settle({ totalTokens: 0 }, 0)
    else reservation.settle(partial?.usage, partial && this.#cost(partial.usage, { provider, model }))
  }
}

function keysOf({ userId, conversationId, tags, target }: Call): LimitKeys {
  return {
    user: userId,
    conversation: conversationId,
    tags: { provider: target.provider, model: target.model, ...tags },
  }
}
