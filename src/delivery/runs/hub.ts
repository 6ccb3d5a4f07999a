import { systemClock, type Clock, type Timer } from '../../core/clock.ts'
import { LlmError, type ErrorDetails } from '../../core/error.ts'
import { newId } from '../../core/create-id.ts'
import type { Logger } from '../../core/log.ts'
import type { LogInfo, StreamLog } from '../../core/stream-log.ts'
import type { DisconnectPolicy } from './readers.ts'
import { unknownError } from './error-record.ts'
import { metricsOf, statusOf, type RunMetrics, type RunStatus } from './run-metrics.ts'
import { memoryStreamLog } from './memory-log.ts'
import { RunReader } from './reader.ts'
import { Run, type RunRequest } from './run.ts'
import { savePartial, type RunEnd, type SavePolicy } from './save-policy.ts'
import { TotalsTable, type RunTotals } from './totals.ts'

/** Options of `createRunHub`. */
export interface RunHubOptions {
  /** Where batches are kept. Default: in this process, `memoryStreamLog()`. The host closes the one it gives. */
  readonly log?: StreamLog | undefined
  /** Runs of one user that this process holds at once. Default 10; 0 for no cap. */
  readonly maxPerUser?: number | undefined
  /** Runs that this process holds at once. Default: no cap. */
  readonly maxRuns?: number | undefined
  /** What happens when the last reader leaves. Default `cancel`. */
  readonly onDisconnect?: DisconnectPolicy | undefined
  /** With `cancel`: how long a reader may be away, in milliseconds. Default 0. */
  readonly disconnectGraceMs?: number | undefined
  /** Longest silence of an upstream, in milliseconds; only content breaks it. Default 300 000; 0 turns the check off. */
  readonly idleMs?: number | undefined
  /** Told once of each end, whatever it was. What it throws is logged and told to `onSaveFailed`, never to a reader. */
  readonly onSave?: ((end: RunEnd) => unknown) | undefined
  readonly onSaveFailed?: ((id: string, error: unknown) => void) | undefined
  /** Decides what of an answer is worth keeping. Default: what came. */
  readonly savePolicy?: SavePolicy | undefined
  /** How long readers wait for `onSave` before they are told of the end, in milliseconds. Default 5 000. */
  readonly saveWaitMs?: number | undefined
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A run that was started here. */
export interface StartedRun {
  readonly id: string
  /** Resolves when the upstream has begun to answer; rejects with its refusal. */
  readonly opened: Promise<void>
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<RunEnd>
}

/** Figures of one hub since it was made. */
export interface RunHubStats {
  readonly running: number
  readonly readers: number
  readonly started: number
  /** Totals of ended runs by `provider/model`. */
  readonly models: Readonly<Record<string, RunTotals>>
  /** The same by conversation, the last thousand. */
  readonly conversations: Readonly<Record<string, RunTotals>>
}

/** Runs that outlive their connections. */
export interface RunHub extends AsyncDisposable {
  /** Starts a run. Rejects with `limit-exceeded` (scope `user-streams` or `streams`) above a cap, with `conflict` for an id in use. */
  start(request: RunRequest): Promise<StartedRun>
  /** Follows a run of any process from a position. Rejects with `not-found` where there is no such log. */
  attach(id: string, options?: { readonly after?: number | undefined }): Promise<RunReader>
  /** Stops a run of any process. False where it is not under way. */
  cancel(id: string, reason?: string): Promise<boolean>
  /** The newest run with this key, while it can be read. */
  find(key: string): Promise<LogInfo | undefined>
  info(id: string): Promise<LogInfo | undefined>
  status(id: string): Promise<RunStatus | undefined>
  metrics(id: string): Promise<RunMetrics | undefined>
  stats(): RunHubStats
  /** Takes no more runs, lets those under way end for `drainMs` (default 0), then stops them and waits for their saves. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

const DEFAULT_PER_USER = 10
// Short, for it stands in every frame: 64 random bits.
const ID_LENGTH = 20
const DEFAULT_IDLE_MS = 300_000
const DEFAULT_SAVE_WAIT_MS = 5_000
// For readers to take what the last runs wrote.
const READERS_WAIT_MS = 1_000

/** Makes a hub. Throws `misconfigured` naming the option that is wrong. */
export function createRunHub(options: RunHubOptions = {}): RunHub {
  for (const name of ['maxPerUser', 'disconnectGraceMs', 'idleMs', 'saveWaitMs', 'maxRuns'] as const)
    checkNumber(name, options[name])
  if (options.onDisconnect !== undefined && !['cancel', 'finish'].includes(options.onDisconnect))
    throw new LlmError('misconfigured', "runs: onDisconnect takes 'cancel' or 'finish'")
  return new Hub(options)
}

class Hub implements RunHub {
  readonly #options: RunHubOptions
  readonly #clock: Clock
  readonly #log: StreamLog
  readonly #runs = new Map<string, Run>()
  readonly #perUser = new Map<string, number>()
  /** With whether it comes to its end by itself when this process stops. */
  readonly #readers = new Map<RunReader, boolean>()
  readonly #models = new TotalsTable()
  readonly #conversations = new TotalsTable()
  #started = 0
  #closing: Promise<void> | undefined
  #drained: (() => void) | undefined
  #deserted: (() => void) | undefined

  constructor(options: RunHubOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#log = options.log ?? memoryStreamLog({ clock: this.#clock })
  }

  async start(request: RunRequest): Promise<StartedRun> {
    const { id = newId('run').slice(0, ID_LENGTH), conversationId, key = conversationId, userId } = request
    const meta = { ...request.meta, conversationId, userId }
    this.#admit(userId)
    this.#count(userId, 1)
    try {
      const run = this.#make(id, request)
      const onStop = (error: LlmError): void => this.#runs.get(id)?.stop(error)
      const { figures } = run
      await this.#log.create({ id, key, meta, figures: () => figures.toJSON(), onStop })
      if (this.#closing !== undefined) run.stop(shutdownError())
      this.#started++
      this.#runs.set(id, run)
      run.begin()
      return { id, opened: run.opened, ended: run.ended }
    } catch (error) {
      this.#count(userId, -1)
      throw error
    }
  }

  async attach(id: string, { after = 0 }: { readonly after?: number | undefined } = {}): Promise<RunReader> {
    // Joined before the first wait: a run whose last reader leaves meanwhile is not given up.
    const leave = this.#runs.get(id)?.audience.join()
    try {
      const info = await this.#log.info(id)
      if (info === undefined) throw unknownError(id)
      const onLeave = (left: RunReader): void => this.#left(left, leave)
      const reader = new RunReader({ id, log: this.#log, after, onLeave })
      this.#readers.set(reader, leave !== undefined || info.state !== 'running')
      return reader
    } catch (error) {
      leave?.()
      throw error
    }
  }

  cancel(id: string, reason = 'the run was cancelled'): Promise<boolean> {
    const here = this.#runs.get(id)
    if (here === undefined || here.over) return this.#log.cancel(id, reason)
    here.stop(new LlmError('aborted', reason, { code: 'cancelled' }))
    return Promise.resolve(true)
  }

  async find(key: string): Promise<LogInfo | undefined> {
    const id = await this.#log.find(key)
    return id === undefined ? undefined : this.#log.info(id)
  }

  info(id: string): Promise<LogInfo | undefined> {
    return this.#log.info(id)
  }

  async status(id: string): Promise<RunStatus | undefined> {
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

  #admit(userId: string | undefined): void {
    if (this.#closing !== undefined)
      throw new LlmError('overloaded', 'runs: the server is shutting down and takes no new streams', {
        code: 'shutdown',
      })
    const { maxPerUser = DEFAULT_PER_USER, maxRuns = 0 } = this.#options
    const running = [...this.#perUser.values()].reduce((sum, count) => sum + count, 0)
    if (maxRuns > 0 && running >= maxRuns) throw capError(maxRuns, 'streams', 'this server runs')
    const own = userId === undefined ? 0 : (this.#perUser.get(userId) ?? 0)
    if (maxPerUser > 0 && own >= maxPerUser) throw capError(maxPerUser, 'user-streams', 'a user may have')
  }

  #count(userId: string | undefined, by: 1 | -1): void {
    const key = userId ?? ''
    const count = (this.#perUser.get(key) ?? 0) + by
    if (count > 0) this.#perUser.set(key, count)
    else this.#perUser.delete(key)
  }

  #make(id: string, request: RunRequest): Run {
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
      onSaveFailed: (...failure) => this.#saveFailed(...failure),
      onEnd: (run, end) => this.#ended(run, end),
    })
  }

  #saveFailed(id: string, error: unknown): void {
    const { logger, onSaveFailed } = this.#options
    const reason = error instanceof Error ? error.name : typeof error
    logger?.error({ runId: id, reason }, 'an answer could not be saved')
    try {
      onSaveFailed?.(id, error)
    } catch {
      logger?.error({ runId: id }, 'onSaveFailed failed itself')
    }
  }

  #ended(run: Run, end: RunEnd): void {
    this.#runs.delete(run.id)
    this.#count(end.userId, -1)
    const { provider, model } = end.response
    this.#models.add(`${provider}/${model}`, end)
    if (end.conversationId !== undefined) this.#conversations.add(end.conversationId, end)
    if (this.#runs.size === 0) this.#drained?.()
  }

  async #close(drainMs: number): Promise<void> {
    if (this.#runs.size > 0) await this.#waitFor(drainMs, (done) => (this.#drained = done))
    const running = [...this.#runs.values()]
    for (const run of running) run.stop(shutdownError())
    await Promise.all(running.map((run) => run.ended))
    for (const [reader, ends] of this.#readers) if (!ends) reader.fail(shutdownError())
    if (this.#readers.size > 0) await this.#waitFor(READERS_WAIT_MS, (done) => (this.#deserted = done))
    for (const [reader] of this.#readers) reader.fail(shutdownError())
    if (this.#options.log === undefined) await this.#log.close()
  }

  async #waitFor(longestMs: number, listen: (done: () => void) => void): Promise<void> {
    if (longestMs <= 0) return
    let timer: Timer | undefined
    await new Promise<void>((resolve) => {
      listen(resolve)
      timer = this.#clock.setTimer(resolve, longestMs)
    })
    this.#clock.clearTimer(timer)
  }

  #left(reader: RunReader, leave: (() => void) | undefined): void {
    this.#readers.delete(reader)
    leave?.()
    if (this.#readers.size === 0) this.#deserted?.()
  }
}

function checkNumber(path: string, value: number | undefined): void {
  if (value === undefined || (typeof value === 'number' && value >= 0)) return
  const message = 'takes a number of 0 or more'
  throw new LlmError('misconfigured', `runs: ${path} ${message}`, { issues: [{ path, message }] })
}

function shutdownError(): LlmError {
  return new LlmError('aborted', 'the server is shutting down', { code: 'shutdown' })
}

function capError(cap: number, scope: string, who: string): LlmError {
  const details: ErrorDetails = { scope, code: 'too-many-streams', retryAfterMs: 1_000 }
  return new LlmError('limit-exceeded', `${who} ${cap} streams at once; wait until one has ended`, details)
}
