import type { Clock } from '../core/clock.ts'
import { Budget } from './budget.ts'
import type { TemplateLimits } from './limits.ts'

/** What a template computes with. Nothing else ever gets in: there is no way from here to host code. */
export type Value = undefined | null | boolean | number | string | List | Dict | Macro

/** A list: a fresh, dense array that is never changed once a template has seen it. */
export type List = readonly Value[]

/** Named values. Nothing is inherited, so a plain lookup finds own fields only, whatever their names. */
export interface Dict {
  [key: string]: Value
}

/** Makes an empty {@link Dict}. Its instances have one shared, empty and frozen prototype with none above it. */
export const Dict: new () => Dict = /* @__PURE__ */ defineDict()

function defineDict(): new () => Dict {
  const bare: unknown = Object.freeze(Object.create(null))
  return Object.assign(function () {}, { prototype: bare }) as unknown as new () => Dict
}

/** Keyword arguments of one call: two lists of equal length. */
export interface Keywords {
  readonly names: readonly string[]
  readonly values: List
}

/** Runs a macro. */
export type Invoke = (run: Run, args: List, keywords: Keywords | undefined) => Value

/** Something a template can call. It has no fields, no text and no way to look inside. */
export class Macro {
  readonly name: string
  readonly invoke: Invoke

  constructor(name: string, invoke: Invoke) {
    this.name = name
    this.invoke = invoke
    Object.freeze(this)
  }
}

export function isList(value: Value): value is List {
  return Array.isArray(value)
}

/** Marks a variable that was never set in its frame: the frames around it are asked instead. */
export const UNSET: unique symbol = Symbol('unset')

/** A variable's place. */
export type Slot = Value | typeof UNSET

/** The variables of one run of a template, a macro or a call block. */
export class Frame {
  readonly slots: Slot[]
  /** Where a call block was written. */
  readonly parent: Frame | undefined

  constructor(size: number, parent?: Frame) {
    const slots: Slot[] = []
    for (let index = 0; index < size; index++) slots.push(UNSET)
    this.slots = slots
    this.parent = parent
  }
}

/** One rendering. */
export class Run extends Budget {
  /** Variables that are not in a frame: the data, and what the template sets at its top. */
  readonly context: Value[]

  constructor(limits: TemplateLimits, context: Value[], clock: Clock) {
    super(limits, clock)
    this.context = context
  }
}
