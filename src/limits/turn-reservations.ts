import type { Call } from '../core/call.ts'
import type { RoundAdmission } from '../core/parent-call.ts'
import type { Usage } from '../core/response.ts'
import type { Reservation } from './reservation.ts'

/** Reserves tokens and cost of the round after `call`, whose input is at least `inputTokens`. Throws if a layer refuses. */
export type ReserveRound = (call: Call, inputTokens: number) => Reservation | Promise<Reservation>

/** The reservations of one turn after its first round, each made before the tools of the round before it run. */
export class TurnReservations implements RoundAdmission {
  readonly #reserve: ReserveRound
  #last: { readonly call: Call; readonly usage: Usage } | undefined
  #held: Reservation | undefined
  #over = false

  constructor(reserve: ReserveRound) {
    this.#reserve = reserve
  }

  /** Records the usage of a round that has ended. */
  ended(call: Call, usage: Usage): void {
    this.#last = { call, usage }
  }

  async reserve(): Promise<void> {
    if (this.#last === undefined || this.#held !== undefined) return
    const { call, usage } = this.#last
    // The next request repeats this one and its answer.
    const held = await this.#reserve(call, usage.inputTokens + usage.outputTokens)
    if (this.#over) held.release()
    else this.#held = held
  }

  /** Returns the reservation of the round that begins; `undefined` if none was made. */
  take(): Reservation | undefined {
    const held = this.#held
    this.#held = undefined
    return held
  }

  release(): void {
    this.#over = true
    this.take()?.release()
  }
}
