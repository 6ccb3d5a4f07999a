import type { Clock, Timer } from '../core/clock.ts'
import { callSafely } from '../core/host-function.ts'
import { providerLimit, type ConcurrencyLimits } from './concurrency-limits.ts'
import type { QueueSettings } from './config.ts'
import { userKeyOf } from './job.ts'
import type { SlotStore, SlotCap, SlotLease, SlotRefusal } from './slot-store.ts'
import type { WaitingCall } from './waiting-call.ts'

export interface DistributedSlotsParts {
  readonly slots: SlotStore
  readonly settings: QueueSettings
  readonly limits: ConcurrencyLimits
  readonly clock: Clock
  /** Called when more calls may try to take a slot. */
  readonly wake: () => void
}

// A message about a free slot may be lost, and a process that crashed sends none.
const RETRY_MS = 1_000

/**
 * Takes slots from the `SlotStore` that all processes share. After a refusal, the reached limits are blocked until a
 * slot was released. Then one call at a time tries, and each success doubles the number of concurrent tries.
 */
export class DistributedSlots {
  readonly #parts: DistributedSlotsParts
  readonly #unblock: (() => void)[] = []
  #full = false
  #taking = 0
  #maxTaking = Infinity
  #timer: Timer | undefined
  #stopListening: (() => void) | undefined
  #closed = false

  constructor(parts: DistributedSlotsParts) {
    this.#parts = parts
  }

  /** Whether one more call may try to take a slot now. */
  get open(): boolean {
    return !this.#full && this.#taking < this.#maxTaking
  }

  /** Takes a slot of every limit; resolves to `undefined` if the call has to wait. Rejects as `SlotStore.take` does. */
  async take(call: WaitingCall): Promise<SlotLease | undefined> {
    const caps = this.#capsOf(call)
    this.#taking++
    try {
      const result = await unlessDropped(call, this.#parts.slots.take(caps.map(({ cap }) => cap)))
      if (result === undefined) return undefined
      if (result.taken) {
        this.#maxTaking *= 2
        return result
      }
      for (const [index, { cap, block }] of caps.entries())
        if ((result.used[index] ?? 0) >= cap.limit) this.#unblock.push(block())
      this.#awaitRelease()
      return undefined
    } finally {
      this.#taking--
    }
  }

  close(): void {
    this.#closed = true
    callSafely(() => this.#stopListening?.())
    this.#parts.clock.clearTimer(this.#timer)
  }

  #capsOf(call: WaitingCall): { readonly cap: SlotCap; readonly block: () => () => void }[] {
    const { settings, limits } = this.#parts
    const { provider } = call.job
    const user = userKeyOf(call.job)
    const blockAll = (): (() => void) => {
      this.#full = true
      return () => (this.#full = false)
    }
    const caps = [{ cap: { key: 'total', limit: settings.concurrency }, block: blockAll }]
    const limit = providerLimit(settings, provider)
    if (limit !== undefined)
      caps.push({ cap: { key: `provider/${provider}`, limit }, block: () => limits.block(call, 'provider') })
    if (settings.perUser !== Infinity && user !== '')
      caps.push({
        cap: { key: `user/${user}`, limit: settings.perUser },
        block: () => limits.block(call, 'user'),
      })
    return caps
  }

  #awaitRelease(): void {
    if (this.#closed) return
    this.#timer ??= this.#parts.clock.setTimer(() => this.#retry(), RETRY_MS)
    this.#stopListening ??= this.#parts.slots.onFree(() => this.#retry())
  }

  #retry(): void {
    this.#parts.clock.clearTimer(this.#timer)
    this.#timer = undefined
    if (this.#unblock.length === 0) return
    this.#maxTaking = 1
    for (const unblock of this.#unblock.splice(0)) unblock()
    this.#parts.wake()
  }
}

/** Resolves to the store's answer, or to `undefined` when the call no longer waits for it. A slot that comes later is released. */
function unlessDropped(
  call: WaitingCall,
  taking: Promise<SlotLease | SlotRefusal>,
): Promise<SlotLease | SlotRefusal | undefined> {
  return new Promise((resolve, reject) => {
    let isDropped = false
    call.onDropped = () => {
      isDropped = true
      resolve(undefined)
    }
    taking.then((result) => {
      if (isDropped && result.taken) callSafely(() => result.release())
      else resolve(result)
    }, reject)
  })
}
