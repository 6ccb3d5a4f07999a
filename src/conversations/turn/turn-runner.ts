import { responseToEvents } from '../../core/accumulate-response.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { AuditFacts } from '../contract/audit.ts'
import { answerTurn } from './answer-turn.ts'
import type { ServiceContext } from '../contract/service-context.ts'
import type { PriorResult, TurnPlan } from '../contract/turn-plan.ts'
import type { TurnResult } from '../contract/requests.ts'
import { responseOf, storedResult } from '../contract/turn-result.ts'
import { afterTurn } from '../context/summarize.ts'
import { TurnWriter } from './turn-writer.ts'
import { TurnStream, type TurnSource } from './turn-stream.ts'

/** How a turn is planned, and under which name it is shared with its duplicates. */
export interface TurnTask {
  readonly plan: () => Promise<TurnPlan | PriorResult>
  /** Absent where the caller gave no request id: then nothing else is the same turn. */
  readonly key: string | undefined
  /** What the audit is told of a turn that was refused before it was planned. */
  readonly facts: Pick<AuditFacts, 'operation' | 'userId' | 'requestId' | 'conversationId' | 'prompt'>
}

/** Runs turns. Those with one request id that run at the same time are one turn. */
export class TurnRunner {
  readonly #desk: ServiceContext
  readonly #open = new Set<TurnWriter>()
  readonly #running = new Map<string, Promise<TurnResult | undefined>>()

  constructor(desk: ServiceContext) {
    this.#desk = desk
  }

  /** The whole turn. */
  run(job: TurnTask): Promise<TurnResult> {
    const running = this.#runningOf(job)
    if (running !== undefined) return running.then((result) => repeated(result) ?? this.run(job))
    return this.#deduplicate(job.key, async () => {
      const source = await this.#start(job, false)
      let read = source.first
      while (read.done !== true) read = await source.events.next()
      return read.value
    })
  }

  /** The turn as a stream, at its first content. */
  async runStreaming(job: TurnTask): Promise<TurnStream> {
    const running = this.#runningOf(job)
    if (running !== undefined) {
      const result = repeated(await running)
      return result === undefined ? this.runStreaming(job) : new TurnStream(finished(result, true))
    }
    const begun = Promise.withResolvers<BegunTurn>()
    this.#deduplicate(job.key, async () => {
      const source = await this.#start(job, true)
      begun.resolve(source)
      await source.over
      return undefined
    }).catch(begun.reject)
    return new TurnStream(await begun.promise)
  }

  /** Lets open turns end for so long, then ends them; what there is of them is kept. */
  async close(drainMs: number): Promise<void> {
    const { clock } = this.#desk
    if (this.#open.size > 0 && drainMs > 0) {
      const late = Promise.withResolvers<void>()
      const timer = clock.setTimer(late.resolve, drainMs)
      await Promise.race([late.promise, Promise.all([...this.#open].map(({ over }) => over))])
      clock.clearTimer(timer)
    }
    const closed = new LlmError('aborted', 'the chat service was closed while the turn was running')
    const left = [...this.#open]
    for (const turn of left) turn.abort(closed)
    await Promise.all(left.map((turn) => turn.leave()))
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

  async #start(job: TurnTask, stream: boolean): Promise<BegunTurn> {
    for (let again = false; ; again = true) {
      const plan = await this.#planned(job)
      if ('answer' in plan) return finished(storedResult(plan), stream)
      const turn = new TurnWriter(this.#desk, plan, stream)
      this.#open.add(turn)
      void turn.over.then(() => this.#open.delete(turn))
      const events = this.#answered(turn)
      const { requestId, conversationId, questionId: userMessageId } = plan
      try {
        const first = await events.next()
        const abort = (reason?: unknown): void => turn.abort(reason)
        return { requestId, conversationId, userMessageId, first, events, abort, over: turn.over }
      } catch (error) {
        // Another process was admitted with the same request first: what it wrote is there to be found.
        if (again || job.key === undefined || !LlmError.is(error, 'conflict')) throw error
      }
    }
  }

  async #planned({ plan, facts }: TurnTask): Promise<TurnPlan | PriorResult> {
    try {
      return await plan()
    } catch (error) {
      const { auditor, clock } = this.#desk
      const at = new Date(clock.epochMs()).toISOString()
      const known = toLlmError(error, 'server-failed', 'the turn could not be planned')
      const ended = { id: crypto.randomUUID(), at, result: 'failure', durationMs: 0, error: known } as const
      auditor.write({ ...facts, ...ended })
      throw error
    }
  }

  async *#answered(turn: TurnWriter): AsyncGenerator<EventBatch, TurnResult, undefined> {
    const result = yield* answerTurn(this.#desk, turn)
    const { identity, conversationId, settings, persist } = turn.plan
    if (persist) afterTurn(this.#desk, { identity, conversationId, settings })
    return result
  }
}

type BegunTurn = TurnSource & { readonly over?: Promise<void> | undefined }

function repeated(result: TurnResult | undefined): TurnResult | undefined {
  return result === undefined ? undefined : { ...result, repeated: true }
}

// A turn that was answered before: as a stream, its events come at once.
function finished(result: TurnResult, stream: boolean): BegunTurn {
  const { requestId, conversationId, userMessageId } = result
  const done = { value: result, done: true } as const
  const first = stream ? ({ value: responseToEvents(responseOf(result)), done: false } as const) : done
  // oxlint-disable-next-line require-yield
  const events = (async function* (): AsyncGenerator<EventBatch, TurnResult, undefined> {
    return result
  })()
  return { requestId, conversationId, userMessageId, first, events, abort: () => undefined }
}
