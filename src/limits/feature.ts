import type { CostOf } from '../core/cost-of.ts'
import type { Call } from '../core/call.ts'
import { withTarget } from '../core/call.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import { callSafely } from '../core/host-function.ts'
import type { Feature } from '../core/feature.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { callable, type Group } from '../core/schema.ts'
import { isAside, type Lineage, type TurnRounds } from '../core/parent-call.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Usage } from '../core/response.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import { TokenCache } from '../core/token-cache.ts'
import { estimateCall } from '../core/tokens.ts'
import type { Charge, LimitKeys } from './build-charges.ts'
import { DEFAULT_MAX_TOKENS, limitsSchema, type LimitsConfig } from './config.ts'
import type { LimitEvent } from './limiter-metrics.ts'
import { createLimiter, limitStoreField, type Limiter } from './limiter.ts'
import { rejectionError, type Rejection } from './rejection.ts'
import type { Reservation } from './reservation.ts'
import type { LimitStore } from './store.ts'
import { TurnReservations } from './turn-reservations.ts'

/** Options of {@link rateLimits}. */
export interface RateLimitsOptions {
  /** Store of the counts. A shared store counts over all processes. Default: the memory of this process. */
  readonly store?: LimitStore | undefined
  /** Prices for budgets in USD: called before each call with its estimated usage, and after it. Default: no price is known. */
  readonly costUsd?: CostOf | undefined
}

/** The schema of {@link RateLimitsOptions}. */
export const rateLimitsSchema: Group = optionsSchema<RateLimitsOptions>()(() => ({
  store: limitStoreField,
  costUsd: callable,
}))

/**
 * Rejects calls beyond rates and budgets with `limit-exceeded`. Every call reserves its expected usage in all layers, and is
 * settled with its real usage. Throws `misconfigured` if a limit is not valid.
 */
export function rateLimits(limits: LimitsConfig, options: RateLimitsOptions = {}): Feature<Limiter> {
  checkOptions('rateLimits', limitsSchema, limits)
  checkOptions('rateLimits', rateLimitsSchema, options)
  return {
    name: 'limits',
    mount: (context) => {
      const stage = new LimitStage(context, limits, options)
      return { stages: [stage], handle: stage.limiter, close: () => stage.limiter.close() }
    },
  }
}

const NOTHING_USED = { totalTokens: 0 }

/** Reserves the expected usage of a call before it waits for a slot, and settles the reservation with its real usage. */
class LimitStage implements Stage {
  readonly name = 'limits'
  readonly at = 'call'
  readonly order = stageOrder.limits
  readonly endsWithCall = true
  readonly limiter: Limiter
  readonly #costOf: CostOf | undefined
  readonly #defaultMaxTokens: number
  readonly #tokens = new TokenCache()
  /** Whether the limiter decides without a promise, because calls do not wait and the store is in this process. */
  readonly #isSync: boolean
  readonly #turns = new WeakMap<TurnRounds, TurnReservations>()
  /** Warns of the first call that no limit of users applies to; `undefined` without such limits, and after it. */
  #warnUnnamed: (() => void) | undefined

  constructor(
    { clock, logger, emit }: StageContext,
    limits: LimitsConfig,
    { store, costUsd }: RateLimitsOptions,
  ) {
    this.#costOf = costUsd
    const limitsUsers = limits.user !== undefined || limits.budgets?.some(({ scope }) => scope === 'user')
    if (limitsUsers === true) this.#warnUnnamed = () => logger?.warn({}, UNNAMED)
    this.#defaultMaxTokens = limits.defaultMaxTokens ?? DEFAULT_MAX_TOKENS
    this.#isSync = store === undefined && (limits.waitMs ?? 0) === 0
    const observe = emit && ((event: LimitEvent): void => emit({ type: 'limit', event }))
    this.limiter = createLimiter({ limits, clock, store, observe })
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    if (this.#warnUnnamed !== undefined && isUnnamed(call)) {
      this.#warnUnnamed()
      this.#warnUnnamed = undefined
    }
    const held = call.lineage?.turn && this.#turns.get(call.lineage.turn)?.take()
    if (held !== undefined) return this.#runWith(held, call, next)
    return this.#isSync
      ? this.#runWith(this.#reserve(call), call, next)
      : this.#reserveOrWait(call).then((reservation) => this.#runWith(reservation, call, next))
  }

  #runWith(reservation: Reservation, call: Call, next: Next): Promise<ResponseStream> {
    const settleAtEnd = (reply: ResponseStream): ResponseStream => {
      reply.onEnd(() => {
        const usage = reply.usage()
        reservation.settle(usage, this.#cost(usage, reply))
        if (call.lineage?.turn !== undefined) this.#roundsOf(call.lineage.turn).ended(call, usage)
      })
      return reply
    }
    return next(call).then(settleAtEnd, (error: unknown) => {
      this.#settleFailure(reservation, error)
      throw error
    })
  }

  #roundsOf(turn: TurnRounds): TurnReservations {
    const known = this.#turns.get(turn)
    if (known !== undefined) return known
    const rounds = new TurnReservations((call, inputTokens) => this.#reserveRound(call, inputTokens))
    this.#turns.set(turn, rounds)
    turn.admitRounds(this, rounds)
    return rounds
  }

  // A guess of the output must not end a turn whose input can still be paid.
  async #reserveRound(call: Call, inputTokens: number): Promise<Reservation> {
    const { scope } = call.lineage ?? call
    const charge = this.#roundCharge(call, inputTokens)
    const options = { scope, deadlineAt: scope.deadlineAt }
    try {
      return await this.limiter.reserveOrWait(keysOf(call), charge, options)
    } catch (error) {
      const isGuess = call.settings.maxTokens === undefined && LlmError.is(error) && error.kind !== 'aborted'
      if (!isGuess) throw withTarget(error, call)
      const least = this.#roundCharge({ ...call, settings: { ...call.settings, maxTokens: 0 } }, inputTokens)
      return this.limiter.reserveOrWait(keysOf(call), least, options).catch((refused: unknown) => {
        throw withTarget(refused, call)
      })
    }
  }

  #roundCharge(call: Call, inputTokens: number): Charge {
    const { maxTokens } = call.settings
    return { requests: 0, inputTokens, maxTokens, costUsd: this.#expectedCost(call, inputTokens) }
  }

  // Synchronous, because a promise would be a large part of the cost of a reservation.
  #reserve(call: Call): Reservation {
    try {
      const decision = this.limiter.reserve(keysOf(call), this.#charge(call)) as Reservation | Rejection
      if (decision.granted) return decision
      throw rejectionError(decision)
    } catch (error) {
      throw withTarget(error, call)
    }
  }

  async #reserveOrWait(call: Call): Promise<Reservation> {
    const { scope } = call
    try {
      return await this.limiter.reserveOrWait(keysOf(call), this.#charge(call), {
        scope,
        deadlineAt: scope.deadlineAt,
      })
    } catch (error) {
      throw withTarget(toLlmError(error, 'overloaded', 'the limit store failed'), call)
    }
  }

  #charge(call: Call): Charge {
    const { settings, messages, lineage } = call
    if (lineage !== undefined && (UNREFUSED.has(lineage.purpose) || isAside(lineage)))
      return { unrefused: true }
    const inputTokens = this.limiter.countsTokens
      ? estimateCall({ messages, settings, estimateTokens: call.estimateTokens ?? this.#tokens.count }, '')
          .inputTokens
      : 0
    const { maxTokens } = settings
    const charge = { inputTokens, maxTokens, costUsd: this.#expectedCost(call, inputTokens) }
    return this.#isPart(lineage) ? { requests: 0, ...charge } : charge
  }

  // The first round of a turn is its request; all other calls within it are part of that.
  #isPart(lineage: Lineage | undefined): boolean {
    const turn = lineage?.turn
    return lineage !== undefined && (turn === undefined || turn.isNested || this.#turns.has(turn))
  }

  // The highest price among the candidates; `undefined` if the price of the requested target is unknown.
  #expectedCost({ settings, candidates, target }: Call, inputTokens: number): number | undefined {
    if (this.#costOf === undefined) return undefined
    const outputTokens = settings.maxTokens ?? this.#defaultMaxTokens
    const usage = { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens, estimated: true }
    try {
      const requested = this.#priceOf(usage, target)
      if (requested === undefined) return undefined
      return candidates.reduce((most, other) => Math.max(most, this.#priceOf(usage, other) ?? 0), requested)
    } catch (error) {
      throw toLlmError(error, 'misconfigured', 'the costUsd function failed')
    }
  }

  // A price that is not found when the call is over leaves what was reserved.
  #cost(usage: Usage, target: { provider: string; model: string }): number | undefined {
    let cost: number | undefined
    callSafely(() => void (cost = this.#priceOf(usage, target)))
    return cost
  }

  #priceOf(usage: Usage, { provider, model }: { provider: string; model: string }): number | undefined {
    const cost = this.#costOf?.(usage, { provider, model })
    return typeof cost === 'number' && Number.isFinite(cost) && cost >= 0 ? cost : undefined
  }

  // A call that was not sent releases its reservation. Any other pays what its partial response tells, and nothing without one.
  #settleFailure(reservation: Reservation, error: unknown): void {
    const { attempts = [], partial } = LlmError.is(error) ? error : {}
    if (attempts.length === 0) reservation.release()
    else if (partial === undefined) reservation.settle(NOTHING_USED, 0)
    else reservation.settle(partial.usage, this.#cost(partial.usage, partial))
  }
}

/** Purposes whose calls are charged when their usage is known, because no answer may fail for them. */
const UNREFUSED: ReadonlySet<string> = new Set(['judge', 'moderation'])

const UNNAMED =
  'a call without userId is not held by the limits of users: pass userId, or anonymous: true to count such callers as one'

function isUnnamed({ userId, anonymous, lineage }: Call): boolean {
  return (userId === undefined || userId === '') && anonymous !== true && !isAside(lineage)
}

function keysOf(call: Call): LimitKeys {
  const { userId: user, anonymous, tags, target, lineage } = call
  const { conversationId: conversation, conversationChecked } = call
  const { provider, model } = target
  const purpose = lineage?.purpose ?? ''
  const named = { provider, model, ...(purpose !== '' && { purpose }), ...tags }
  if (isAside(lineage)) return { tags: named }
  return { user, anonymous, conversation, conversationChecked, tags: named }
}
