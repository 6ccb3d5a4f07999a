import { Scope } from './call-scope.ts'
import {
  createParent,
  lineageOf,
  type InheritedIds,
  type Lineage,
  type ParentCall,
  type RoundAdmission,
  type TurnRounds,
} from './parent-call.ts'

/** Input of {@link Turn}. */
export interface TurnOptions extends InheritedIds {
  readonly requestId: string
  /** Aborts the turn. */
  readonly signal?: AbortSignal | undefined
  /** The call that the turn is made for. */
  readonly parent?: ParentCall | undefined
}

/**
 * One turn: several model calls, its rounds, that are admitted once. Requests are counted and the queue is passed at the
 * first round. Calls of its tools name it as their parent.
 */
export class Turn implements TurnRounds {
  readonly scope: Scope
  /** The `parent` of the turn's own model calls. */
  readonly round: ParentCall
  readonly #lineage: Lineage
  readonly #admissions = new Map<object, RoundAdmission>()
  #onEnd: (() => void) | undefined
  #over = false

  constructor({ requestId, signal, parent, ...ids }: TurnOptions) {
    const above = lineageOf(parent)
    this.scope = new Scope(signal, 0, 0)
    if (above !== undefined) this.scope.follow(above.scope)
    this.#lineage = { ...ids, requestId, purpose: 'tool', scope: this.scope, above }
    this.round = createParent({ ...this.#lineage, purpose: above?.purpose ?? '', turn: this })
  }

  get isNested(): boolean {
    return this.#lineage.above !== undefined
  }

  /** Returns the `parent` of calls that are made within the turn. */
  parent(purpose: string): ParentCall {
    return createParent({ ...this.#lineage, purpose })
  }

  adopt(totalMs: number, now: number, onEnd: () => void): boolean {
    if (this.#onEnd !== undefined || this.#over) return false
    this.#onEnd = onEnd
    this.scope.limit(totalMs, now)
    return true
  }

  admitRounds(stage: object, admission: RoundAdmission): void {
    this.#admissions.set(stage, admission)
  }

  /** Reserves tokens and cost of the next round. Rejects with `limit-exceeded` or `quota-exhausted` if they do not suffice. */
  async reserveRound(): Promise<void> {
    for (const admission of this.#admissions.values()) await admission.reserve()
  }

  /** Ends the turn and gives back what it still holds. Idempotent. */
  end(): void {
    if (this.#over) return
    this.#over = true
    for (const admission of this.#admissions.values()) admission.release()
    this.scope.release()
    this.#onEnd?.()
  }
}
