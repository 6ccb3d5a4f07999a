import { abortedBy, onAbort } from '../core/abort.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { CallQueue, QueueOptions, QueueStatus, RunningCall } from './call-queue.ts'
import { priorities, readQueueConfig, type QueueSettings } from './config.ts'
import { Deadlines } from './deadlines.ts'
import { createSlotRunner, type SlotRunner } from './p-queue-adapter.ts'
import { HeldSlot, type SlotOwner, type SlotParts } from './slot.ts'
import type { QueueJob, QueueResult, Slot } from './job.ts'
import { Scheduler } from './scheduler.ts'
import { QueueStats } from './queue-stats.ts'
import { ProviderHandover } from './provider-handover.ts'
import { queueTimeout, queueFull } from './errors.ts'
import { RequestIndex } from './request-index.ts'
import { DistributedSlots } from './distributed-slots.ts'
import type { SlotLease } from './slot-store.ts'
import { priorityOf, WaitingCall } from './waiting-call.ts'

/** Makes a queue. Throws `misconfigured` naming the option that is wrong. */
export function createQueue(options: QueueOptions = {}): CallQueue {
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
    pause: () => core.pause(),
    resume: () => core.resume(),
    drain: () => core.drain(),
    close: () => core.close(),
    status: () => core.status(),
    running: () => core.running(),
    activity: (limit = 50) => core.log.latest(limit),
    estimateWaitMs: (job = {}) => core.estimateWaitMs(job),
  }
}

class QueueCore implements SlotOwner {
  readonly log = new QueueStats()
  readonly #settings: QueueSettings
  readonly #clock: Clock
  readonly #observe: QueueOptions['observe']
  readonly #line: Scheduler
  readonly #gate: SlotRunner
  readonly #register = new RequestIndex()
  readonly #deadlines: Deadlines
  readonly #waiting: Set<WaitingCall> = new Set()
  readonly #slots: Set<HeldSlot> = new Set()
  readonly #drained: (() => void)[] = []
  readonly #shared: DistributedSlots | undefined
  readonly #moves: ProviderHandover
  #taking = 0
  #closed = false
  #seq = 0

  constructor({ queue = {}, clock = systemClock, observe }: QueueOptions) {
    this.#settings = readQueueConfig(queue)
    this.#clock = clock
    this.#observe = observe
    this.#line = new Scheduler(this.#settings)
    this.#deadlines = new Deadlines(clock, (ticket) => this.#expire(ticket))
    const wake = (): void => this.#wake()
    const parts = { settings: this.#settings, line: this.#line, clock, wake }
    const { slots } = this.#settings
    this.#shared = slots === undefined ? undefined : new DistributedSlots({ ...parts, slots })
    this.#moves = new ProviderHandover(parts)
    this.#gate = createSlotRunner({
      concurrency: this.#settings.concurrency,
      ready: () => this.#ready,
      start: () => this.#startNext(),
    })
  }

  acquire(job: QueueJob): Promise<Slot> {
    const over = this.#closed ? closedError() : abortedBy(job)
    if (over !== undefined) return Promise.reject(over)
    const slot = this.tryAcquire(job)
    if (slot !== undefined) return Promise.resolve(slot)
    const now = this.#clock.now()
    const { timeoutMs = this.#settings.timeoutMs } = job
    const ticket = new WaitingCall(job, ++this.#seq, { now, timeoutMs })
    const atOnce = this.#shared !== undefined && this.#startsAtOnce(job)
    const refusal = atOnce ? undefined : this.#refusal(ticket, now)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      ticket.resolve = resolve
      ticket.reject = reject
      this.#line.add(ticket)
      if (this.#hasFree) this.#wake()
      if (ticket.state === 'waiting') this.#park(ticket)
    })
  }

  tryAcquire(job: QueueJob): Slot | undefined {
    const over = this.#closed || this.#shared !== undefined || abortedBy(job) !== undefined
    if (over || !this.#startsAtOnce(job)) return undefined
    const now = this.#clock.now()
    // There is room and nobody waits for it: the call need not stand in line, and p-queue need not hear of it.
    const ticket = new WaitingCall(job, ++this.#seq, { now, timeoutMs: 0 })
    this.#line.pass(ticket)
    this.#line.started(ticket)
    return this.#open(ticket, now, { free: this.#passed, lease: undefined })
  }

  cancel(requestId: string): boolean {
    const tickets = this.#register.all(requestId)
    for (const ticket of tickets) this.#takeOut(ticket, 'the call was cancelled while it waited in the queue')
    return tickets.length > 0
  }

  clear(reason: string): number {
    const tickets = [...this.#waiting]
    for (const ticket of tickets) this.#takeOut(ticket, reason)
    return tickets.length
  }

  pause(): void {
    this.#gate.pause()
  }

  resume(): void {
    this.#gate.start()
  }

  drain(): Promise<void> {
    if (this.#slots.size + this.#waiting.size === 0) return Promise.resolve()
    return new Promise((resolve) => void this.#drained.push(resolve))
  }

  close(): Promise<void> {
    this.#closed = true
    this.clear('the queue was closed while the call waited')
    this.#shared?.close()
    return this.drain()
  }

  status(): QueueStatus {
    const { concurrency, maxPending } = this.#settings
    const counts = this.#line.waitingPerLevel
    const [oldest] = this.#waiting
    return {
      ...this.log.counts,
      pending: this.#line.waiting,
      pendingByPriority: {
        critical: counts[0] ?? 0,
        high: counts[1] ?? 0,
        normal: counts[2] ?? 0,
        low: counts[3] ?? 0,
      },
      running: this.#slots.size,
      concurrency,
      maxPending,
      oldestWaitMs: oldest === undefined ? 0 : this.#clock.now() - oldest.enqueuedAt,
      meanRunMs: this.log.meanRunMs,
      estimatedWaitMs: this.estimateWaitMs({}),
      paused: this.#gate.isPaused,
      closed: this.#closed,
    }
  }

  running(): RunningCall[] {
    const now = this.#clock.now()
    return [...this.#slots].map(({ ticket, startedAt }) => ({ ...describe(ticket), ranMs: now - startedAt }))
  }

  estimateWaitMs(job: QueueJob): number | undefined {
    if (this.#startsAtOnce(job)) return 0
    const { meanRunMs } = this.log
    if (meanRunMs === undefined) return undefined
    const { concurrency } = this.#settings
    const level = priorities.indexOf(priorityOf(job))
    const ahead = this.#line.waitingPerLevel.slice(0, level + 1).reduce((sum, count) => sum + count, 0)
    const turns = this.#line.fullCaps({ job }).map(({ waiting, cap }) => (Math.min(ahead, waiting) + 1) / cap)
    return Math.ceil(meanRunMs * Math.max((ahead + 1) / concurrency, ...turns))
  }

  get #hasFree(): boolean {
    return this.#slots.size + this.#taking < this.#settings.concurrency
  }

  /** Waiting calls that may start now. */
  get #ready(): number {
    if (!this.#hasFree) return 0
    return this.#shared === undefined || this.#shared.open ? this.#line.ready : 0
  }

  #startsAtOnce(job: QueueJob): boolean {
    const free = this.#hasFree && this.#line.hasRoom({ job })
    return free && this.#line.ready === 0 && !this.#gate.isPaused
  }

  #refusal(ticket: WaitingCall, now: number): LlmError | undefined {
    const { job } = ticket
    const pending = this.#line.waiting
    const { deadlineAt = Infinity } = job
    const full = pending >= this.#settings.maxPending
    const estimate = full || deadlineAt < Infinity ? this.estimateWaitMs(job) : undefined
    const late = deadlineAt <= now || (estimate !== undefined && now + estimate > deadlineAt)
    if (!full && !late) return undefined
    const leftMs = full ? undefined : Math.max(0, deadlineAt - now)
    return this.#refuse(job, queueFull({ pending, estimate, leftMs, maxPending: this.#settings.maxPending }))
  }

  #refuse(job: QueueJob, error: LlmError): LlmError {
    this.log.rejected++
    this.#observe?.({ type: 'refused', job, pending: error.pending ?? 0, error })
    return error
  }

  #park(ticket: WaitingCall): void {
    this.#waiting.add(ticket)
    this.#register.add(ticket)
    this.#deadlines.add(ticket)
    ticket.unlink = onAbort(ticket.job, (error) => this.#leave(ticket, 'aborted', error))
    this.#tellQueued(ticket)
  }

  #tellQueued(ticket: WaitingCall): void {
    if (ticket.lane === undefined || !ticket.atOnce) return
    ticket.atOnce = false
    const { job } = ticket
    this.#observe?.({
      type: 'queued',
      job,
      pending: this.#line.waiting,
      estimatedWaitMs: this.estimateWaitMs(job),
    })
  }

  #unpark(ticket: WaitingCall): void {
    if (!this.#waiting.delete(ticket)) return
    this.#register.remove(ticket)
    this.#deadlines.remove(ticket)
    ticket.unlink()
  }

  #startNext(): Promise<void> | undefined {
    const now = this.#clock.now()
    const ticket = this.#line.next(now)
    if (ticket === undefined) return undefined
    // The timer may be late; a call that has waited too long never runs.
    if (ticket.timeoutAt <= now && this.#waiting.has(ticket)) {
      this.#expire(ticket)
      return undefined
    }
    this.#line.started(ticket)
    return this.#shared === undefined ? this.#start(ticket) : this.#startShared(ticket, this.#shared)
  }

  #start(ticket: WaitingCall, lease?: SlotLease): Promise<void> {
    this.#unpark(ticket)
    return new Promise((free) => ticket.resolve(this.#open(ticket, this.#clock.now(), { free, lease })))
  }

  // As with p-queue, the next one starts a moment later: who comes in that moment may be more urgent.
  readonly #passed = (): void => {
    if (this.#waiting.size > 0) queueMicrotask(() => this.#wake())
  }

  #open(ticket: WaitingCall, now: number, how: Pick<SlotParts, 'free' | 'lease'>): HeldSlot {
    ticket.state = 'running'
    const slot = new HeldSlot(ticket, now, { host: this, ...how })
    this.#slots.add(slot)
    const { job } = ticket
    this.#observe?.({ type: 'started', job, waitedMs: slot.waitedMs, running: this.#slots.size })
    return slot
  }

  // Its turn has come here, and it has to find room among all processes.
  async #startShared(ticket: WaitingCall, shared: DistributedSlots): Promise<void> {
    let lease: SlotLease | undefined
    this.#taking++
    try {
      lease = await shared.take(ticket)
    } catch (error) {
      this.#line.ended(ticket)
      this.#leave(ticket, 'failed', toLlmError(error, 'overloaded', 'the shared slots failed'))
      return
    } finally {
      this.#taking--
    }
    if (lease !== undefined && ticket.state === 'waiting') {
      const running = this.#start(ticket, lease)
      this.#wake()
      return running
    }
    this.#line.ended(ticket)
    lease?.release()
    if (ticket.state === 'waiting') this.#comeBack(ticket)
    else this.#wake()
  }

  // It waits on at its old place.
  #comeBack(ticket: WaitingCall): void {
    const { maxPending } = this.#settings
    const pending = this.#line.waiting
    if (ticket.atOnce && pending >= maxPending) {
      this.#leave(ticket, 'failed', this.#refuse(ticket.job, queueFull({ pending, maxPending })))
      return
    }
    this.#line.add(ticket)
    this.#tellQueued(ticket)
  }

  // p-queue looks for the next call when it is told how many may run.
  #wake(): void {
    this.#gate.concurrency = this.#settings.concurrency
  }

  move(slot: HeldSlot, provider: string | undefined): Promise<void> {
    return this.#moves.move(slot, provider)
  }

  end(slot: HeldSlot, outcome: { readonly error?: unknown }): void {
    const { ticket, startedAt } = slot
    ticket.state = 'over'
    this.#slots.delete(slot)
    this.#line.ended(ticket)
    const result = outcome.error === undefined ? 'completed' : 'failed'
    this.#record(ticket, { result, error: outcome.error, startedAt })
  }

  #expire(ticket: WaitingCall): void {
    const waitedMs = Math.round(ticket.timeoutAt - ticket.enqueuedAt)
    this.#leave(ticket, 'timed-out', queueTimeout(waitedMs))
  }

  #takeOut(ticket: WaitingCall, reason: string): void {
    this.#leave(ticket, 'cancelled', new LlmError('aborted', reason))
  }

  #leave(ticket: WaitingCall, result: QueueResult, error: LlmError): void {
    if (ticket.state !== 'waiting') return
    ticket.state = 'over'
    this.#unpark(ticket)
    this.#line.remove(ticket)
    this.#record(ticket, { result, error, startedAt: undefined })
    ticket.reject(error)
  }

  #record(
    ticket: WaitingCall,
    { result, error, startedAt }: { result: QueueResult; error: unknown; startedAt: number | undefined },
  ): void {
    const now = this.#clock.now()
    const { requestId, user, provider, priority, streaming } = describe(ticket)
    const activity = {
      requestId,
      user,
      provider,
      priority,
      streaming,
      waitedMs: (startedAt ?? now) - ticket.enqueuedAt,
      ranMs: startedAt === undefined ? 0 : now - startedAt,
      result,
      error: LlmError.is(error) ? error.kind : undefined,
      at: this.#clock.epochMs(),
    }
    this.log.add(activity)
    this.#observe?.({ type: 'over', activity })
    if (this.#slots.size + this.#waiting.size > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}

function describe({ job, priority }: WaitingCall): Omit<RunningCall, 'ranMs'> {
  const { requestId, user, provider, streaming = false } = job
  return { requestId, user, provider, priority, streaming }
}

function closedError(): LlmError {
  return new LlmError('aborted', 'the queue is closed: it takes no more calls')
}
