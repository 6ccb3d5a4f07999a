import { abortedBy } from '../core/abort.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import { guarded } from '../core/host-function.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { clockField } from '../core/port-fields.ts'
import { callable, type Group } from '../core/schema.ts'
import type { CallQueue, QueueOptions, QueueStatus, RunningCall } from './call-queue.ts'
import { ConcurrencyLimits } from './concurrency-limits.ts'
import { queueSchema, readQueueConfig, type QueueSettings } from './config.ts'
import { Dispatcher } from './dispatcher.ts'
import { queueTimeout, queueFull } from './errors.ts'
import type { QueueJob, QueueResult, Slot } from './job.ts'
import { describeCall, QueueMonitor } from './queue-monitor.ts'
import { Scheduler } from './scheduler.ts'
import { levelOf, WaitingCall } from './waiting-call.ts'
import { WaitingCalls } from './waiting-calls.ts'

/** The schema of {@link QueueOptions}. */
export const queueOptionsSchema: Group = optionsSchema<QueueOptions>()(() => ({
  queue: queueSchema,
  clock: clockField,
  observe: callable,
}))

/** Creates a queue. Throws `misconfigured` naming the option that is wrong. */
export function createQueue(options: QueueOptions = {}): CallQueue {
  checkOptions('createQueue', queueOptionsSchema, options)
  const core = new QueueCore(options)
  return {
    acquire: (job = {}) => core.acquire(job),
    tryAcquire: (job = {}) => core.tryAcquire(job),
    run: async (job, work) => {
      const slot = await core.acquire(job)
      try {
        const result = await work(slot)
        slot.release()
        return result
      } catch (error) {
        slot.release({ error })
        throw error
      }
    },
    cancel: (requestId) => core.cancel(requestId),
    clear: () => core.clear('the queue was cleared while the call waited'),
    pause: () => core.dispatcher.pause(),
    resume: () => core.dispatcher.resume(),
    drain: () => core.drain(),
    close: () => core.close(),
    status: () => core.status(),
    running: () => core.running(),
    activity: (limit = 50) => core.monitor.stats.latest(limit),
    estimateWaitMs: (job = {}) => core.estimateWaitMs(job),
  }
}

class QueueCore {
  readonly monitor: QueueMonitor
  readonly dispatcher: Dispatcher
  readonly #settings: QueueSettings
  readonly #clock: Clock
  readonly #limits: ConcurrencyLimits
  readonly #scheduler: Scheduler
  readonly #waiting: WaitingCalls
  readonly #drained: (() => void)[] = []
  #closed = false
  #seq = 0

  constructor({ queue = {}, clock = systemClock, observe }: QueueOptions) {
    const settings = readQueueConfig(queue)
    this.#settings = settings
    this.#clock = clock
    this.monitor = new QueueMonitor(clock, observe && guarded(observe))
    this.#limits = new ConcurrencyLimits(settings)
    this.#scheduler = new Scheduler(this.#limits, settings.agingMs)
    const expire = (call: WaitingCall): void => this.#expire(call)
    const abort = (call: WaitingCall, error: LlmError): void => this.#drop(call, 'aborted', error)
    this.#waiting = new WaitingCalls(clock, { expire, abort })
    this.dispatcher = new Dispatcher({
      settings,
      clock,
      limits: this.#limits,
      scheduler: this.#scheduler,
      waiting: this.#waiting,
      monitor: this.monitor,
      expire,
      drop: (...ending) => this.#drop(...ending),
      requeue: (call) => this.#requeue(call),
      released: () => this.#checkDrained(),
    })
  }

  acquire(job: QueueJob): Promise<Slot> {
    const ended = this.#closed ? closedError() : abortedBy(job)
    if (ended !== undefined) return Promise.reject(ended)
    const slot = this.tryAcquire(job)
    if (slot !== undefined) return Promise.resolve(slot)
    const now = this.#clock.now()
    const { timeoutMs = this.#settings.timeoutMs } = job
    const call = new WaitingCall(job, ++this.#seq, { now, timeoutMs })
    const mayStart = this.dispatcher.isDistributed && this.dispatcher.startsAtOnce(job)
    const refusal = mayStart || job.place !== undefined ? undefined : this.#refusal(job, now)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      call.resolve = resolve
      call.reject = reject
      this.#scheduler.add(call)
      if (this.dispatcher.hasFree) this.dispatcher.wake()
      if (call.state !== 'waiting') return
      this.#waiting.add(call)
      this.#reportQueued(call)
    })
  }

  tryAcquire(job: QueueJob): Slot | undefined {
    const never = this.#closed || this.dispatcher.isDistributed || abortedBy(job) !== undefined
    if (never || !this.dispatcher.startsAtOnce(job)) return undefined
    const now = this.#clock.now()
    return this.dispatcher.startNow(new WaitingCall(job, ++this.#seq, { now, timeoutMs: 0 }))
  }

  cancel(requestId: string): boolean {
    const calls = this.#waiting.byRequest(requestId)
    for (const call of calls) this.#cancel(call, 'the call was cancelled while it waited in the queue')
    return calls.length > 0
  }

  clear(reason: string): number {
    const calls = this.#waiting.all()
    for (const call of calls) this.#cancel(call, reason)
    return calls.length
  }

  drain(): Promise<void> {
    if (this.#isEmpty) return Promise.resolve()
    return new Promise((resolve) => void this.#drained.push(resolve))
  }

  close(): Promise<void> {
    this.#closed = true
    this.clear('the queue was closed while the call waited')
    this.dispatcher.close()
    return this.drain()
  }

  status(): QueueStatus {
    const { concurrency, maxPending } = this.#settings
    const { stats } = this.monitor
    const levels = this.dispatcher.waitingPerLevel
    const [, critical = 0, high = 0, normal = 0, low = 0] = levels
    const { oldest } = this.#waiting
    return {
      ...stats.counts,
      pending: levels.reduce((sum, waiting) => sum + waiting, 0),
      pendingByPriority: { critical, high, normal, low },
      running: this.dispatcher.slots.size,
      concurrency,
      maxPending,
      oldestWaitMs: oldest === undefined ? 0 : this.#clock.now() - oldest.enqueuedAt,
      meanRunMs: stats.meanRunMs,
      estimatedWaitMs: this.estimateWaitMs({}),
      paused: this.dispatcher.isPaused,
      closed: this.#closed,
    }
  }

  running(): RunningCall[] {
    const now = this.#clock.now()
    return [...this.dispatcher.slots].map(({ call, startedAt }) => ({
      ...describeCall(call),
      ranMs: now - startedAt,
    }))
  }

  estimateWaitMs(job: QueueJob): number | undefined {
    if (this.dispatcher.startsAtOnce(job)) return 0
    const { meanRunMs } = this.monitor.stats
    if (meanRunMs === undefined) return undefined
    const ahead = this.dispatcher.waitingPerLevel
      .slice(0, levelOf(job) + 1)
      .reduce((sum, count) => sum + count, 0)
    const rounds = this.#limits
      .reached(job)
      .map(({ waiting, limit }) => (Math.min(ahead, waiting) + 1) / limit)
    return Math.ceil(meanRunMs * Math.max((ahead + 1) / this.#settings.concurrency, ...rounds))
  }

  /** Number of waiting calls that count for `maxPending`: all but those that go behind. */
  get #queued(): number {
    return this.dispatcher.waitingPerLevel.slice(0, -1).reduce((sum, waiting) => sum + waiting, 0)
  }

  get #isEmpty(): boolean {
    return this.dispatcher.slots.size + this.#waiting.size === 0
  }

  #refusal(job: QueueJob, now: number): LlmError | undefined {
    const pending = this.#queued
    const { maxPending } = this.#settings
    const { deadlineAt = Infinity } = job
    const full = pending >= maxPending
    const estimate = full || deadlineAt < Infinity ? this.estimateWaitMs(job) : undefined
    const late = deadlineAt <= now || (estimate !== undefined && now + estimate > deadlineAt)
    if (!full && !late) return undefined
    const leftMs = full ? undefined : Math.max(0, deadlineAt - now)
    return this.monitor.refused(job, queueFull({ pending, estimate, leftMs, maxPending }))
  }

  #reportQueued(call: WaitingCall): void {
    this.monitor.queued(call, this.#scheduler.waiting, () => this.estimateWaitMs(call.job))
  }

  // The call waits on at its former place.
  #requeue(call: WaitingCall): void {
    const { maxPending } = this.#settings
    const pending = this.#queued
    if (call.unreported && call.job.place === undefined && pending >= maxPending) {
      this.#drop(call, 'failed', this.monitor.refused(call.job, queueFull({ pending, maxPending })))
      return
    }
    this.#scheduler.add(call)
    this.#reportQueued(call)
  }

  #expire(call: WaitingCall): void {
    this.#drop(call, 'timed-out', queueTimeout(Math.round(call.timeoutAt - call.enqueuedAt)))
  }

  #cancel(call: WaitingCall, reason: string): void {
    this.#drop(call, 'cancelled', new LlmError('aborted', reason))
  }

  /** Ends a waiting call that will not run. */
  #drop(call: WaitingCall, result: QueueResult, error: LlmError): void {
    if (call.state !== 'waiting') return
    call.state = 'over'
    call.onDropped()
    this.#waiting.remove(call)
    this.#scheduler.remove(call)
    this.monitor.ended(call, { result, error, startedAt: undefined })
    this.#checkDrained()
    call.reject(error)
  }

  #checkDrained(): void {
    if (this.#isEmpty) for (const resolve of this.#drained.splice(0)) resolve()
  }
}

function closedError(): LlmError {
  return new LlmError('aborted', 'the queue is closed: it accepts no more calls')
}
