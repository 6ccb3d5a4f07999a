import type { Scope } from '../core/call-scope.ts'
import type { Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { within } from '../core/host-function.ts'
import type { TurnRounds } from '../core/parent-call.ts'
import type { ResponseStream } from '../core/response-stream.ts'
import type { Next } from '../core/stage.ts'
import { ActiveCalls } from './active-calls.ts'
import { runLogged } from './call-log.ts'
import { DEFAULT_TOTAL_MS, type RunningCall } from './create-call.ts'
import type { Features } from './features.ts'
import { createPipeline } from './pipeline.ts'

/** How long features may take to close, in milliseconds: the rest of `drainMs`, within these bounds. */
const MIN_CLOSE_MS = 1_000
const MAX_CLOSE_MS = 10_000

/** Runs calls through the stages, counts them, enforces their deadlines, and drains them at `close`. */
export class CallRunner {
  readonly #features: Features
  readonly #run: Next
  readonly #active: ActiveCalls
  readonly #clock: Clock
  #calls = 0
  #succeeded = 0
  #failed = 0
  /** Turns among the active scopes, which are no calls of their own. */
  #turns = 0
  #closing: Promise<void> | undefined
  #isDraining = false
  #drained: (() => void) | undefined

  constructor(features: Features, clock: Clock) {
    this.#features = features
    this.#run = createPipeline(features.stages)
    this.#active = new ActiveCalls(clock)
    this.#clock = clock
  }

  /** Counts since the orchestrator was created; `active` is the number of calls that run now. */
  get counts(): Readonly<Record<'calls' | 'active' | 'succeeded' | 'failed', number>> {
    return {
      calls: this.#calls,
      active: this.#active.size - this.#turns,
      succeeded: this.#succeeded,
      failed: this.#failed,
    }
  }

  /** Runs a call. Resolves when its first content has arrived. Rejects with the error that ended it. */
  async start(call: RunningCall): Promise<ResponseStream> {
    const { scope } = call
    this.#calls++
    this.#active.add(scope)
    try {
      const { logger } = call
      const enter = (): Promise<ResponseStream> => this.#enter(call)
      const reply = await (logger === undefined ? enter() : runLogged(call, logger, enter))
      reply.onEnd((error) => this.#end(scope, error))
      return reply
    } catch (error) {
      this.#end(scope, error)
      throw named(error, call)
    }
  }

  /** Rejects new calls, waits up to `drainMs` for running ones, then aborts them and closes the features. Always resolves. */
  close(drainMs: number): Promise<void> {
    return (this.#closing ??= this.#close(drainMs))
  }

  #enter(call: RunningCall): Promise<ResponseStream> {
    if (this.#closing !== undefined && !this.#isPartOfRunning(call))
      throw new LlmError('misconfigured', 'the orchestrator is closed; create a new one to make calls')
    if (call.scope.error !== undefined) throw call.scope.error
    if (call.lineage?.turn !== undefined) this.#adopt(call.lineage.turn, call)
    return this.#run(call)
  }

  async #close(drainMs: number): Promise<void> {
    const until = this.#clock.now() + drainMs
    this.#isDraining = true
    if (this.#active.size > 0 && drainMs > 0) await this.#drain(drainMs)
    this.#isDraining = false
    const closed = new LlmError('aborted', 'the orchestrator was closed while the call was running', {
      code: 'shutdown',
    })
    for (const scope of this.#active.all()) scope.abort(closed)
    // A feature that does not close is left behind.
    const leftMs = Math.min(Math.max(MIN_CLOSE_MS, until - this.#clock.now()), MAX_CLOSE_MS)
    await within(this.#clock, leftMs, this.#features.close())
    this.#active.close()
  }

  // A round of a running turn, or a call within a running call, belongs to what the drain waits for.
  #isPartOfRunning({ lineage }: RunningCall): boolean {
    if (!this.#isDraining || lineage === undefined) return false
    return this.#active.all().some((scope) => scope === lineage.scope)
  }

  // A turn is active between its rounds, too: its time is limited and a drain waits for it.
  #adopt(turn: TurnRounds, { timeouts }: RunningCall): void {
    const { scope } = turn
    const end = (): void => {
      this.#turns--
      this.#active.remove(scope)
      if (this.#active.size === 0) this.#drained?.()
    }
    if (!turn.adopt(timeouts.totalMs ?? DEFAULT_TOTAL_MS, this.#clock.now(), end)) return
    this.#turns++
    this.#active.add(scope)
  }

  #drain(drainMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(resolve, drainMs)
      this.#drained = () => {
        this.#clock.clearTimer(timer)
        resolve()
      }
    })
  }

  #end(scope: Scope, error: unknown): void {
    scope.release()
    this.#active.remove(scope)
    if (error === undefined) this.#succeeded++
    else this.#failed++
    if (this.#active.size === 0) this.#drained?.()
  }
}

// Refusals of stages, errors of calls within the call and of its scope carry the call's own id, too.
function named(error: unknown, { requestId }: RunningCall): unknown {
  return LlmError.is(error) && error.requestId !== requestId ? error.with({ requestId }) : error
}
