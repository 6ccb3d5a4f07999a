import { callSafely } from '../core/host-function.ts'
import type { Slot } from './job.ts'
import type { SlotLease } from './slot-store.ts'
import type { WaitingCall } from './waiting-call.ts'

/** What a slot needs of its queue. */
export interface SlotOwner {
  end(slot: HeldSlot, outcome: { readonly error?: unknown }): void
  move(slot: HeldSlot, provider: string | undefined): Promise<void>
}

export interface SlotParts {
  readonly owner: SlotOwner
  /** Called when the slot is free again. */
  readonly free: () => void
  readonly lease: SlotLease | undefined
}

/** The slot of one running call. */
export class HeldSlot implements Slot {
  readonly call: WaitingCall
  readonly startedAt: number
  /** The lease in the distributed slot store. */
  readonly lease: SlotLease | undefined
  readonly #owner: SlotOwner
  readonly #free: () => void
  #held = true

  constructor(call: WaitingCall, startedAt: number, parts: SlotParts) {
    this.call = call
    this.startedAt = startedAt
    this.lease = parts.lease
    this.#owner = parts.owner
    this.#free = parts.free
  }

  get requestId(): string | undefined {
    return this.call.job.requestId
  }

  get waitedMs(): number {
    return this.startedAt - this.call.enqueuedAt
  }

  get held(): boolean {
    return this.#held
  }

  move(provider: string | undefined): Promise<void> {
    return this.#held ? this.#owner.move(this, provider) : Promise.resolve()
  }

  release(outcome: { readonly error?: unknown } = {}): void {
    if (!this.#held) return
    this.#held = false
    this.#owner.end(this, outcome)
    if (this.lease !== undefined) callSafely(() => this.lease?.release())
    this.#free()
  }
}
