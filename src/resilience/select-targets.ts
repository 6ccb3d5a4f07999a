import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { orderedFallback, type Fallback } from '../core/fallback.ts'
import type { Target } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Warning } from '../core/response.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import type { Targets, WeightedProvider } from '../core/targets.ts'
import { chooseDeployment } from './balance.ts'
import { drawOf } from './draw.ts'
import type { CircuitBreaking } from './circuit-breaking.ts'
import type { HealthStatus, HealthTracker } from './health.ts'
import type { AttemptsOptions } from './options.ts'

const STATUS_ORDER: readonly HealthStatus[] = ['healthy', 'degraded', 'unhealthy', 'circuit-open']

/** The targets of a call with its fallbacks, and warnings about fallbacks that name no target. */
interface FallbackChain {
  readonly fallback: Fallback
  readonly targets: readonly Target[]
  readonly warnings: readonly Warning[]
}

/**
 * Finds the targets of a call: the requested one or its deployments, then the fallbacks. Rejects the call with `breaker-open`
 * if all their breakers are open, so that it does not wait for a slot first.
 */
export class TargetSelector implements Stage {
  readonly name = 'targets'
  readonly at = 'call'
  readonly order: number = stageOrder.targets
  readonly endsWithCall = true
  readonly #targets: Targets
  readonly #options: AttemptsOptions
  readonly #breaking: CircuitBreaking
  readonly #health: HealthTracker
  readonly #chains = new WeakMap<Target, FallbackChain>()

  /** Throws `misconfigured` if a fallback names no target. */
  constructor(
    { targets }: StageContext,
    options: AttemptsOptions,
    { breaking, health }: { readonly breaking: CircuitBreaking; readonly health: HealthTracker },
  ) {
    this.#targets = targets
    this.#options = options
    this.#breaking = breaking
    this.#health = health
    const { fallback = [] } = options
    const path = Array.isArray(fallback) ? 'fallback' : 'fallback.targets'
    for (const [at, model] of orderedFallback(fallback).targets.entries())
      this.#checkFallback(model, `${path}.${at}`)
  }

  run(call: Call, next: Next): Promise<ResponseStream> {
    const selected = this.#select(call)
    const error = this.#breaking.errorIfAllOpen(selected.candidates)
    return error === undefined ? next(selected) : Promise.reject(error)
  }

  #select(call: Call): Call {
    const { target, candidates, hasOwnCredentials, fallback = this.#options.fallback ?? [] } = call
    const pool = hasOwnCredentials ? undefined : this.#targets.deployments(target.provider)
    const own = pool === undefined ? candidates : this.#deployments(call, pool)
    const { targets: names, order } = orderedFallback(fallback)
    if (names.length === 0) return own === candidates ? call : { ...call, candidates: own }
    const { targets, warnings } = this.#chainOf(target, own, fallback, own === candidates)
    return {
      ...call,
      candidates: order === 'health' ? this.#byHealth(targets, own.length) : targets,
      ...(warnings.length === 0 ? undefined : { warnings: [...(call.warnings ?? []), ...warnings] }),
    }
  }

  // Cached, because most calls have the same target and the same list of fallbacks.
  #chainOf(target: Target, own: readonly Target[], fallback: Fallback, keep: boolean): FallbackChain {
    const known = keep ? this.#chains.get(target) : undefined
    if (known?.fallback === fallback) return known
    const warnings: Warning[] = []
    const all = [
      ...own,
      ...orderedFallback(fallback).targets.flatMap((model) => this.#fallbackOf(model, warnings)),
    ]
    const targets = all.filter(({ name }, at) => all.findIndex((one) => one.name === name) === at)
    const chain = { fallback, targets, warnings }
    if (keep) this.#chains.set(target, chain)
    return chain
  }

  // The requested target stays first, because the caller chose it.
  #byHealth(targets: readonly Target[], own: number): readonly Target[] {
    const rank = ({ name }: Target): number => {
      const { status } = this.#health.read(name, this.#breaking.isOpen(name))
      return STATUS_ORDER.indexOf(status)
    }
    const known = targets.slice(own).map((target) => ({
      target,
      rank: rank(target),
      expectedMs: this.#health.expectedMs(target.name),
    }))
    const sorted = known.toSorted((a, b) => a.rank - b.rank || a.expectedMs - b.expectedMs)
    return [...targets.slice(0, own), ...sorted.map(({ target }) => target)]
  }

  // A wrong fallback of a request is a warning, because the call may not need it.
  #fallbackOf(model: string, warnings: Warning[]): readonly Target[] {
    try {
      return [this.#targets.resolve({ model })]
    } catch (error) {
      const reason = LlmError.is(error) ? error.message : String(error)
      warnings.push({ type: 'other', message: `fallback "${model}" was ignored: ${reason}` })
      return []
    }
  }

  #checkFallback(model: string, path: string): void {
    try {
      this.#targets.resolve({ model })
    } catch (error) {
      const message = LlmError.is(error) ? error.message : String(error)
      throw new LlmError('misconfigured', `createOrchestrator: ${path} "${model}": ${message}`, {
        issues: [{ path, message }],
      })
    }
  }

  // Returns the deployments in the order in which the call should try them.
  #deployments(
    { target, request, conversationId }: Call,
    pool: readonly WeightedProvider[],
  ): readonly Target[] {
    const { model } = target
    const { api } = request
    const targets = new Map(
      pool.map(({ id }) => [
        id,
        id === target.provider ? target : this.#targets.resolve({ provider: id, model, api }),
      ]),
    )
    const known = pool.map(({ id, weight }) => {
      const { name } = targets.get(id) as Target
      return { id, weight, inFlight: this.#health.inFlight(name), expectedMs: this.#health.expectedMs(name) }
    })
    // A conversation stays, because prompt caches and some models' reasoning are bound to a deployment.
    const order =
      conversationId === undefined
        ? chooseDeployment(known, this.#options.balance ?? 'weighted', Math.random)
        : chooseDeployment(known, 'weighted', drawOf(conversationId))
    return order.map(({ id }) => targets.get(id) as Target)
  }
}
