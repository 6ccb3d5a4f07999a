import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Target } from '../core/registry.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { StageContext } from '../core/stage-context.ts'
import type { Next } from '../core/stage.ts'
import { isUpstreamFault, type Permit } from './breaker.ts'
import type { HealthTracker } from './health.ts'
import type { KeyPools } from './key-pools.ts'
import type { RetryBudgets } from './retry-budget.ts'
import { requireThroughput, type ThroughputOptions } from './throughput.ts'

/** One attempt: the call, its target, the attempts before it, and the permit of the breaker. */
export interface PlannedAttempt {
  readonly call: Call
  readonly target: Target
  readonly previous: Call['previousAttempts']
  readonly permit: Permit | undefined
}

type PoolKey = NonNullable<ReturnType<KeyPools['next']>>

interface SenderParts {
  readonly health: HealthTracker
  readonly keys: KeyPools
  readonly budgets: RetryBudgets
  readonly throughput: ThroughputOptions | undefined
}

/** Sends attempts, each with its key, and records how each one ends: health, key cooldowns, breaker. */
export class AttemptSender {
  readonly #context: StageContext
  readonly #parts: SenderParts

  constructor(context: StageContext, parts: SenderParts) {
    this.#context = context
    this.#parts = parts
  }

  /** Sends the only attempt of a call that has one target, one key and no retries. Rejects with its error. */
  sendOnly(call: Call, next: Next): Promise<ResponseStream> {
    const { clock } = this.#context
    const { health } = this.#parts
    const { name } = call.target
    const startedAt = clock.now()
    health.begin(name)
    return next(call).then(
      (reply) => {
        health.latency(name, clock.now() - startedAt)
        reply.onEnd((error) => health.end(name, faultOf(ofProvider(call, error))))
        return reply
      },
      (error: unknown) => {
        const known = knownError(error)
        health.end(name, faultOf(ofProvider(call, known)))
        throw known
      },
    )
  }

  /** Sends one of several attempts, once its provider's slot is free. Resolves to the error of an attempt that failed. */
  send(attempt: PlannedAttempt, next: Next): Promise<ResponseStream | LlmError> {
    const { call, target, previous, permit } = attempt
    const acquired = call.acquireProviderSlot?.(target.provider)
    if (acquired === undefined) return this.#send(attempt, next)
    return acquired.then(
      () => this.#send(attempt, next),
      (error: unknown) => {
        const known = knownError(error)
        permit?.fail(known)
        return known.with({ attempts: previous })
      },
    )
  }

  #send({ call, target, previous, permit }: PlannedAttempt, next: Next): Promise<ResponseStream | LlmError> {
    const { clock } = this.#context
    const { health, keys, budgets } = this.#parts
    const { name, provider } = target
    const key = hasOwnAccess(call, target) ? undefined : keys.next(provider, call.conversationId)
    const end = (given: LlmError | undefined): void => {
      const error = ofProvider(call, given)
      health.end(name, faultOf(error))
      if (key !== undefined) keys.report(provider, key.index, error)
      if (error !== undefined) permit?.fail(error)
    }
    budgets.deposit(provider)
    health.begin(name)
    const startedAt = clock.now()
    const sent = this.#checkThroughput(call, next(this.#retarget(call, target, previous, key)))
    return sent.then(
      (reply) => {
        const latencyMs = clock.now() - startedAt
        health.latency(name, latencyMs)
        reply.onEnd((error) => {
          end(error)
          if (error === undefined) permit?.succeed(latencyMs)
        })
        return reply
      },
      (error: unknown) => {
        const known = knownError(error)
        end(known)
        return known
      },
    )
  }

  #retarget(call: Call, target: Target, previous: Call['previousAttempts'], key: PoolKey | undefined): Call {
    const retargeted = call.target === target ? call : this.#context.targets.retarget(call, target)
    if (key !== undefined)
      return { ...retargeted, previousAttempts: previous, apiKey: key.key, apiKeyIndex: key.index }
    return retargeted.previousAttempts === previous
      ? retargeted
      : { ...retargeted, previousAttempts: previous }
  }

  // The attempt of a stream succeeds only after the stream has reached the required throughput.
  #checkThroughput({ stream }: Call, reply: Promise<ResponseStream>): Promise<ResponseStream> {
    const { throughput } = this.#parts
    if (throughput === undefined || !stream) return reply
    return reply.then((started) => requireThroughput(started, throughput, this.#context.clock))
  }
}

/** Whether the request itself supplied the key or base URL for this target. */
export function hasOwnAccess(call: Call, target: Target): boolean {
  return call.hasOwnCredentials && target === call.target
}

// A call that was ended from outside says nothing about its provider, whatever the reason.
function ofProvider({ scope }: Call, error: LlmError | undefined): LlmError | undefined {
  if (error === undefined || scope.error === undefined) return error
  return new LlmError('aborted', error.message)
}

function faultOf(error: LlmError | undefined): LlmError | undefined {
  return error !== undefined && isUpstreamFault(error) ? error : undefined
}

function knownError(error: unknown): LlmError {
  return LlmError.is(error) ? error : new LlmError('network', String(error), { cause: error })
}
