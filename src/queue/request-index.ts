import type { WaitingCall } from './waiting-call.ts'

/** Finds waiting calls by request id. Several calls may have the same id. */
export class RequestIndex {
  readonly #calls: Map<string, WaitingCall> = new Map()

  add(call: WaitingCall): void {
    const { requestId } = call.job
    if (requestId === undefined) return
    call.sameRequest = this.#calls.get(requestId)
    this.#calls.set(requestId, call)
  }

  remove(call: WaitingCall): void {
    const { requestId } = call.job
    if (requestId === undefined) return
    const first = this.#calls.get(requestId)
    if (first === call) {
      if (call.sameRequest === undefined) this.#calls.delete(requestId)
      else this.#calls.set(requestId, call.sameRequest)
    }
    for (let other = first; other !== undefined; other = other.sameRequest)
      if (other.sameRequest === call) other.sameRequest = call.sameRequest
    call.sameRequest = undefined
  }

  all(requestId: string): WaitingCall[] {
    const found: WaitingCall[] = []
    for (let call = this.#calls.get(requestId); call !== undefined; call = call.sameRequest) found.push(call)
    return found
  }
}
