import type { Clock } from '../core/clock.ts'
import { toLlmError, type LlmError } from '../core/error.ts'
import { callSafely } from '../core/host-function.ts'
import type { ConcurrencyLimits } from './concurrency-limits.ts'
import type { QueueSettings } from './config.ts'
import { DistributedSlots } from './distributed-slots.ts'
import type { QueueJob, QueueResult } from './job.ts'
import { createSlotRunner, type SlotRunner } from './p-queue-adapter.ts'
import { ProviderHandover } from './provider-handover.ts'
import type { QueueMonitor } from './queue-monitor.ts'
import type { Scheduler } from './scheduler.ts'
import { HeldSlot, type SlotOwner, type SlotParts } from './slot.ts'
import type { SlotLease } from './slot-store.ts'
import type { WaitingCall } from './waiting-call.ts'
import type { WaitingCalls } from './waiting-calls.ts'

export interface DispatcherParts {
  readonly settings: QueueSettings
  readonly clock: Clock
  readonly limits: ConcurrencyLimits
  readonly scheduler: Scheduler
  readonly waiting: WaitingCalls
  readonly monitor: QueueMonitor
  /** Called when a waiting call's time has passed. */
  readonly expire: (call: WaitingCall) => void
  /** Called when a waiting call cannot run. */
  readonly drop: (call: WaitingCall, result: QueueResult, error: LlmError) => void
  /** Called when a call got no distributed slot and waits on. */
  readonly requeue: (call: WaitingCall) => void
  /** Called when a slot was released. */
  readonly released: () => void
}

/** Starts waiting calls while slots are free, and owns the slots of the running calls. */
export class Dispatcher implements SlotOwner {
  readonly #parts: DispatcherParts
  readonly #runner: SlotRunner
  readonly #slots: Set<HeldSlot> = new Set()
  readonly #distributed: DistributedSlots | undefined
  readonly #handover: ProviderHandover
  /** Calls that are taking a distributed slot, in or after their first wait. */
  readonly #taking = new Set<WaitingCall>()

  constructor(parts: DispatcherParts) {
    this.#parts = parts
    const { settings, limits, clock } = parts
    const shared = { settings, limits, clock, wake: () => this.wake() }
    const { slots, concurrency } = settings
    this.#distributed = slots === undefined ? undefined : new DistributedSlots({ ...shared, slots })
    this.#handover = new ProviderHandover(shared)
    const start = (): Promise<void> | undefined => this.#startNext()
    this.#runner = createSlotRunner({ concurrency, ready: () => this.#ready, start })
  }

  /** Slots of running calls, the oldest first. */
  get slots(): ReadonlySet<HeldSlot> {
    return this.#slots
  }

  get isDistributed(): boolean {
    return this.#distributed !== undefined
  }

  get isPaused(): boolean {
    return this.#runner.isPaused
  }

  get hasFree(): boolean {
    return this.#slots.size + this.#taking.size < this.#parts.settings.concurrency
  }

  /** Number of waiting calls by level. A call that was refused a distributed slot and asks again still waits. */
  get waitingPerLevel(): readonly number[] {
    const waiting = [...this.#parts.scheduler.waitingPerLevel]
    for (const { level, unreported } of this.#taking)
      if (!unreported) waiting[level] = (waiting[level] ?? 0) + 1
    return waiting
  }

  /** Whether a call that arrives now would start without waiting. */
  startsAtOnce(job: QueueJob): boolean {
    const free = this.hasFree && this.#parts.limits.hasRoom(job)
    return free && this.#parts.scheduler.ready === 0 && !this.#runner.isPaused
  }

  /** Starts a call past the scheduler and p-queue, for speed. Requires `startsAtOnce`. */
  startNow(call: WaitingCall): HeldSlot {
    this.#parts.scheduler.skipQueue(call)
    this.#parts.limits.started(call)
    return this.#open(call, call.enqueuedAt, { free: this.#wakeLater, lease: undefined })
  }

  /** Starts waiting calls if slots are free: p-queue looks for the next call when its concurrency is set. */
  wake(): void {
    this.#runner.concurrency = this.#parts.settings.concurrency
  }

  pause(): void {
    this.#runner.pause()
  }

  resume(): void {
    this.#runner.start()
  }

  close(): void {
    this.#distributed?.close()
  }

  move(slot: HeldSlot, provider: string | undefined): Promise<void> {
    return this.#handover.move(slot, provider)
  }

  end(slot: HeldSlot, { error }: { readonly error?: unknown }): void {
    const { limits, monitor, released } = this.#parts
    const { call, startedAt } = slot
    call.state = 'over'
    this.#slots.delete(slot)
    limits.ended(call)
    monitor.ended(call, { result: error === undefined ? 'completed' : 'failed', error, startedAt })
    released()
  }

  /** Number of waiting calls that may start now. */
  get #ready(): number {
    if (!this.hasFree) return 0
    return this.#distributed === undefined || this.#distributed.open ? this.#parts.scheduler.ready : 0
  }

  #startNext(): Promise<void> | undefined {
    const { clock, scheduler, limits, waiting, expire } = this.#parts
    const now = clock.now()
    const call = scheduler.next(now)
    if (call === undefined) return undefined
    // The timer may be late, and a call whose time has passed never runs.
    if (call.timeoutAt <= now && waiting.has(call)) {
      expire(call)
      return undefined
    }
    limits.started(call)
    return this.#distributed === undefined ? this.#start(call) : this.#startLeased(call, this.#distributed)
  }

  #start(call: WaitingCall, lease?: SlotLease): Promise<void> {
    const { waiting, clock } = this.#parts
    waiting.remove(call)
    return new Promise((free) => call.resolve(this.#open(call, clock.now(), { free, lease })))
  }

  // The call is next in this process; it still needs a slot among all processes.
  async #startLeased(call: WaitingCall, distributed: DistributedSlots): Promise<void> {
    const { limits, drop, requeue } = this.#parts
    let lease: SlotLease | undefined
    this.#taking.add(call)
    try {
      lease = await distributed.take(call)
    } catch (error) {
      limits.ended(call)
      drop(call, 'failed', toLlmError(error, 'overloaded', 'queue.slots could not take a slot'))
      return
    } finally {
      this.#taking.delete(call)
    }
    if (lease !== undefined && call.state === 'waiting') {
      const running = this.#start(call, lease)
      this.wake()
      return running
    }
    limits.ended(call)
    if (lease !== undefined) callSafely(() => lease.release())
    if (call.state === 'waiting') requeue(call)
    else this.wake()
  }

  #open(call: WaitingCall, now: number, how: Pick<SlotParts, 'free' | 'lease'>): HeldSlot {
    call.state = 'running'
    const slot = new HeldSlot(call, now, { owner: this, ...how })
    this.#slots.add(slot)
    this.#parts.monitor.started(slot, this.#slots.size)
    return slot
  }

  // As with p-queue, the next call starts a microtask later, because a more urgent one may arrive until then.
  readonly #wakeLater = (): void => {
    if (this.#parts.waiting.size > 0) queueMicrotask(() => this.wake())
  }
}
