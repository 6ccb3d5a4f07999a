import type { Slot } from './job.ts'
import type { Ticket } from './ticket.ts'

/** The slot of one running call. */
export class HeldSlot implements Slot {
  readonly ticket: Ticket
  readonly startedAt: number
  readonly #free: (outcome: { readonly error?: unknown }) => void
  #held = true

  constructor(ticket: Ticket, startedAt: number, free: (outcome: { readonly error?: unknown }) => void) {
    this.ticket = ticket
    this.startedAt = startedAt
    this.#free = free
  }

  get requestId(): string | undefined {
    return this.ticket.job.requestId
  }

  get waitedMs(): number {
    return this.startedAt - this.ticket.enqueuedAt
  }

  release(outcome: { readonly error?: unknown } = {}): void {
    if (!this.#held) return
    this.#held = false
    this.#free(outcome)
  }
}
