import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Target } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Next, Stage } from '../core/stage.ts'
import {
  AttemptPlan,
  chooseDeployment,
  createBreakers,
  createHealthTracker,
  createKeyPool,
  createRetryBudgets,
  isUpstreamFault,
  RETRY_DEFAULTS,
  type BreakerEvent,
  type Breakers,
  type HealthTracker,
  type KeyPool,
  type Permit,
  type Cooldown,
  type RetryBudgets,
  type TargetHealth,
} from './index.ts'
import type { KeySource } from '../core/secret.ts'
import { ResumedStream } from './mid-stream-fallback.ts'
import { raceAttempts } from './hedge.ts'
import { isKeyList, retarget, type OrchestratorContext } from '../orchestrator/create-call.ts'
import { abortableDelay } from '../core/abortable-delay.ts'
import { requireThroughput } from './throughput.ts'

/** The one planner of tries: retry, keys, deployments, fallback and breakers, with one budget of attempts per call. */
export class AttemptRunner {
  readonly #host: OrchestratorContext
  readonly #health: HealthTracker
  readonly #breakers: Breakers | undefined
  readonly #leave: readonly ((() => void) | undefined)[]
  readonly #budgets: RetryBudgets
  readonly #chains = new WeakMap<Target, Chain>()
  readonly #keyPools = new Map<string, KeyPool<KeySource>>()
  /** False where a call to a single target is tried once, come what may. */
  readonly #mayTryAgain: boolean

  constructor(host: OrchestratorContext) {
    const { options, clock } = host
    this.#host = host
    this.#health = createHealthTracker(clock)
    this.#budgets = createRetryBudgets(options.retry?.budget)
    this.#breakers =
      options.breaker === undefined
        ? undefined
        : createBreakers({ ...options.breaker, clock, observe: (event) => this.#announce(event) })
    for (const [provider, { apiKey }] of host.access)
      if (isKeyList(apiKey)) this.#keyPools.set(provider, createKeyPool(apiKey, clock))
    this.#leave = [
      options.breakerSync?.subscribe(({ target, openMs }) => this.#breakers?.open(target, openMs)),
      this.#keyPools.size === 0
        ? undefined
        : options.cooldownSync?.subscribe((rest) => this.#cooldownKey(rest)),
    ]
    const { retry, hedge } = options
    this.#mayTryAgain =
      retry !== undefined || hedge !== undefined || this.#breakers !== undefined || this.#keyPools.size > 0
  }

  /** First stage: finds the targets that may be tried. Where all of them are closed to calls, nobody waits to hear it. */
  readonly selectTargets: Stage = (call, next) => {
    const candidates = this.#candidates(call)
    const refusal = this.#refusedByAll(candidates)
    return refusal === undefined ? next(withCandidates(call, candidates)) : Promise.reject(refusal)
  }

  #refusedByAll(candidates: readonly Target[]): LlmError | undefined {
    let soonest = Infinity
    for (const { name } of candidates) {
      const waitMs = this.#breakers?.openForMs(name)
      if (waitMs === undefined) return undefined
      soonest = Math.min(soonest, waitMs)
    }
    return this.#refusal(candidates[0] as Target, soonest)
  }

  /** Last stage before the exchange: tries, and tries again. */
  readonly run: Stage = (call, next) => {
    const single = call.candidates.length === 1 && call.candidates[0] === call.target && !call.continuation
    return single && !this.#mayTryAgain ? this.#runSingle(call, next) : this.#runPlanned(call, next)
  }

  // One target, one key, one try: there is nothing to plan, only to note.
  #runSingle(call: Call, next: Next): Promise<ResponseStream> {
    const name = call.target.name
    const { clock } = this.#host
    const startedAt = clock.now()
    const end = (error: LlmError | undefined): void =>
      this.#health.end(name, error !== undefined && isUpstreamFault(error) ? error : undefined)
    const begun = (reply: ResponseStream): ResponseStream => {
      this.#health.latency(name, clock.now() - startedAt)
      reply.onEnd(end)
      return reply
    }
    this.#health.begin(name)
    return next(call).then(begun, (error: unknown) => {
      const known = knownError(error)
      end(known)
      throw known
    })
  }

  #runPlanned(call: Call, next: Next): Promise<ResponseStream> {
    const { retry } = this.#host.options
    const plan = new AttemptPlan(call.candidates, {
      attempts: this.#attemptsOf(call),
      retry,
      random: Math.random,
    })
    const begun = this.#attempts(
      { plan, call, next, tried: call.previousAttempts, failure: undefined },
      plan.target,
    )
    if (!call.continuation || !call.stream) return begun
    const goOn = (error: LlmError, text: string): Promise<ResponseStream> =>
      this.#continue({ plan, call, next, tried: error.attempts ?? [], failure: error }, text)
    return begun.then((reply) => new ResumedStream(call, reply, goOn))
  }

  async #attempts(tries: Tries, first: Target | undefined): Promise<ResponseStream> {
    const { plan, call } = tries
    let { tried, failure } = tries
    for (let target = first; target !== undefined;) {
      const permit = this.#admit(target, call)
      if (permit instanceof LlmError) {
        failure ??= permit
        target = plan.skip()
        continue
      }
      plan.begin()
      const outcome = await this.#tryOrHedge({ call, target, tried, permit, plan }, tries.next)
      if (!(outcome instanceof LlmError)) return outcome
      failure = outcome
      tried = outcome.attempts ?? tried
      if (call.scope.error !== undefined) break
      target = await this.#nextAttempt(plan, call, outcome)
    }
    throw (failure as LlmError).with({ attempts: tried })
  }

  // Another target, or the same one again, goes on from where the text broke off: only one that takes a beginning.
  async #continue(tries: Tries, text: string): Promise<ResponseStream> {
    const { plan, failure } = tries
    const messages: Call['messages'] = [...tries.call.messages, { role: 'assistant', content: text }]
    let target = await this.#nextAttempt(plan, tries.call, failure as LlmError)
    while (target !== undefined && target.capabilities.prefill !== true) target = plan.skip()
    return this.#attempts({ ...tries, call: { ...tries.call, messages } }, target)
  }

  /** What is known of every target that was called. */
  health(): Readonly<Record<string, TargetHealth>> {
    const open = (name: string): boolean => this.#breakers?.state(name) === 'open'
    return Object.fromEntries(
      this.#health.targets().map((name) => [name, this.#health.read(name, open(name))]),
    )
  }

  close(): void {
    for (const leave of this.#leave) leave?.()
    this.#breakers?.close()
  }

  #reportKey(provider: string, index: number, error: LlmError | undefined): void {
    const restMs = this.#keyPools.get(provider)?.report(index, error) ?? 0
    if (restMs > 0)
      this.#host.options.cooldownSync?.publish({
        subject: `${provider}#${index}`,
        cooldownMs: restMs,
        reason: error?.kind,
      })
  }

  // Processes list a provider's keys in the same order.
  #cooldownKey({ subject, cooldownMs: restMs }: Cooldown): void {
    const [, provider = '', index = ''] = /^([^/]+)#(\d+)$/.exec(subject) ?? []
    this.#keyPools.get(provider)?.cooldown(Number(index), restMs)
  }

  // What another process has told is not told again.
  #announce(event: BreakerEvent): void {
    const { onEvent, breakerSync } = this.#host.options
    onEvent?.({ type: 'breaker', ...event })
    const { target, state, reason, openMs } = event
    if (state === 'open' && reason !== 'shared' && openMs !== undefined)
      breakerSync?.publish({ target, openMs, reason })
  }

  #candidates({
    target,
    candidates,
    hasOwnCredentials: accessGiven,
    fallback = [],
  }: Call): readonly Target[] {
    const own = accessGiven || !this.#host.pools.has(target.provider) ? candidates : this.#deployments(target)
    if (fallback.length === 0) return own
    // The same target and the same list, call after call: what they make is kept.
    const known = this.#chains.get(target)
    if (own === candidates && known?.fallback === fallback) return known.targets
    const all = [...own, ...fallback.map((model) => this.#host.registry.resolve({ model }))]
    const targets = all.filter(({ name }, at) => all.findIndex((one) => one.name === name) === at)
    if (own === candidates) this.#chains.set(target, { fallback, targets })
    return targets
  }

  // The deployments that share the provider's calls, in the order in which they should be tried.
  #deployments(target: Target): readonly Target[] {
    const pool = this.#host.pools.get(target.provider)
    if (pool === undefined) return [target]
    const targets = new Map(
      pool.map(({ id }) => [
        id,
        id === target.provider ? target : this.#host.registry.resolve({ provider: id, model: target.model }),
      ]),
    )
    const known = pool.map(({ id, weight }) => {
      const name = (targets.get(id) as Target).name
      return { id, weight, inFlight: this.#health.inFlight(name), expectedMs: this.#health.expectedMs(name) }
    })
    const order = chooseDeployment(known, this.#host.options.balance ?? 'weighted', Math.random)
    return order.map(({ id }) => targets.get(id) as Target)
  }

  #attemptsOf({ candidates }: Call): number {
    const { retry } = this.#host.options
    if (retry !== undefined) return retry.attempts ?? RETRY_DEFAULTS.attempts
    const providers = new Set(candidates.map(({ provider }) => provider))
    const keys = [...providers].map((provider) => this.#keyPools.get(provider)?.size ?? 1)
    return candidates.length + keys.reduce((sum, size) => sum + size - 1, 0)
  }

  #admit(target: Target, call: Call): Permit | undefined | LlmError {
    const answer = this.#breakers?.tryAcquire(target.name)
    if (answer === undefined || 'succeed' in answer) return answer
    const { retryAfterMs } = answer
    this.#host.options.onEvent?.({
      type: 'skipped',
      requestId: call.requestId,
      target: target.name,
      retryAfterMs,
    })
    return this.#refusal(target, retryAfterMs)
  }

  // With hedging, a try that is slow to begin gets a rival on the next target; the first to begin wins, the other is ended.
  #tryOrHedge(
    main: Try & { readonly plan: AttemptPlan<Target> },
    next: Next,
  ): Promise<ResponseStream | LlmError> {
    const { hedge } = this.#host.options
    const { call, plan, target } = main
    const rival = hedge === undefined ? undefined : (plan.peek() ?? target)
    if (hedge === undefined || rival === undefined) return this.#try(main, next)
    const race = (entrant: Try): Promise<ResponseStream | LlmError> => this.#try(entrant, next)
    return raceAttempts({
      call,
      afterMs: hedge.afterMs,
      main: (scope, tried) => race({ ...main, call: { ...call, scope }, tried }),
      rival: (scope, tried) => {
        const permit = this.#admit(rival, call)
        if (permit instanceof LlmError || !plan.spend()) return undefined
        // One call counts for one provider: the first.
        return race({
          call: { ...call, scope, acquireProviderSlot: undefined },
          target: rival,
          tried,
          permit,
        })
      },
      tried: main.tried,
    })
  }

  #try(entrant: Try, next: Next): Promise<ResponseStream | LlmError> {
    const { call, target, tried, permit } = entrant
    const moving = call.acquireProviderSlot?.(target.provider)
    if (moving === undefined) return this.#send(entrant, next)
    return moving.then(
      () => this.#send(entrant, next),
      (error: unknown) => {
        const known = knownError(error)
        permit?.fail(known)
        return known.with({ attempts: tried })
      },
    )
  }

  #send({ call, target, tried, permit }: Try, next: Next): Promise<ResponseStream | LlmError> {
    const name = target.name
    const { clock } = this.#host
    const startedAt = clock.now()
    const key = isOwn(call, target) ? undefined : this.#keyPools.get(target.provider)?.next()
    const aimed = call.target === target ? call : retarget(this.#host, call, target)
    const keyed = key === undefined ? withTried(aimed, tried) : { ...aimed, tried, apiKey: key.key }
    this.#budgets.deposit(target.provider)
    this.#health.begin(name)
    const end = (error: LlmError | undefined): void => {
      this.#health.end(name, error !== undefined && isUpstreamFault(error) ? error : undefined)
      if (key !== undefined) this.#reportKey(target.provider, key.index, error)
      if (error !== undefined) permit?.fail(error)
    }
    const begun = (reply: ResponseStream): ResponseStream => {
      const latencyMs = clock.now() - startedAt
      this.#health.latency(name, latencyMs)
      reply.onEnd((error) => {
        end(error)
        if (error === undefined) permit?.succeed(latencyMs)
      })
      return reply
    }
    return this.#requireThroughput(call, next(keyed)).then(begun, (error: unknown) => {
      const known = knownError(error)
      end(known)
      return known
    })
  }

  // A stream has to flow as fast as it should before its try counts as good.
  #requireThroughput({ stream }: Call, reply: Promise<ResponseStream>): Promise<ResponseStream> {
    const { options, clock } = this.#host
    const { throughput } = options
    if (throughput === undefined || !stream) return reply
    return reply.then((begun) => requireThroughput(begun, throughput, clock))
  }

  async #nextAttempt(plan: AttemptPlan<Target>, call: Call, error: LlmError): Promise<Target | undefined> {
    const from = plan.target
    const step = plan.after(error, {
      mayRetry: () => this.#budgets.withdraw(from.provider),
      hasOtherKey: () => !isOwn(call, from) && this.#keyPools.get(from.provider)?.hasAvailable === true,
      fits: (target) => error.kind !== 'context-too-long' || isLarger(target, from),
    })
    if (step === undefined) return undefined
    const { target, waitMs } = step
    const names = { from: from.name, kind: error.kind, to: target.name, waitMs }
    this.#host.options.onEvent?.({
      type: target === from ? 'retry' : 'fallback',
      requestId: call.requestId,
      ...names,
    })
    if (waitMs > 0) await abortableDelay(call, waitMs, error)
    return target
  }

  #refusal({ provider, model }: Target, retryAfterMs: number): LlmError {
    const message = `${provider} (${model}): its breaker is open after repeated faults; it takes calls again in ${retryAfterMs} ms`
    return new LlmError('breaker-open', message, { provider, model, retryAfterMs })
  }
}

/** The targets of a call with this fallback. */
interface Chain {
  readonly fallback: readonly string[]
  readonly targets: readonly Target[]
}

interface Tries {
  readonly plan: AttemptPlan<Target>
  readonly call: Call
  readonly next: Next
  readonly tried: Call['previousAttempts']
  readonly failure: LlmError | undefined
}

interface Try {
  readonly call: Call
  readonly target: Target
  readonly tried: Call['previousAttempts']
  readonly permit: Permit | undefined
}

function withCandidates(call: Call, candidates: readonly Target[]): Call {
  return candidates.length === 1 && candidates[0] === call.target ? call : { ...call, candidates }
}

function withTried(call: Call, tried: Call['previousAttempts']): Call {
  return call.previousAttempts === tried ? call : { ...call, previousAttempts: tried }
}

function knownError(error: unknown): LlmError {
  return LlmError.is(error) ? error : new LlmError('network', String(error), { cause: error })
}

/** The request itself brought the key or the address for this target. */
function isOwn(call: Call, target: Target): boolean {
  return call.hasOwnCredentials && target === call.target
}

// A window that is not known may be larger.
function isLarger(target: Target, than: Target): boolean {
  const { contextWindow } = target.capabilities
  return (
    contextWindow === undefined ||
    than.capabilities.contextWindow === undefined ||
    contextWindow > than.capabilities.contextWindow
  )
}
