import type { Clock, Timer } from '../../core/clock.ts'
import { ResponseAccumulator } from '../../core/accumulate-response.ts'
import { LlmError, toLlmError } from '../../core/error.ts'
import type { EventBatch } from '../../core/event.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Message } from '../../core/message.ts'
import type { ChatResponse, Usage } from '../../core/response.ts'
import type { StreamLog } from '../../core/stream-log.ts'
import { estimateUsage } from '../../core/tokens.ts'
import { Readers, type DisconnectPolicy } from './readers.ts'
import { bytesOf } from './batch-size.ts'
import { endingOf } from './error-record.ts'
import { RunMetricsCounter } from './run-metrics.ts'
import { savePartial, reasonOf, type RunEnd, type SavePolicy, type SaveDecision } from './save-policy.ts'

/** What a run reads from; a `ChatStream` fits. */
export interface ReplyStream {
  batches(): AsyncIterable<EventBatch>
  /** Asked for once the batches are over: knows the attempts, too. */
  readonly response?: Promise<ChatResponse> | undefined
}

/** What to run. */
export interface RunRequest {
  /** Default: a new one. */
  readonly id?: string | undefined
  readonly conversationId?: string | undefined
  /** Under this name `find` gives the newest run. Default: the conversation's id. */
  readonly key?: string | undefined
  /** Who may hold so many at once. */
  readonly userId?: string | undefined
  /** Kept with the run for readers and `onSave`; no secrets. */
  readonly meta?: JsonObject | undefined
  /** Makes the upstream. It is stopped by the signal; what it rejects with ends the run. */
  readonly open: (signal: AbortSignal) => ReplyStream | Promise<ReplyStream>
  /** For an estimate of the input where the upstream reports no usage. */
  readonly messages?: readonly Message[] | undefined
  /** The longest answer asked for, for `progress`. */
  readonly maxTokens?: number | undefined
  /** What happens when the last reader leaves. Default: as the hub says. */
  readonly onDisconnect?: DisconnectPolicy | undefined
  /** In place of the hub's. */
  readonly onSave?: ((end: RunEnd) => unknown) | undefined
}

/** What a run needs of its hub. */
export interface RunParts {
  readonly id: string
  readonly request: RunRequest
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

// A log that is slower than the provider holds the provider back from here on.
const MAX_UNWRITTEN_BYTES = 1_048_576
// How long an upstream that was told to stop may take to say how it ended.
const STOP_GRACE_MS = 500

/** Drives one upstream into the log. Readers come and go without it, up to the policy. */
export class Run {
  readonly id: string
  readonly figures: RunMetricsCounter
  readonly audience: Readers
  /** The upstream is there, or has refused. */
  readonly opened: Promise<void>
  /** Resolves once the end is in the log, saved or not. */
  readonly ended: Promise<RunEnd>
  readonly #parts: RunParts
  readonly #abort = new AbortController()
  readonly #collector = new ResponseAccumulator({ provider: '', model: '' }, '')
  readonly #opening: PromiseWithResolvers<void> = Promise.withResolvers<void>()
  readonly #ending: PromiseWithResolvers<RunEnd> = Promise.withResolvers<RunEnd>()
  #stream: ReplyStream | undefined
  #stop: LlmError | undefined
  // Ends the wait for an upstream that does not hear.
  #giveUp: ((error: LlmError) => void) | undefined
  #gaveUp = false
  #finished = false
  #over = false
  #unwritten: EventBatch[] = []
  readonly #last: EventBatch[] = []
  #unwrittenBytes = 0
  #writing: Promise<void> | undefined
  #writeError: LlmError | undefined
  #idleSince = 0
  #idleTimer: Timer | undefined
  #graceTimer: Timer | undefined

  constructor(parts: RunParts) {
    this.#parts = parts
    this.id = parts.id
    this.figures = new RunMetricsCounter(parts.clock.epochMs(), parts.request.maxTokens)
    this.audience = this.#makeAudience()
    this.opened = this.#opening.promise
    this.opened.catch(() => undefined)
    this.ended = this.#ending.promise
  }

  /** Opens the upstream. */
  begin(): void {
    this.#ending.resolve(this.#drive())
  }

  get over(): boolean {
    return this.#over
  }

  /** Stops the upstream; the run ends with `error`. Later calls change nothing. */
  stop(error: LlmError): void {
    if (this.#stop !== undefined || this.#over) return
    this.#stop = error
    this.#abort.abort(error)
    // One that does not hear the signal is left behind.
    this.#graceTimer = this.#parts.clock.setTimer(() => {
      this.#gaveUp = true
      this.#giveUp?.(error)
    }, STOP_GRACE_MS)
  }

  #makeAudience(): Readers {
    const { id, clock, log, request, disconnectGraceMs: graceMs } = this.#parts
    const policy = request.onDisconnect ?? this.#parts.onDisconnect
    const elsewhere = log.followers === undefined ? undefined : async () => (await log.followers?.(id)) ?? 0
    const onGone = (): void =>
      this.stop(new LlmError('aborted', 'the last reader has left', { code: 'client-gone' }))
    return new Readers({ policy, graceMs, clock, elsewhere, onGone })
  }

  async #drive(): Promise<RunEnd> {
    const thrown = await this.#pump().then(() => undefined, asError)
    await this.#written()
    this.#finishTimers()
    return this.#end(this.#writeError ?? (this.#finished ? undefined : this.#failure(thrown)))
  }

  #failure(thrown: LlmError | undefined): LlmError {
    if (this.#stop !== undefined)
      return thrown?.partial === undefined ? this.#stop : this.#stop.with({ partial: thrown.partial })
    return thrown ?? new LlmError('stream-broken', 'the stream ended without a finish: the answer is cut')
  }

  async #pump(): Promise<void> {
    this.#watchIdle()
    const iterator = await this.#open()
    for (;;) {
      const next = iterator.next()
      let result: IteratorResult<EventBatch, unknown>
      try {
        result = await this.#orGiveUp(next)
      } catch (error) {
        next.then(() => iterator.return?.()).catch(() => undefined)
        throw error
      }
      if (result.done === true) return
      if (result.value.length > 0) await this.#take(result.value)
    }
  }

  async #open(): Promise<AsyncIterator<EventBatch>> {
    try {
      const opening = Promise.resolve(this.#parts.request.open(this.#abort.signal))
      this.#stream = await this.#orGiveUp(opening)
      this.#opening.resolve()
      return this.#stream.batches()[Symbol.asyncIterator]()
    } catch (error) {
      this.#opening.reject(error)
      throw error
    }
  }

  #orGiveUp<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#giveUp = reject
      if (this.#gaveUp) reject(this.#stop)
      work.then(resolve, reject)
    })
  }

  #take(batch: EventBatch): Promise<void> | undefined {
    const { clock } = this.#parts
    if (this.figures.add(batch, clock.epochMs())) this.#idleSince = clock.now()
    this.#collector.add(batch)
    const at = this.#finished ? 0 : batch.findIndex(({ type }) => type === 'finish')
    if (at < 0) return this.#deliver(batch)
    // The good end is told once it is saved.
    this.#finished = true
    this.#last.push(batch.slice(at))
    return at === 0 ? undefined : this.#deliver(batch.slice(0, at))
  }

  #deliver(batch: EventBatch): Promise<void> | undefined {
    if (this.#writeError !== undefined) return undefined
    this.#unwritten.push(batch)
    this.#unwrittenBytes += bytesOf(batch)
    this.#writing ??= this.#write()
    return this.#unwrittenBytes > MAX_UNWRITTEN_BYTES ? this.#writing : undefined
  }

  // One write at a time; what comes meanwhile goes with the next. A log that fails stops the run. Never rejects.
  async #write(): Promise<void> {
    try {
      while (this.#unwritten.length > 0) {
        const batches = this.#unwritten
        this.#unwritten = []
        this.#unwrittenBytes = 0
        await this.#parts.log.append(this.id, batches)
      }
    } catch (error) {
      this.#writeError = asError(error)
      this.stop(this.#writeError)
    } finally {
      this.#writing = undefined
    }
  }

  async #written(): Promise<void> {
    await this.#writing
  }

  // Checked once per period, not moved for every batch.
  #watchIdle(): void {
    const { clock, idleMs } = this.#parts
    this.#idleSince = clock.now()
    if (idleMs <= 0) return
    const check = (): void => {
      const left = this.#idleSince + idleMs - clock.now()
      if (left > 0) this.#idleTimer = clock.setTimer(check, left)
      else this.stop(new LlmError('timeout', `the upstream was silent for ${idleMs} ms`, { phase: 'idle' }))
    }
    this.#idleTimer = clock.setTimer(check, idleMs)
  }

  #finishTimers(): void {
    const { clock } = this.#parts
    this.#over = true
    clock.clearTimer(this.#idleTimer)
    clock.clearTimer(this.#graceTimer)
    this.audience.close()
  }

  async #end(failure: LlmError | undefined): Promise<RunEnd> {
    const { clock, log, request } = this.#parts
    const response = await this.#response(failure)
    const { usage } = response
    const reason = reasonOf(failure, response)
    const { conversationId, userId, meta = {} } = request
    const known = { runId: this.id, conversationId, userId, reason, response, usage, error: failure, meta }
    const end: RunEnd = { ...known, save: this.#judge(known) }
    this.figures.end(clock.epochMs(), usage, failure?.kind)
    await this.#save(end)
    // A log that is lost or down cannot be told; its readers learn that from the log.
    const told = failure === undefined ? this.#tellFinish() : Promise.resolve()
    await told.then(() => log.end(this.id, endingOf(failure, usage))).catch(() => undefined)
    this.#parts.onEnd(this, end)
    return end
  }

  async #response(failure: LlmError | undefined): Promise<ChatResponse> {
    if (failure?.partial !== undefined) return failure.partial
    const whole = failure === undefined ? await this.#stream?.response?.catch(() => undefined) : undefined
    return whole ?? this.#collector.response({ usage: () => this.#estimate() })
  }

  #tellFinish(): Promise<void> {
    return this.#last.length === 0 ? Promise.resolve() : this.#parts.log.append(this.id, this.#last)
  }

  // A policy that fails must not lose the answer.
  #judge(end: Omit<RunEnd, 'save'>): SaveDecision {
    try {
      return this.#parts.savePolicy(end)
    } catch (error) {
      this.#parts.onSaveFailed(this.id, error)
      return savePartial(end)
    }
  }

  #estimate(): Usage {
    // An upstream that refused has charged nothing; one that was stopped while it thought may have.
    if (this.#stream === undefined && this.#stop === undefined) return estimateUsage([], '')
    const { text, reasoning, toolCalls } = this.#collector.response()
    const calls = toolCalls.map((call) => JSON.stringify(call.arguments)).join('')
    return estimateUsage(this.#parts.request.messages ?? [], text + reasoning + calls)
  }

  // The reader's end waits for the save, so that who reloads then finds the answer, but not for ever.
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

function asError(error: unknown): LlmError {
  return toLlmError(error, 'server-failed', 'the run failed')
}
