import type { Clock, Timer } from '../core/clock.ts'
import type { QueueSettings } from './config.ts'
import { capOf, type Scheduler } from './scheduler.ts'
import type { SlotStore, SlotCap, SlotLease } from './slot-store.ts'
import type { WaitingCall } from './waiting-call.ts'

export interface DistributedSlotsParts {
  readonly slots: SlotStore
  readonly settings: QueueSettings
  readonly line: Scheduler
  readonly clock: Clock
  /** More calls may be tried. */
  readonly wake: () => void
}

// News of a slot may be lost, and a process that crashed sends none.
const ASK_AGAIN_MS = 1_000

/**
 * Slots that count over all processes. A call whose turn has come takes its slots there; what is full there is left alone
 * until somebody gave a slot back, and then asked for by one call at a time, by two where that went well, and so on.
 */
export class DistributedSlots {
  readonly #parts: DistributedSlotsParts
  readonly #undo: (() => void)[] = []
  #full = false
  #asking = 0
  #width = Infinity
  #timer: Timer | undefined
  #stopListening: (() => void) | undefined
  #closed = false

  constructor(parts: DistributedSlotsParts) {
    this.#parts = parts
  }

  /** May one more call be tried now? */
  get open(): boolean {
    return !this.#full && this.#asking < this.#width
  }

  /** Slots for a call; `undefined` where there are none now: it has to wait. Rejects as `SharedSlots.take` does. */
  async take(ticket: WaitingCall): Promise<SlotLease | undefined> {
    const caps = this.#capsOf(ticket)
    this.#asking++
    try {
      const answer = await this.#parts.slots.take(caps.map(({ cap }) => cap))
      if (answer.taken) {
        this.#width *= 2
        return answer
      }
      for (const [index, { cap, block }] of caps.entries())
        if ((answer.used[index] ?? 0) >= cap.limit) this.#undo.push(block())
      this.#waitForNews()
      return undefined
    } finally {
      this.#asking--
    }
  }

  close(): void {
    this.#closed = true
    this.#stopListening?.()
    this.#parts.clock.clearTimer(this.#timer)
  }

  #capsOf(ticket: WaitingCall): { readonly cap: SlotCap; readonly block: () => () => void }[] {
    const { settings, line } = this.#parts
    const { provider, user } = ticket.job
    const blockAll = (): (() => void) => {
      this.#full = true
      return () => (this.#full = false)
    }
    const caps = [{ cap: { key: 'total', limit: settings.concurrency }, block: blockAll }]
    const most = capOf(settings, provider)
    if (most !== undefined)
      caps.push({
        cap: { key: `provider/${provider}`, limit: most },
        block: () => line.block(ticket, 'provider'),
      })
    if (settings.perUser !== Infinity && user !== undefined && user !== '')
      caps.push({
        cap: { key: `user/${user}`, limit: settings.perUser },
        block: () => line.block(ticket, 'user'),
      })
    return caps
  }

  #waitForNews(): void {
    if (this.#closed) return
    this.#stopListening ??= this.#parts.slots.onFree(() => this.#news())
    this.#timer ??= this.#parts.clock.setTimer(() => this.#news(), ASK_AGAIN_MS)
  }

  #news(): void {
    this.#parts.clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (this.#undo.length === 0) return
    this.#width = 1
    for (const undo of this.#undo.splice(0)) undo()
    this.#parts.wake()
  }
}
