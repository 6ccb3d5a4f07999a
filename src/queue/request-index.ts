import type { WaitingCall } from './waiting-call.ts'

/** Waiting calls by request id. Several may have the same. */
export class RequestIndex {
  readonly #tickets: Map<string, WaitingCall> = new Map()

  add(ticket: WaitingCall): void {
    const { requestId } = ticket.job
    if (requestId === undefined) return
    ticket.twin = this.#tickets.get(requestId)
    this.#tickets.set(requestId, ticket)
  }

  remove(ticket: WaitingCall): void {
    const { requestId } = ticket.job
    if (requestId === undefined) return
    const first = this.#tickets.get(requestId)
    if (first === ticket) {
      if (ticket.twin === undefined) this.#tickets.delete(requestId)
      else this.#tickets.set(requestId, ticket.twin)
    }
    for (let other = first; other !== undefined; other = other.twin)
      if (other.twin === ticket) other.twin = ticket.twin
    ticket.twin = undefined
  }

  all(requestId: string): WaitingCall[] {
    const found: WaitingCall[] = []
    for (let ticket = this.#tickets.get(requestId); ticket !== undefined; ticket = ticket.twin)
      found.push(ticket)
    return found
  }
}
