import { ResponseAccumulator } from '../../core/accumulate-response.ts'
import type { Clock, Timer } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/message.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import { startSilenceTimer } from '../../core/silence-timer.ts'
import type { StreamLog } from '../../core/stream-log.ts'
import { estimateUsage } from '../../core/tokens.ts'
import { endingOf, runError } from './error-record.ts'
import { HeldFinish } from './held-finish.ts'
import { LogWriter } from './log-writer.ts'
import { Readers, type DisconnectPolicy } from './readers.ts'
import { RunMetricsCounter } from './run-metrics.ts'
import { savePartial, reasonOf, type RunEnd, type SavePolicy, type SaveDecision } from './save-policy.ts'
import { Upstream, type ReplyStream } from './upstream.ts'

/** The input of `RunHub.start`. */
export interface StreamRunRequest {
  /** Id of the run. Default: a random one. */
  readonly id?: string | undefined
  /** Id of the conversation that the run belongs to. Default: none. */
  readonly conversationId?: string | undefined
  /** The name under which `find` returns the newest run. Default: the conversation's id. */
  readonly key?: string | undefined
  /** The user who started the run, for `onSave`. Default: none. */
  readonly userId?: string | undefined
  /** What `maxPerUser` counts the run against: a text that no other user has, of any tenant. Default: `userId`; without both, no such limit. */
  readonly owner?: string | undefined
  /** Stored with the run, for readers and `onSave`. It must hold no secrets. */
  readonly meta?: JsonObject | undefined
  /** Called once; returns the source. The signal aborts when the run is stopped. If it rejects, the run ends with that error. */
  readonly open: (signal: AbortSignal) => ReplyStream | Promise<ReplyStream>
  /** The request's messages, to estimate the input tokens if the source reports no usage. Default: estimated as 0. */
  readonly messages?: readonly Message[] | undefined
  /** Counts the tokens of a text, where usage is estimated. Default: the built-in estimate. */
  readonly estimateTokens?: ((text: string) => number) | undefined
  /** Maximum tokens of the answer, to compute `progress`. Default: `progress` is `null` until the end. */
  readonly maxTokens?: number | undefined
  /** What happens when the last reader leaves. Default: the hub's `onDisconnect`. */
  readonly onDisconnect?: DisconnectPolicy | undefined
  /** Called in place of the hub's `onSave`. */
  readonly onSave?: ((end: RunEnd) => unknown) | undefined
}

/** Dependencies of a {@link Run}. */
export interface RunParts {
  readonly id: string
  readonly request: StreamRunRequest
  readonly log: StreamLog
  readonly clock: Clock
  readonly idleMs: number
  readonly disconnectGraceMs: number
  readonly saveWaitMs: number
  readonly onDisconnect: DisconnectPolicy
  readonly savePolicy: SavePolicy
  readonly onSave: ((end: RunEnd) => unknown) | undefined
  readonly onSaveFailed: (id: string, error: unknown) => void
  readonly onEnd: (run: Run, end: RunEnd) => void
}

/** Reads one source into the log, whether or not there are readers, then saves the answer. */
export class Run {
  readonly id: string
  readonly metrics: RunMetricsCounter
  readonly readers: Readers
  /** Resolves when the end is in the log, whether or not the save succeeded; never rejects. */
  readonly ended: Promise<RunEnd>
  /** What caps count the run against. */
  readonly owner: string | undefined
  readonly #parts: RunParts
  readonly #upstream: Upstream
  readonly #writer: LogWriter
  readonly #accumulator = new ResponseAccumulator({ provider: '', model: '' }, '')
  readonly #ending: PromiseWithResolvers<RunEnd> = Promise.withResolvers<RunEnd>()
  readonly #held = new HeldFinish()
  #isOver = false

  constructor(parts: RunParts) {
    const { id, request, log, clock } = parts
    this.#parts = parts
    this.id = id
    this.owner = request.owner ?? request.userId
    this.metrics = new RunMetricsCounter(clock.epochMs(), request.maxTokens)
    this.readers = this.#createReaders()
    this.ended = this.#ending.promise
    this.#upstream = new Upstream(request.open, clock)
    this.#writer = new LogWriter(log, id, (error) => this.stop(error))
  }

  /** Resolves when the source is open; rejects with its error. */
  get opened(): Promise<void> {
    return this.#upstream.opened
  }

  get isOver(): boolean {
    return this.#isOver
  }

  /** Opens the source. Call it once. */
  start(): void {
    this.#ending.resolve(this.#drive())
  }

  /** Stops the source; the run ends with `error`. Only the first call counts. */
  stop(error: LlmError): void {
    if (!this.#isOver) this.#upstream.stop(error)
  }

  #createReaders(): Readers {
    const { id, clock, log, request, disconnectGraceMs: graceMs } = this.#parts
    const policy = request.onDisconnect ?? this.#parts.onDisconnect
    const countRemote = log.followers === undefined ? undefined : async () => (await log.followers?.(id)) ?? 0
    const onAllLeft = (): void =>
      this.stop(new LlmError('aborted', 'the last reader has left', { code: 'client-gone' }))
    return new Readers({ policy, graceMs, clock, countRemote, onAllLeft })
  }

  async #drive(): Promise<RunEnd> {
    const { clock, idleMs } = this.#parts
    const silence = startSilenceTimer(clock, idleMs, () =>
      this.stop(new LlmError('timeout', `the upstream sent no content for ${idleMs} ms`, { phase: 'idle' })),
    )
    const take = (batch: EventBatch): Promise<void> | undefined => {
      if (this.metrics.add(batch, clock.epochMs())) silence.heard()
      return this.#take(batch)
    }
    const thrown = await this.#upstream.read(take).then(() => undefined, runError)
    await this.#writer.flush()
    this.#isOver = true
    silence.stop()
    this.#upstream.clearTimer()
    this.readers.close()
    return this.#end(this.#writer.error ?? this.#failure(thrown))
  }

  #failure(thrown: LlmError | undefined): LlmError | undefined {
    const { stopError } = this.#upstream
    // A whole answer stays one, also if it was stopped at that moment. A source that fails after it has failed.
    if (this.#held.end !== undefined && (thrown === undefined || stopError !== undefined)) return undefined
    if (stopError !== undefined)
      return thrown?.partial === undefined ? stopError : stopError.with({ partial: thrown.partial })
    return (
      thrown ?? new LlmError('stream-broken', 'the upstream ended without a finish event: the answer is cut')
    )
  }

  #take(batch: EventBatch): Promise<void> | undefined {
    const told = this.#held.take(batch)
    this.#accumulator.add(told)
    return told.length === 0 ? undefined : this.#writer.append(told)
  }

  async #end(failure: LlmError | undefined): Promise<RunEnd> {
    const { clock, log, request } = this.#parts
    const finish = failure === undefined ? this.#held.end : undefined
    if (finish !== undefined) this.#accumulator.add([finish])
    const response = await this.#response(failure)
    const { usage } = response
    const reason = reasonOf(failure, response)
    const { conversationId, userId, meta = {} } = request
    const known = { runId: this.id, conversationId, userId, reason, response, usage, error: failure, meta }
    const end: RunEnd = { ...known, save: this.#decide(known) }
    this.metrics.end(clock.epochMs(), usage, failure?.kind)
    await this.#save(end)
    // Failures are ignored, because readers learn from the log itself that it is lost or down.
    const written = finish === undefined ? Promise.resolve() : log.append(this.id, [[finish]])
    await written.then(() => log.end(this.id, endingOf(failure, usage))).catch(() => undefined)
    this.#parts.onEnd(this, end)
    return end
  }

  async #response(failure: LlmError | undefined): Promise<ChatResponse> {
    if (failure?.partial !== undefined && this.#held.usageBefore === undefined) return failure.partial
    const { stream } = this.#upstream
    const whole = failure === undefined ? await stream?.response?.catch(() => undefined) : undefined
    return whole ?? this.#accumulator.response({ usage: () => this.#estimate() })
  }

  #decide(end: Omit<RunEnd, 'save'>): SaveDecision {
    try {
      return this.#parts.savePolicy(end)
    } catch (error) {
      // Saved anyway, because a policy that fails must not lose the answer.
      this.#parts.onSaveFailed(this.id, error)
      return savePartial(end)
    }
  }

  #estimate(): Usage {
    const { stream, stopError } = this.#upstream
    // An upstream that refused has charged nothing; one that was stopped before its first event may have.
    if (stream === undefined && stopError === undefined) return estimateUsage([], '')
    const { text, reasoning, calls } = this.#accumulator.output()
    const { messages = [], estimateTokens } = this.#parts.request
    return estimateUsage(messages, text + reasoning + calls, estimateTokens)
  }

  // Readers get the end after the save, so that a page that then reloads finds the answer; at most `saveWaitMs` later.
  async #save(end: RunEnd): Promise<void> {
    const { clock, request, onSaveFailed, saveWaitMs } = this.#parts
    const onSave = request.onSave ?? this.#parts.onSave
    if (onSave === undefined) return
    const saving = new Promise<unknown>((resolve) => resolve(onSave(end))).catch((error: unknown) =>
      onSaveFailed(this.id, error),
    )
    let timer: Timer | undefined
    const waited = new Promise<void>((resolve) => (timer = clock.setTimer(resolve, saveWaitMs)))
    await Promise.race([saving, waited])
    clock.clearTimer(timer)
  }
}
