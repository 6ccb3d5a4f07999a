import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { callSafely } from '../core/host-function.ts'
import type { Target } from '../core/registry.ts'
import type { StageContext } from '../core/stage-context.ts'
import { createBreakers, type BreakerEvent, type Breakers, type Permit } from './breaker.ts'
import type { AttemptEvent, AttemptsOptions } from './options.ts'

/** The breakers of all targets, shared with other processes if a sync is configured. */
export class CircuitBreaking {
  readonly #breakers: Breakers | undefined
  readonly #emit: StageContext['emit']
  readonly #logger: StageContext['logger']
  readonly #sync: AttemptsOptions['breakerSync']
  readonly #unsubscribe: (() => void) | undefined

  constructor({ clock, emit, logger }: StageContext, { breaker, breakerSync }: AttemptsOptions) {
    this.#emit = emit
    this.#logger = logger
    this.#sync = breakerSync
    this.#breakers =
      breaker === undefined
        ? undefined
        : createBreakers({ ...breaker, clock, observe: (event) => this.#notify(event) })
    this.#unsubscribe = breakerSync?.subscribe(({ target, openMs }) => this.#breakers?.open(target, openMs))
  }

  /** Whether breakers are configured. */
  get isOn(): boolean {
    return this.#breakers !== undefined
  }

  /** Whether the breaker of a target refuses calls now. */
  isOpen(target: string): boolean {
    return this.#breakers?.state(target) === 'open'
  }

  /** Returns the `breaker-open` error of a call whose targets are all refused by their breakers; `undefined` if one takes calls. */
  errorIfAllOpen(candidates: readonly Target[]): LlmError | undefined {
    if (this.#breakers === undefined) return undefined
    let soonestMs = Infinity
    for (const { name } of candidates) {
      const waitMs = this.#breakers.openForMs(name)
      if (waitMs === undefined) return undefined
      soonestMs = Math.min(soonestMs, waitMs)
    }
    return openError(candidates[0] as Target, soonestMs)
  }

  /** Returns a permit for one attempt, the error of a target whose breaker is open, or `undefined` without breakers. */
  tryAcquire(target: Target, { requestId, logger }: Call): Permit | undefined | LlmError {
    const permit = this.#breakers?.tryAcquire(target.name)
    if (permit === undefined || 'succeed' in permit) return permit
    const { retryAfterMs } = permit
    const event: AttemptEvent = { type: 'skipped', requestId, target: target.name, retryAfterMs }
    this.#emit?.(event)
    logger?.warn(event, 'a target was passed over: its breaker is open')
    return openError(target, retryAfterMs)
  }

  close(): void {
    callSafely(() => this.#unsubscribe?.())
    this.#breakers?.close()
  }

  // Openings received from other processes are not published again.
  #notify(event: BreakerEvent): void {
    this.#emit?.({ type: 'breaker', ...event } satisfies AttemptEvent)
    this.#logger?.warn({ type: 'breaker', ...event }, `a breaker is ${event.state}`)
    const { target, state, reason, openMs } = event
    if (state === 'open' && reason !== 'shared' && openMs !== undefined)
      callSafely(() => this.#sync?.publish({ target, openMs, reason }))
  }
}

function openError({ provider, model }: Target, retryAfterMs: number): LlmError {
  const message = `${provider} (${model}): its breaker is open after repeated errors; retry after ${retryAfterMs} ms`
  return new LlmError('breaker-open', message, { provider, model, retryAfterMs })
}
