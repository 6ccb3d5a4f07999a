import { abortableDelay } from '../core/abortable-delay.ts'
import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Target } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import { AttemptPlan } from './attempt-plan.ts'
import { hasOwnAccess, type AttemptSender, type PlannedAttempt } from './attempt-sender.ts'
import type { CircuitBreaking } from './circuit-breaking.ts'
import { raceAttempts } from './hedge.ts'
import type { KeyPools } from './key-pools.ts'
import { ResumedStream } from './mid-stream-fallback.ts'
import type { AttemptEvent, AttemptsOptions } from './options.ts'
import type { RetryBudgets } from './retry-budget.ts'
import { RETRY_DEFAULTS } from './retry.ts'

interface RunnerParts {
  readonly breaking: CircuitBreaking
  readonly keys: KeyPools
  readonly budgets: RetryBudgets
  readonly sender: AttemptSender
}

/** The attempts of one call: its plan, the attempts so far and the last error. */
interface AttemptSeries {
  readonly plan: AttemptPlan<Target>
  readonly call: Call
  readonly next: Next
  readonly previous: Call['previousAttempts']
  readonly failure: LlmError | undefined
}

/** Runs the attempts of a call. Retries, keys, deployments and fallbacks share one budget of attempts. */
export class AttemptRunner implements Stage {
  readonly name = 'attempts'
  readonly at = 'attempt'
  readonly order: number = stageOrder.attempts
  readonly endsWithCall = true
  readonly #context: StageContext
  readonly #options: AttemptsOptions
  readonly #parts: RunnerParts
  /** Whether a call with a single target may be attempted more than once. */
  readonly #mayRepeat: boolean

  constructor(context: StageContext, options: AttemptsOptions, parts: RunnerParts) {
    this.#context = context
    this.#options = options
    this.#parts = parts
    const { retry, hedge } = options
    this.#mayRepeat = retry !== undefined || hedge !== undefined || parts.breaking.isOn || !parts.keys.isEmpty
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const continues = call.continuation ?? this.#options.continuation ?? false
    const isSingle = call.candidates.length === 1 && call.candidates[0] === call.target && !continues
    if (isSingle && !this.#mayRepeat) return this.#parts.sender.sendOnly(call, next)
    return this.#runPlanned(call, next, continues)
  }

  #runPlanned(call: Call, next: Next, continues: boolean): Promise<ResponseStream> {
    const { retry } = this.#options
    const plan = new AttemptPlan(call.candidates, {
      attempts: this.#attemptsOf(call),
      retry,
      random: Math.random,
    })
    const series = { plan, call, next, previous: call.previousAttempts, failure: undefined }
    const started = this.#runSeries(series, plan.target)
    if (!continues || !call.stream) return started
    const resume = (error: LlmError, text: string): Promise<ResponseStream> =>
      this.#resume({ ...series, previous: error.attempts ?? [], failure: error }, text)
    return started.then((reply) => new ResumedStream(call, reply, resume))
  }

  async #runSeries(series: AttemptSeries, first: Target | undefined): Promise<ResponseStream> {
    const { plan, call } = series
    let { previous, failure } = series
    for (let target = first; target !== undefined;) {
      const permit = this.#parts.breaking.tryAcquire(target, call)
      if (permit instanceof LlmError) {
        failure ??= permit
        target = plan.skip()
        continue
      }
      plan.begin()
      const outcome = await this.#attempt({ call, target, previous, permit }, plan, series.next)
      if (!(outcome instanceof LlmError)) return outcome
      failure = outcome
      previous = outcome.attempts ?? previous
      if (call.scope.error !== undefined) break
      target = await this.#nextTarget(plan, call, outcome)
    }
    throw (failure as LlmError).with({ attempts: previous })
  }

  // Resumes the text on another attempt. Only models that support prefill qualify.
  async #resume(series: AttemptSeries, text: string): Promise<ResponseStream> {
    const { plan, failure, call } = series
    const messages: Call['messages'] = [...call.messages, { role: 'assistant', content: text }]
    let target = await this.#nextTarget(plan, call, failure as LlmError)
    while (target !== undefined && target.capabilities.prefill !== true) target = plan.skip()
    return this.#runSeries({ ...series, call: { ...call, messages } }, target)
  }

  // With hedging, a second attempt starts if the first one is slow. The first content wins.
  #attempt(main: PlannedAttempt, plan: AttemptPlan<Target>, next: Next): Promise<ResponseStream | LlmError> {
    const { hedge } = this.#options
    const { breaking, sender } = this.#parts
    const { call, target, previous } = main
    if (hedge === undefined) return sender.send(main, next)
    const hedgeTarget = plan.peek() ?? target
    return raceAttempts({
      call,
      afterMs: hedge.afterMs,
      previous,
      main: (scope, attempts) => sender.send({ ...main, call: { ...call, scope }, previous: attempts }, next),
      hedged: (scope, attempts) => {
        const permit = breaking.tryAcquire(hedgeTarget, call)
        if (permit instanceof LlmError || !plan.spend()) return undefined
        // A hedged call keeps the slot of its first provider, and takes no second one.
        const own = { ...call, scope, acquireProviderSlot: undefined }
        return sender.send({ call: own, target: hedgeTarget, previous: attempts, permit }, next)
      },
    })
  }

  #attemptsOf({ candidates }: Call): number {
    const { retry } = this.#options
    if (retry !== undefined) return retry.attempts ?? RETRY_DEFAULTS.attempts
    const providers = new Set(candidates.map(({ provider }) => provider))
    const otherKeys = [...providers].reduce((sum, one) => sum + this.#parts.keys.sizeOf(one) - 1, 0)
    return candidates.length + otherKeys
  }

  async #nextTarget(plan: AttemptPlan<Target>, call: Call, error: LlmError): Promise<Target | undefined> {
    const { budgets, keys } = this.#parts
    const from = plan.target
    const step = plan.after(error, {
      mayRetry: () => budgets.withdraw(from.provider),
      hasOtherKey: () => !hasOwnAccess(call, from) && keys.hasAvailable(from.provider),
      fits: (target) => error.kind !== 'context-too-long' || isLarger(target, from),
    })
    if (step === undefined) return undefined
    const { target, waitMs } = step
    const type = target === from ? 'retry' : 'fallback'
    const names = { from: from.name, kind: error.kind, to: target.name }
    const event: AttemptEvent = { type, requestId: call.requestId, ...names, waitMs }
    this.#context.emit?.(event)
    call.logger?.warn(event, type === 'retry' ? 'an attempt is repeated' : 'the call falls back')
    if (waitMs > 0) await abortableDelay(call, waitMs, error)
    return target
  }
}

// A context window of unknown size may be larger.
function isLarger(target: Target, than: Target): boolean {
  const { contextWindow } = target.capabilities
  const { contextWindow: smaller } = than.capabilities
  return contextWindow === undefined || smaller === undefined || contextWindow > smaller
}
