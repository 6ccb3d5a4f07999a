import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { clockField, loggerField } from '../../core/common-fields.ts'
import { LlmError, type ErrorDetails } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import { checkOptions, optionsSchema, type Rows } from '../../core/options.ts'
import {
  callable,
  count as wholeCount,
  milliseconds,
  oneOf,
  withMethods,
  type Group,
} from '../../core/schema.ts'
import type { LogInfo, StreamLog } from '../../core/stream-log.ts'
import type { DisconnectPolicy } from './readers.ts'
import { unknownError } from './error-record.ts'
import { metricsOf, statusOf, type RunMetrics, type StreamRunStatus } from './run-metrics.ts'
import { memoryStreamLog } from './memory-log.ts'
import { ReaderCaps } from './reader-caps.ts'
import { RunReader } from './reader.ts'
import { Run, type StreamRunRequest } from './run.ts'
import { savePartial, type RunEnd, type SavePolicy } from './save-policy.ts'
import { TotalsTable, type RunTotals } from './totals.ts'

/** Options of `createRunHub`. */
export interface RunHubOptions {
  /** Stores the batches of runs. Default: `memoryStreamLog()`, in this process. The caller closes a log that it passes. */
  readonly log?: StreamLog | undefined
  /** Maximum number of running runs per user in this process. Default 10; 0 for no limit. */
  readonly maxPerUser?: number | undefined
  /** Maximum number of running runs in this process. Default 0: no limit. */
  readonly maxRuns?: number | undefined
  /**
   * Maximum number of readers of one run in this process. One caller may have 16 of them. Default 64; 0 for no limit.
   */
  readonly maxReaders?: number | undefined
  /** What happens when the last reader of a run leaves. Default `cancel`. */
  readonly onDisconnect?: DisconnectPolicy | undefined
  /** With `cancel`: how long a run may have no reader before it is cancelled, in ms. Default 0. */
  readonly disconnectGraceMs?: number | undefined
  /** Maximum time without content from the upstream, in ms. Default 300 000; 0 for no limit. Then the run ends with `timeout`. */
  readonly idleMs?: number | undefined
  /**
   * Called once at the end of each run, however it ended. If it throws or rejects, the error is logged and passed to
   * `onSaveFailed`; readers do not see it. Default: off.
   */
  readonly onSave?: ((end: RunEnd) => unknown) | undefined
  /** Called with the run's id and the error when `onSave` or `savePolicy` fails. Default: off. */
  readonly onSaveFailed?: ((id: string, error: unknown) => void) | undefined
  /** Returns the `save` that `onSave` gets. If it throws, `savePartial` decides. Default: `savePartial`. */
  readonly savePolicy?: SavePolicy | undefined
  /** Maximum time that readers wait for `onSave` before they get the end, in ms. Default 5 000. */
  readonly saveWaitMs?: number | undefined
  /** Receives failures of `onSave` and `onSaveFailed`. Default: off. */
  readonly logger?: Logger | undefined
  /** Source of time and timers, for tests. Default: real time. */
  readonly clock?: Clock | undefined
}

/** A run that this process has started. */
export interface StartedRun {
  readonly id: string
  /** Resolves when the upstream is open; rejects with its error. */
  readonly opened: Promise<void>
  /** Resolves at the end of the run, however it ended; never rejects. */
  readonly ended: Promise<RunEnd>
}

/** Options of {@link RunHub.attach}. */
export interface AttachOptions {
  /** Number of the batch after which the reader begins. Default 0: it reads all. */
  readonly after?: number | undefined
  /** Who reads, for the maximum of readers of one caller: a text that no other caller has. Default: no such maximum. */
  readonly owner?: string | undefined
}

/** Statistics of one hub since its creation. */
export interface RunHubStats {
  readonly running: number
  readonly readers: number
  readonly started: number
  /** Totals of ended runs by `provider/model`; the 1 000 most recent. */
  readonly models: Readonly<Record<string, RunTotals>>
  /** Totals of ended runs by conversation; the 1 000 most recent. */
  readonly conversations: Readonly<Record<string, RunTotals>>
}

/** Starts runs, which outlive the connections of their readers, and lets readers follow them. */
export interface RunHub extends AsyncDisposable {
  /**
   * Starts a run. Rejects with `limit-exceeded` (scope `user-streams` or `streams`) above a maximum, with `conflict` if the id
   * is in use, and with `overloaded` after `close`.
   */
  start(request: StreamRunRequest): Promise<StartedRun>
  /**
   * Creates a reader of a run of any process. Rejects with `not-found` if the log does not have the run, and with
   * `limit-exceeded` (scope `stream-readers`) above the maximum of readers.
   */
  attach(id: string, options?: AttachOptions): Promise<RunReader>
  /** Stops a run of any process, with the error `aborted`. Resolves with whether it was running. */
  cancel(id: string, reason?: string): Promise<boolean>
  /** Resolves with the newest run with this key, or `undefined` if the log has none. */
  find(key: string): Promise<LogInfo | undefined>
  /** Resolves with what the log knows of a run, or `undefined`. */
  info(id: string): Promise<LogInfo | undefined>
  /** Resolves with the progress of a run of any process, or `undefined`. */
  status(id: string): Promise<StreamRunStatus | undefined>
  /** Resolves with the metrics of a run of any process, or `undefined`. */
  metrics(id: string): Promise<RunMetrics | undefined>
  stats(): RunHubStats
  /** Refuses new runs, waits up to `drainMs` (default 0) for running ones, then stops them and waits for their saves. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

const DEFAULT_PER_USER = 10
// Short, because every frame has it: 64 random bits.
const ID_LENGTH = 20
const DEFAULT_IDLE_MS = 300_000
const DEFAULT_SAVE_WAIT_MS = 5_000
// Time for readers to read the last batches when the hub closes.
const READERS_WAIT_MS = 1_000

/** The fields of {@link RunHubOptions}, for the schemas of hubs and handlers. */
export const runHubRows = (): Rows<RunHubOptions> => ({
  log: withMethods('create', 'append', 'end', 'read', 'info', 'find', 'cancel', 'watch', 'close'),
  maxPerUser: wholeCount,
  maxRuns: wholeCount,
  maxReaders: wholeCount,
  onDisconnect: oneOf('cancel', 'finish'),
  disconnectGraceMs: milliseconds,
  idleMs: milliseconds,
  onSave: callable,
  onSaveFailed: callable,
  savePolicy: callable,
  saveWaitMs: milliseconds,
  logger: loggerField,
  clock: clockField,
})
/** The schema of {@link RunHubOptions}. */
export const runHubSchema: Group = optionsSchema<RunHubOptions>()(runHubRows)

/** Creates a hub. Throws `misconfigured` with the path of the wrong option. */
export function createRunHub(options: RunHubOptions = {}): RunHub {
  checkOptions('createRunHub', runHubSchema, options)
  return new Hub(options)
}

class Hub implements RunHub {
  readonly #options: RunHubOptions
  readonly #clock: Clock
  readonly #log: StreamLog
  readonly #runs = new Map<string, Run>()
  readonly #perUser = new Map<string, number>()
  /** The readers, each with whether its run ends when this process stops. */
  readonly #readers = new Map<RunReader, boolean>()
  readonly #readerCaps: ReaderCaps
  readonly #models = new TotalsTable()
  readonly #conversations = new TotalsTable()
  #started = 0
  #closing: Promise<void> | undefined
  #onNoRuns: (() => void) | undefined
  #onNoReaders: (() => void) | undefined

  constructor(options: RunHubOptions) {
    this.#options = options
    this.#readerCaps = new ReaderCaps(options.maxReaders)
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? memoryStreamLog({ clock: this.#clock })
  }

  async start(request: StreamRunRequest): Promise<StartedRun> {
    const { id = newId('run').slice(0, ID_LENGTH), conversationId, key = conversationId, userId } = request
    const { owner = userId } = request
    const meta = { ...request.meta, conversationId, userId }
    this.#checkLimits(owner)
    this.#count(owner, 1)
    try {
      const run = this.#createRun(id, request)
      const onStop = (error: LlmError): void => this.#runs.get(id)?.stop(error)
      const { metrics } = run
      await this.#log.create({ id, key, meta, figures: () => metrics.toJSON(), onStop })
      if (this.#closing !== undefined) run.stop(shutdownError())
      this.#started++
      this.#runs.set(id, run)
      run.start()
      return { id, opened: run.opened, ended: run.ended }
    } catch (error) {
      this.#count(owner, -1)
      throw error
    }
  }

  async attach(id: string, { after = 0, owner }: AttachOptions = {}): Promise<RunReader> {
    const leaveCap = this.#readerCaps.enter(id, owner)
    // Added before the first await, so that the run is not cancelled if its last reader leaves meanwhile.
    const leaveRun = this.#runs.get(id)?.readers.add()
    const leave = (): void => {
      leaveCap()
      leaveRun?.()
    }
    try {
      const info = await this.#log.info(id)
      if (info === undefined) throw unknownError(id)
      const onLeave = (left: RunReader): void => this.#onLeave(left, leave)
      const reader = new RunReader({ id, log: this.#log, after, onLeave })
      this.#readers.set(reader, leaveRun !== undefined || info.state !== 'running')
      return reader
    } catch (error) {
      leave()
      throw error
    }
  }

  cancel(id: string, reason = 'the run was cancelled'): Promise<boolean> {
    const run = this.#runs.get(id)
    if (run === undefined || run.isOver) return this.#log.cancel(id, reason)
    run.stop(new LlmError('aborted', reason, { code: 'cancelled' }))
    return Promise.resolve(true)
  }

  async find(key: string): Promise<LogInfo | undefined> {
    const id = await this.#log.find(key)
    return id === undefined ? undefined : this.#log.info(id)
  }

  info(id: string): Promise<LogInfo | undefined> {
    return this.#log.info(id)
  }

  async status(id: string): Promise<StreamRunStatus | undefined> {
    const info = await this.#log.info(id)
    return info === undefined ? undefined : statusOf(info)
  }

  async metrics(id: string): Promise<RunMetrics | undefined> {
    const info = await this.#log.info(id)
    return info === undefined ? undefined : metricsOf(info, this.#clock.epochMs())
  }

  stats(): RunHubStats {
    return {
      running: this.#runs.size,
      readers: this.#readers.size,
      started: this.#started,
      models: this.#models.rows(),
      conversations: this.#conversations.rows(),
    }
  }

  close({ drainMs = 0 }: { readonly drainMs?: number | undefined } = {}): Promise<void> {
    return (this.#closing ??= this.#close(drainMs))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #checkLimits(owner: string | undefined): void {
    if (this.#closing !== undefined)
      throw new LlmError(
        'overloaded',
        'runs: the server is shutting down and takes no new streams; try another server, or try again later',
        { code: 'shutdown' },
      )
    const { maxPerUser = DEFAULT_PER_USER, maxRuns = 0 } = this.#options
    const running = [...this.#perUser.values()].reduce((sum, count) => sum + count, 0)
    if (maxRuns > 0 && running >= maxRuns) throw limitError(maxRuns, 'streams', 'this server')
    const own = owner === undefined ? 0 : (this.#perUser.get(owner) ?? 0)
    if (maxPerUser > 0 && own >= maxPerUser) throw limitError(maxPerUser, 'user-streams', 'this user')
  }

  #count(owner: string | undefined, by: 1 | -1): void {
    const key = owner ?? ''
    const count = (this.#perUser.get(key) ?? 0) + by
    if (count > 0) this.#perUser.set(key, count)
    else this.#perUser.delete(key)
  }

  #createRun(id: string, request: StreamRunRequest): Run {
    const { onDisconnect = 'cancel', disconnectGraceMs = 0, idleMs = DEFAULT_IDLE_MS } = this.#options
    const { onSave, savePolicy = savePartial, saveWaitMs = DEFAULT_SAVE_WAIT_MS } = this.#options
    return new Run({
      id,
      request,
      log: this.#log,
      clock: this.#clock,
      onDisconnect,
      disconnectGraceMs,
      idleMs,
      onSave,
      savePolicy,
      saveWaitMs,
      onSaveFailed: (runId, error) => this.#onSaveFailed(runId, error),
      onEnd: (run, end) => this.#onEnd(run, end),
    })
  }

  #onSaveFailed(id: string, error: unknown): void {
    const { logger, onSaveFailed } = this.#options
    // Only the name, because the message of a store's error may hold the answer.
    const reason = error instanceof Error ? error.name : typeof error
    logger?.error({ runId: id, reason }, 'onSave failed: the answer is not saved')
    try {
      onSaveFailed?.(id, error)
    } catch {
      logger?.error({ runId: id }, 'onSaveFailed failed')
    }
  }

  #onEnd(run: Run, end: RunEnd): void {
    this.#runs.delete(run.id)
    this.#count(run.owner, -1)
    const { provider, model } = end.response
    this.#models.add(`${provider}/${model}`, end)
    if (end.conversationId !== undefined) this.#conversations.add(end.conversationId, end)
    if (this.#runs.size === 0) this.#onNoRuns?.()
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#runs.size > 0) await this.#waitFor(drainMs, (done) => (this.#onNoRuns = done))
    const running = [...this.#runs.values()]
    for (const run of running) run.stop(shutdownError())
    await Promise.all(running.map((run) => run.ended))
    for (const [reader, ends] of this.#readers) if (!ends) reader.fail(shutdownError())
    if (this.#readers.size > 0) await this.#waitFor(READERS_WAIT_MS, (done) => (this.#onNoReaders = done))
    for (const [reader] of this.#readers) reader.fail(shutdownError())
    if (this.#options.log === undefined) await this.#log.close()
  }

  async #waitFor(maxMs: number, listen: (done: () => void) => void): Promise<void> {
    if (maxMs <= 0) return
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      listen(resolve)
      timer = this.#clock.setTimer(resolve, maxMs)
    })
    this.#clock.clearTimer(timer)
  }

  #onLeave(reader: RunReader, leave: () => void): void {
    this.#readers.delete(reader)
    leave()
    if (this.#readers.size === 0) this.#onNoReaders?.()
  }
}

function shutdownError(): LlmError {
  return new LlmError('aborted', 'the server is shutting down', { code: 'shutdown' })
}

function limitError(maximum: number, scope: string, owner: string): LlmError {
  const details: ErrorDetails = { scope, code: 'too-many-streams', retryAfterMs: 1_000 }
  const message = `${owner} has the maximum of ${maximum} running streams; wait until one has ended`
  return new LlmError('limit-exceeded', message, details)
}
