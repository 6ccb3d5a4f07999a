import PQueue from 'p-queue'
import { abortedBy, onAbort } from '../core/abort.ts'
import { systemClock, type Clock } from '../core/clock.ts'
import { LlmError } from '../core/error.ts'
import type { CallQueue, QueueOptions, QueueStatus, RunningCall } from './call-queue.ts'
import { priorities, readQueueConfig, type QueueSettings } from './config.ts'
import { Deadlines } from './deadlines.ts'
import { gateQueueOver, type GateOptions, type GateQueue } from './gate.ts'
import { HeldSlot } from './held-slot.ts'
import type { QueueJob, QueueResult, Slot } from './job.ts'
import { Line } from './line.ts'
import { QueueLog } from './log.ts'
import { Register } from './register.ts'
import { priorityOf, Ticket } from './ticket.ts'

/** Makes a queue. Throws `misconfigured` naming the option that is wrong. */
export function createQueue(options: QueueOptions = {}): CallQueue {
  const core = new QueueCore(options)
  return {
    acquire: (job = {}) => core.acquire(job),
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

class QueueCore {
  readonly log = new QueueLog()
  readonly #settings: QueueSettings
  readonly #clock: Clock
  readonly #observe: QueueOptions['observe']
  readonly #line: Line
  readonly #gate: PQueue<GateQueue, GateOptions>
  readonly #register = new Register()
  readonly #deadlines: Deadlines
  readonly #waiting: Set<Ticket> = new Set()
  readonly #slots: Set<HeldSlot> = new Set()
  readonly #drained: (() => void)[] = []
  #closed = false
  #seq = 0

  constructor({ queue = {}, clock = systemClock, observe }: QueueOptions) {
    this.#settings = readQueueConfig(queue)
    this.#clock = clock
    this.#observe = observe
    this.#line = new Line(this.#settings)
    this.#deadlines = new Deadlines(clock, (ticket) => this.#expire(ticket))
    this.#gate = new PQueue({
      concurrency: this.#settings.concurrency,
      queueClass: gateQueueOver(this.#line, clock),
    })
  }

  acquire(job: QueueJob): Promise<Slot> {
    const over = this.#closed ? closedError() : abortedBy(job)
    if (over !== undefined) return Promise.reject(over)
    const now = this.#clock.now()
    const { timeoutMs = this.#settings.timeoutMs } = job
    const ticket = new Ticket(job, ++this.#seq, { now, timeoutMs })
    const refusal = this.#refusal(ticket, now)
    if (refusal !== undefined) return Promise.reject(refusal)
    return new Promise((resolve, reject) => {
      ticket.resolve = resolve
      ticket.reject = reject
      void this.#gate.add(() => this.#enter(ticket), { ticket, id: '' })
      if (ticket.state === 'waiting') this.#park(ticket)
    })
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
    return this.drain()
  }

  status(): QueueStatus {
    const { concurrency, maxPending } = this.#settings
    const counts = this.#line.waitingPerLevel
    const { oldestAt } = this.#line
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
      oldestWaitMs: oldestAt === undefined ? 0 : this.#clock.now() - oldestAt,
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
    const { cap, waiting } = this.#line.capOf(job.provider)
    const behindCap = this.#line.hasRoom(job.provider) ? 0 : (Math.min(ahead, waiting) + 1) / cap
    return Math.ceil(meanRunMs * Math.max((ahead + 1) / concurrency, behindCap))
  }

  #startsAtOnce({ provider }: QueueJob): boolean {
    const free = this.#slots.size < this.#settings.concurrency && this.#line.hasRoom(provider)
    return free && this.#line.ready === 0 && !this.#gate.isPaused
  }

  #refusal(ticket: Ticket, now: number): LlmError | undefined {
    const { job } = ticket
    if (this.#startsAtOnce(job)) return undefined
    const pending = this.#line.waiting
    const { maxPending } = this.#settings
    const { deadlineAt = Infinity } = job
    const full = pending >= maxPending
    const estimate = full || deadlineAt < Infinity ? this.estimateWaitMs(job) : undefined
    const late = deadlineAt <= now || (estimate !== undefined && now + estimate > deadlineAt)
    if (!full && !late) return undefined
    const wait =
      estimate === undefined ? 'its wait is not known yet' : `it would wait about ${seconds(estimate)}`
    const reason = full
      ? `the queue is full: ${pending} calls wait (queue.maxPending ${maxPending}), ${wait}; try again later`
      : `the call would not start in time: ${pending} calls wait, ${wait}, its deadline is in ${seconds(Math.max(0, deadlineAt - now))}`
    const error = new LlmError('queue-full', reason, { pending, retryAfterMs: estimate })
    this.log.rejected++
    this.#observe?.({ type: 'refused', job, pending, error })
    return error
  }

  #park(ticket: Ticket): void {
    this.#waiting.add(ticket)
    this.#register.add(ticket)
    this.#deadlines.add(ticket)
    ticket.unlink = onAbort(ticket.job, (error) => this.#leave(ticket, 'aborted', error))
    if (this.#observe === undefined) return
    const { job } = ticket
    this.#observe({
      type: 'queued',
      job,
      pending: this.#line.waiting,
      estimatedWaitMs: this.estimateWaitMs(job),
    })
  }

  #unpark(ticket: Ticket): void {
    if (!this.#waiting.delete(ticket)) return
    this.#register.remove(ticket)
    this.#deadlines.remove(ticket)
    ticket.unlink()
  }

  /** Its turn has come. What p-queue waits for: the end of the call, or nothing where it has left. */
  #enter(ticket: Ticket): Promise<void> | undefined {
    if (ticket.state !== 'waiting') return undefined
    const now = this.#clock.now()
    // The timer may be late; a call that has waited too long never runs.
    if (ticket.timeoutAt <= now && this.#waiting.has(ticket)) {
      this.#expire(ticket)
      return undefined
    }
    ticket.state = 'running'
    this.#unpark(ticket)
    this.#line.started(ticket)
    return new Promise((free) => {
      const slot = new HeldSlot(ticket, now, (outcome) => {
        this.#end(slot, outcome)
        free()
      })
      this.#slots.add(slot)
      this.#observe?.({
        type: 'started',
        job: ticket.job,
        waitedMs: slot.waitedMs,
        running: this.#slots.size,
      })
      ticket.resolve(slot)
    })
  }

  #end(slot: HeldSlot, outcome: { readonly error?: unknown }): void {
    const { ticket, startedAt } = slot
    ticket.state = 'over'
    this.#slots.delete(slot)
    this.#line.ended(ticket)
    const result = outcome.error === undefined ? 'completed' : 'failed'
    this.#record(ticket, { result, error: outcome.error, startedAt })
  }

  #expire(ticket: Ticket): void {
    const waitedMs = Math.round(ticket.timeoutAt - ticket.enqueuedAt)
    const message = `the call waited in the queue longer than ${waitedMs} ms (queue.timeoutMs, or its own deadline)`
    this.#leave(ticket, 'timed-out', new LlmError('timeout', message, { phase: 'queue' }))
  }

  #takeOut(ticket: Ticket, reason: string): void {
    this.#leave(ticket, 'cancelled', new LlmError('aborted', reason))
  }

  #leave(ticket: Ticket, result: QueueResult, error: LlmError): void {
    if (ticket.state !== 'waiting') return
    ticket.state = 'over'
    this.#unpark(ticket)
    const queued = ticket.lane !== undefined
    this.#line.remove(ticket)
    // p-queue forgets only what has run: the call goes through its gate empty-handed.
    if (queued) void ticket.enter()
    this.#record(ticket, { result, error, startedAt: undefined })
    ticket.reject(error)
  }

  #record(
    ticket: Ticket,
    { result, error, startedAt }: { result: QueueResult; error: unknown; startedAt: number | undefined },
  ): void {
    const now = this.#clock.now()
    const activity = {
      ...describe(ticket),
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

function describe({ job, priority }: Ticket): Omit<RunningCall, 'ranMs'> {
  const { requestId, user, provider, streaming = false } = job
  return { requestId, user, provider, priority, streaming }
}

function seconds(ms: number): string {
  return ms < 1000 ? `${Math.ceil(ms)} ms` : `${Math.ceil(ms / 100) / 10} s`
}

function closedError(): LlmError {
  return new LlmError('aborted', 'the queue is closed: it takes no more calls')
}
