import type { Scope } from './call-scope.ts'
import type { ParentScope } from './lifetime.ts'

/**
 * The call or turn that another call is made for. The contexts of tools and moderators carry it. A request that names it as
 * `parent` never waits for a slot of the parent, spends its budget, and ends with it.
 */
export interface ParentCall {
  /** Id of the parent's request. */
  readonly requestId: string
  /** Purpose of the calls under this parent, such as `tool` or `judge`, under which they are listed. */
  readonly purpose: string
  /** Returns the same parent for calls of another purpose. */
  withPurpose(purpose: string): ParentCall
}

/** What a stage does for a turn between its rounds. */
export interface RoundAdmission {
  /** Reserves the next round. Rejects with what refuses it. */
  reserve(): void | Promise<void>
  /** Gives back a reservation that no round used. */
  release(): void
}

/** A turn, as stages see it at each of its rounds. */
export interface TurnRounds {
  /** Whether the turn is itself made within another call. */
  readonly isNested: boolean
  readonly scope: Scope
  /** Takes over the deadline of the first round. Returns false for later rounds. `onEnd` is called when the turn is over. */
  adopt(totalMs: number, now: number, onEnd: () => void): boolean
  /** Sets what a stage does between the rounds. */
  admitRounds(stage: object, admission: RoundAdmission): void
}

/** Ids that a call takes over from its parent, unless its request has its own. */
export interface InheritedIds {
  readonly userId?: string | undefined
  readonly anonymous?: boolean | undefined
  readonly conversationId?: string | undefined
  readonly conversationChecked?: boolean | undefined
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** What the stages know of the calls above a call. */
export interface Lineage extends InheritedIds {
  readonly requestId: string
  /** What the call is for. A round of a turn has the purpose of the turn. */
  readonly purpose: string
  /** Lifetime of the parent. */
  readonly scope: ParentScope
  /** The parent's own parent. */
  readonly above: Lineage | undefined
  /** The turn, if the call is one of its rounds and not a call within it. */
  readonly turn?: TurnRounds | undefined
}

// A registered symbol, because several copies of this module may be loaded.
const LINEAGE = Symbol.for('llm-switchyard.lineage')

/** Creates the handle of a parent from what the stages need of it. */
export function createParent(lineage: Lineage): ParentCall {
  const { requestId, purpose } = lineage
  const parent = {
    requestId,
    purpose,
    withPurpose: (name: string) => createParent({ ...lineage, purpose: name }),
  }
  return Object.defineProperty(parent, LINEAGE, { value: lineage })
}

/** Returns what a handle stands for; `undefined` if there is none. */
export function lineageOf(parent: ParentCall | undefined): Lineage | undefined {
  return parent === undefined ? undefined : (parent as { readonly [LINEAGE]?: Lineage })[LINEAGE]
}

/** Whether a value is a handle that a context of this library carried. */
export function isParent(value: unknown): value is ParentCall {
  return typeof value === 'object' && value !== null && LINEAGE in value
}

/** A call, as the parent of calls that are made within it. */
export interface ParentSource extends InheritedIds {
  readonly requestId: string
  readonly scope: ParentScope
  readonly lineage?: Lineage | undefined
}

/** Creates the handle of a call for calls within it. */
export function parentOf({ requestId, scope, lineage, ...call }: ParentSource, purpose: string): ParentCall {
  const { userId, anonymous, conversationId, conversationChecked, tags } = call
  const ids = { userId, anonymous, conversationId, conversationChecked, tags }
  return createParent({ requestId, purpose, ...ids, scope, above: lineage })
}

/** Work that the application starts beside its calls: it is booked under its purpose, and no call is refused because of it. */
const ASIDE: ReadonlySet<string> = new Set(['title', 'summary'])

/** Whether a call is made beside the calls of users, or within one that is. */
export function isAside(lineage: Lineage | undefined): boolean {
  for (let above = lineage; above !== undefined; above = above.above)
    if (ASIDE.has(above.purpose)) return true
  return false
}

/** Creates the parent of calls that are made beside the calls of users, for a purpose of the application. */
export function createAside({
  requestId,
  purpose,
}: {
  readonly requestId: string
  readonly purpose: 'title' | 'summary'
}): ParentCall {
  const scope: ParentScope = { error: undefined, slotOf: undefined, onAbort: () => () => undefined }
  return createParent({ requestId, purpose, scope, above: undefined })
}

/** Whether the call itself, or a call above it, holds a slot of this queue. */
export function holdsSlot(lineage: Lineage | undefined, queue: object): boolean {
  for (let above = lineage; above !== undefined; above = above.above)
    if (above.scope.slotOf === queue) return true
  return false
}
