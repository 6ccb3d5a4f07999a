import { responseToEvents } from '../../core/response-events.ts'
import { untilAborted } from '../../core/abort.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import { inTime } from '../../core/host-function.ts'
import { timeoutError } from '../../core/timeout-error.ts'
import { runLoop } from '../../tools/index.ts'
import {
  type AuditFacts,
  type PriorResult,
  type ServiceContext,
  type TurnPlan,
  type TurnResult,
  type TurnSettings,
  responseOf,
  storedResult,
} from '../contract/index.ts'
import { afterTurn } from '../context/index.ts'
import { RunningTurn } from './running-turn.ts'
import { type TurnSource, TurnStream } from './turn-stream.ts'

const DEFAULT_TOTAL_MS = 600_000

/** A request for a turn: how to plan it, and which other requests are the same turn. */
export interface TurnTask {
  readonly plan: () => Promise<TurnPlan | PriorResult>
  /** Requests with equal keys are one turn. Absent if the caller gave no request id. */
  readonly key: string | undefined
  /** Whether another request may store the same turn or conversation first. The turn is then planned a second time. */
  readonly mayConflict: boolean
  /** What ends the planning of the turn. */
  readonly limits: Pick<TurnSettings, 'signal' | 'timeouts'>
  /** Fields of the audit entry for a turn that fails before it is planned. */
  readonly facts: Pick<AuditFacts, 'operation' | 'userId' | 'requestId' | 'conversationId' | 'prompt'>
}

/** Runs turns. Concurrent requests with the same id share one turn. */
export class TurnRunner {
  readonly #service: ServiceContext
  readonly #open = new Set<RunningTurn>()
  readonly #running = new Map<string, Promise<TurnResult | undefined>>()

  constructor(service: ServiceContext) {
    this.#service = service
  }

  /** Runs a turn to its end. */
  run(task: TurnTask): Promise<TurnResult> {
    const running = this.#runningOf(task)
    if (running !== undefined) return running.then((result) => repeated(result) ?? this.run(task))
    return this.#deduplicate(task.key, async () => {
      const source = await this.#start(task, false)
      let read = source.first
      while (read.done !== true) read = await source.events.next()
      return read.value
    })
  }

  /** Starts a turn and resolves at its first content. */
  async runStreaming(task: TurnTask): Promise<TurnStream> {
    const running = this.#runningOf(task)
    if (running !== undefined) {
      const result = repeated(await running)
      return result === undefined ? this.runStreaming(task) : new TurnStream(finished(result, true))
    }
    const started = Promise.withResolvers<StartedTurn>()
    this.#deduplicate(task.key, async () => {
      const source = await this.#start(task, true)
      started.resolve(source)
      await source.over
      return undefined
    }).catch(started.reject)
    return new TurnStream(await started.promise)
  }

  /** Waits up to `drainMs` for running turns, then aborts them and stores their partial answers. */
  async close(drainMs: number): Promise<void> {
    const { clock } = this.#service
    if (this.#open.size > 0 && drainMs > 0) {
      const late = Promise.withResolvers<void>()
      const timer = clock.setTimer(late.resolve, drainMs)
      await Promise.race([late.promise, Promise.all([...this.#open].map(({ over }) => over))])
      clock.clearTimer(timer)
    }
    const closed = new LlmError('aborted', 'the chat service was closed while the turn was running')
    const rest = [...this.#open]
    for (const turn of rest) turn.abort(closed)
    await Promise.all(rest.map((turn) => turn.leave()))
  }

  #runningOf({ key }: TurnTask): Promise<TurnResult | undefined> | undefined {
    return key === undefined ? undefined : this.#running.get(key)
  }

  async #deduplicate<T extends TurnResult | undefined>(
    key: string | undefined,
    run: () => Promise<T>,
  ): Promise<T> {
    if (key === undefined) return run()
    const running = run()
    this.#running.set(key, running)
    try {
      return await running
    } finally {
      this.#running.delete(key)
    }
  }

  async #start(task: TurnTask, stream: boolean): Promise<StartedTurn> {
    for (let again = false; ; again = true) {
      const plan = await this.#planned(task)
      if ('answer' in plan) return finished(storedResult(plan), stream)
      const turn = new RunningTurn(this.#service, plan, stream)
      this.#open.add(turn)
      void turn.over.then(() => this.#open.delete(turn))
      const events = this.#answered(turn)
      const { requestId, conversationId, questionId: userMessageId, answerId: messageId } = plan
      try {
        const first = await events.next()
        const abort = (reason?: unknown): void => turn.abort(reason)
        const ids = { requestId, conversationId, userMessageId, messageId }
        return { ...ids, first, events, abort, partial: () => turn.partial, over: turn.over }
      } catch (error) {
        // Another process wrote the same request first, so a second plan finds what it stored.
        if (again || !task.mayConflict || !LlmError.is(error, 'conflict')) throw error
      }
    }
  }

  // Functions of the application may hang while a turn is planned; nothing is stored yet.
  #bounded<T>(planning: Promise<T>, { signal, timeouts }: TurnTask['limits']): Promise<T> {
    const { clock } = this.#service
    const { totalMs = DEFAULT_TOTAL_MS } = timeouts ?? {}
    const own = signal === undefined ? planning : untilAborted({ signal }, planning)
    if (totalMs === 0) return own
    return inTime(own, { clock, ms: totalMs, late: () => timeoutError('total', totalMs) })
  }

  async #planned({ plan, facts, limits }: TurnTask): Promise<TurnPlan | PriorResult> {
    try {
      return await this.#bounded(plan(), limits)
    } catch (error) {
      const { auditor, clock } = this.#service
      const at = new Date(clock.epochMs()).toISOString()
      const known = toLlmError(error, 'server-failed', 'the turn could not be planned')
      const ended = { id: crypto.randomUUID(), at, result: 'failure', durationMs: 0, error: known } as const
      auditor.write({ ...facts, ...ended })
      const { requestId } = facts
      throw requestId !== '' && LlmError.is(error) ? error.with({ requestId }) : error
    }
  }

  async *#answered(turn: RunningTurn): AsyncGenerator<EventBatch, TurnResult, undefined> {
    const result = yield* runLoop(turn)
    const { identity, conversationId, settings, persist } = turn.plan
    if (persist) afterTurn(this.#service, { identity, conversationId, settings })
    return result
  }
}

type StartedTurn = TurnSource & { readonly over?: Promise<void> | undefined }

function repeated(result: TurnResult | undefined): TurnResult | undefined {
  return result === undefined ? undefined : { ...result, repeated: true }
}

// The source of a turn that was answered before: a stream gets all events in its first batch.
function finished(result: TurnResult, stream: boolean): StartedTurn {
  const { requestId, conversationId, userMessageId, messageId } = result
  const done = { value: result, done: true } as const
  const first = stream ? ({ value: responseToEvents(responseOf(result)), done: false } as const) : done
  // oxlint-disable-next-line require-yield
  const events = (async function* (): AsyncGenerator<EventBatch, TurnResult, undefined> {
    return result
  })()
  const ids = { requestId, conversationId, userMessageId, messageId }
  return { ...ids, first, events, abort: () => undefined }
}
