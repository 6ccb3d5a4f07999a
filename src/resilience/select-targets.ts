import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Target } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Warning } from '../core/response.ts'
import type { StageContext } from '../core/stage-context.ts'
import { stageOrder, type Next, type Stage } from '../core/stage.ts'
import type { Targets, WeightedProvider } from '../core/targets.ts'
import { chooseDeployment } from './balance.ts'
import { drawOf } from './draw.ts'
import type { CircuitBreaking } from './circuit-breaking.ts'
import type { HealthTracker } from './health.ts'
import type { AttemptsOptions } from './options.ts'

/** The targets of a call with its fallbacks, and warnings about fallbacks that name no target. */
interface FallbackChain {
  readonly fallback: readonly string[]
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
    for (const [at, model] of (options.fallback ?? []).entries()) this.#checkFallback(model, at)
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
    if (fallback.length === 0) return own === candidates ? call : { ...call, candidates: own }
    const { targets, warnings } = this.#chainOf(target, own, fallback, own === candidates)
    return {
      ...call,
      candidates: targets,
      ...(warnings.length === 0 ? undefined : { warnings: [...(call.warnings ?? []), ...warnings] }),
    }
  }

  // Cached, because most calls have the same target and the same list of fallbacks.
  #chainOf(
    target: Target,
    own: readonly Target[],
    fallback: readonly string[],
    keep: boolean,
  ): FallbackChain {
    const known = keep ? this.#chains.get(target) : undefined
    if (known?.fallback === fallback) return known
    const warnings: Warning[] = []
    const all = [...own, ...fallback.flatMap((model) => this.#fallbackOf(model, warnings))]
    const targets = all.filter(({ name }, at) => all.findIndex((one) => one.name === name) === at)
    const chain = { fallback, targets, warnings }
    if (keep) this.#chains.set(target, chain)
    return chain
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

  #checkFallback(model: string, at: number): void {
    try {
      this.#targets.resolve({ model })
    } catch (error) {
      const message = LlmError.is(error) ? error.message : String(error)
      throw new LlmError('misconfigured', `createOrchestrator: fallback.${at} "${model}": ${message}`, {
        issues: [{ path: `fallback.${at}`, message }],
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
