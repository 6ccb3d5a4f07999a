import type { Slot } from './job.ts'
import type { SlotLease } from './slot-store.ts'
import type { WaitingCall } from './waiting-call.ts'

/** What a slot asks of its queue. */
export interface SlotOwner {
  end(slot: HeldSlot, outcome: { readonly error?: unknown }): void
  move(slot: HeldSlot, provider: string | undefined): Promise<void>
}

export interface SlotParts {
  readonly host: SlotOwner
  /** Told when the slot is free again. */
  readonly free: () => void
  readonly lease: SlotLease | undefined
}

/** The slot of one running call. */
export class HeldSlot implements Slot {
  readonly ticket: WaitingCall
  readonly startedAt: number
  /** Where the slot counts in all processes. */
  readonly lease: SlotLease | undefined
  readonly #host: SlotOwner
  readonly #free: () => void
  #held = true

  constructor(ticket: WaitingCall, startedAt: number, parts: SlotParts) {
    this.ticket = ticket
    this.startedAt = startedAt
    this.lease = parts.lease
    this.#host = parts.host
    this.#free = parts.free
  }

  get requestId(): string | undefined {
    return this.ticket.job.requestId
  }

  get waitedMs(): number {
    return this.startedAt - this.ticket.enqueuedAt
  }

  get held(): boolean {
    return this.#held
  }

  move(provider: string | undefined): Promise<void> {
    return this.#held ? this.#host.move(this, provider) : Promise.resolve()
  }

  release(outcome: { readonly error?: unknown } = {}): void {
    if (!this.#held) return
    this.#held = false
    this.#host.end(this, outcome)
    this.lease?.release()
    this.#free()
  }
}
