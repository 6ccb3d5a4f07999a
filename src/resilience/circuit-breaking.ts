import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Target } from '../core/registry.ts'
import type { StageContext } from '../core/stage-context.ts'
import { createBreakers, type BreakerEvent, type Breakers, type Permit } from './breaker.ts'
import type { AttemptEvent, AttemptsOptions } from './options.ts'

/** The breakers of all targets, shared with other processes if a sync is configured. */
export class CircuitBreaking {
  readonly #breakers: Breakers | undefined
  readonly #emit: StageContext['emit']
  readonly #sync: AttemptsOptions['breakerSync']
  readonly #unsubscribe: (() => void) | undefined

  constructor({ clock, emit }: StageContext, { breaker, breakerSync }: AttemptsOptions) {
    this.#emit = emit
    this.#sync = breakerSync
    this.#breakers =
      breaker === undefined
        ? undefined
        : createBreakers({ ...breaker, clock, observe: (event) => this.#announce(event) })
    this.#unsubscribe = breakerSync?.subscribe(({ target, openMs }) => this.#breakers?.open(target, openMs))
  }

  /** Whether breakers are configured. */
  get isOn(): boolean {
    return this.#breakers !== undefined
  }

  /** Whether calls to the target are refused now. */
  isOpen(target: string): boolean {
    return this.#breakers?.state(target) === 'open'
  }

  /** The error of a call if the breakers of all its targets are open. */
  refusalOfAll(candidates: readonly Target[]): LlmError | undefined {
    if (this.#breakers === undefined) return undefined
    let soonestMs = Infinity
    for (const { name } of candidates) {
      const waitMs = this.#breakers.openForMs(name)
      if (waitMs === undefined) return undefined
      soonestMs = Math.min(soonestMs, waitMs)
    }
    return openError(candidates[0] as Target, soonestMs)
  }

  /** A permit for one attempt, `undefined` without breakers, or the error of a target whose breaker is open. */
  tryAcquire(target: Target, { requestId }: Call): Permit | undefined | LlmError {
    const answer = this.#breakers?.tryAcquire(target.name)
    if (answer === undefined || 'succeed' in answer) return answer
    const { retryAfterMs } = answer
    this.#emit?.({ type: 'skipped', requestId, target: target.name, retryAfterMs } satisfies AttemptEvent)
    return openError(target, retryAfterMs)
  }

  close(): void {
    this.#unsubscribe?.()
    this.#breakers?.close()
  }

  // An opening that came from another process is not published again.
  #announce(event: BreakerEvent): void {
    this.#emit?.({ type: 'breaker', ...event } satisfies AttemptEvent)
    const { target, state, reason, openMs } = event
    if (state === 'open' && reason !== 'shared' && openMs !== undefined)
      this.#sync?.publish({ target, openMs, reason })
  }
}

function openError({ provider, model }: Target, retryAfterMs: number): LlmError {
  const message = `${provider} (${model}): its breaker is open after repeated faults; it takes calls again in ${retryAfterMs} ms`
  return new LlmError('breaker-open', message, { provider, model, retryAfterMs })
}
