import type { Clock } from '../core/clock.ts'
import { Budget } from './budget.ts'
import type { TemplateLimits } from './limits.ts'

/** A value inside a template. No other type gets in, so a template cannot reach code of the application. */
export type Value = undefined | null | boolean | number | string | List | Dict | Macro

/** A list: a dense array of our own that never changes after a template has received it. */
export type List = readonly Value[]

/** An object. It inherits nothing, so a plain property access finds own fields only, whatever the name. */
export interface Dict {
  [key: string]: Value
}

/** Creates an empty {@link Dict}. All instances share one empty frozen prototype, which itself has none. */
export const Dict: new () => Dict = /* @__PURE__ */ defineDict()

function defineDict(): new () => Dict {
  const bare: unknown = Object.freeze(Object.create(null))
  return Object.assign(function () {}, { prototype: bare }) as unknown as new () => Dict
}

/** Keyword arguments of one call: `values[i]` belongs to `names[i]`. */
export interface Keywords {
  readonly names: readonly string[]
  readonly values: List
}

/** Runs a macro. */
export type Invoke = (run: Run, args: List, keywords: Keywords | undefined) => Value

/** A value that a template can call. It has no fields and no text. */
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

/** Marks a slot that is not set, so that the read continues in the enclosing frames. */
export const UNSET: unique symbol = Symbol('unset')

/** The content of one slot. */
export type Slot = Value | typeof UNSET

/** The variables of one run of a template, macro or call block. */
export class Frame {
  readonly slots: Slot[]
  /** The frame around a call block. */
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
  /** The variables outside of frames: the data, and those that the template sets at its top level. */
  readonly context: Value[]

  constructor(limits: TemplateLimits, context: Value[], clock: Clock) {
    super(limits, clock)
    this.context = context
  }
}
