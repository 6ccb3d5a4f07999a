import type { FrameNames } from './tree.ts'

/** Where a variable may be: so many functions out, in this slot. */
export interface Place {
  readonly hops: number
  readonly slot: number
  /** It is always set, so no other place needs to be asked. */
  readonly always: boolean
}

/** A context variable; it gets an index when something reads it. */
export interface ContextCell {
  index: number
}

/** The context variables of a template, in the order of their indexes. */
export class ContextNames {
  readonly read: string[] = []
  readonly #cells = new Map<string, ContextCell>()

  /** The cell of a name, read or not. */
  cell(name: string): ContextCell {
    const cell = this.#cells.get(name) ?? { index: -1 }
    this.#cells.set(name, cell)
    return cell
  }

  /** The index of a name that is read. */
  indexOf(name: string): number {
    const cell = this.cell(name)
    if (cell.index < 0) cell.index = this.read.push(name) - 1
    return cell.index
  }
}

/** What has slots of its own each time it runs. */
interface Owner {
  readonly kind: 'template' | 'macro' | 'call'
  /** Where a call block is written; a macro sees nothing of what is around it. */
  readonly outer: Scope | undefined
  size: number
}

/** A frame of a template, macro or call block: its own, or one of a loop inside it. Other blocks have none. */
export class Scope {
  readonly context: ContextNames
  readonly #owner: Owner
  readonly #parent: Scope | undefined
  readonly #places = new Map<string, Place>()

  private constructor(context: ContextNames, owner: Owner, parent: Scope | undefined) {
    this.context = context
    this.#owner = owner
    this.#parent = parent
  }

  static ofTemplate(context: ContextNames, names: FrameNames): Scope {
    return new Scope(context, { kind: 'template', outer: undefined, size: 0 }, undefined).#with(names)
  }

  /** The frame of a macro; of a call block where it is written in `outer`. */
  static ofMacro(context: ContextNames, names: FrameNames, outer?: Scope): Scope {
    const kind = outer === undefined ? 'macro' : 'call'
    return new Scope(context, { kind, outer, size: 0 }, undefined).#with(names)
  }

  /** The frame of a loop inside this one. */
  ofLoop(names: FrameNames): Scope {
    return new Scope(this.context, this.#owner, this).#with(names)
  }

  #with(names: FrameNames): this {
    for (const name of names) this.declare(name)
    return this
  }

  /** How many slots the whole template, macro or call block needs, once it is compiled. */
  get size(): number {
    return this.#owner.size
  }

  /** What `set` changes here is seen by macros. */
  get isTop(): boolean {
    return this.#parent === undefined && this.#owner.kind === 'template'
  }

  /** A macro that is defined here is known everywhere. */
  get sharesMacros(): boolean {
    return this.#parent === undefined && this.#owner.kind !== 'call'
  }

  /** The slot of a name in this frame; `always` says that it is set before anything asks. */
  declare(name: string, always = false): number {
    const known = this.#places.get(name)
    const slot = known?.slot ?? this.#owner.size++
    this.#places.set(name, { hops: 0, slot, always: always || known?.always === true })
    return slot
  }

  /** The slots of this frame. */
  slots(): number[] {
    return [...this.#places.values()].map(({ slot }) => slot)
  }

  /** The places to ask for a name, nearest first; after the last one comes the context. */
  places(name: string, hops = 0): Place[] {
    const own = this.#places.get(name)
    const found = own === undefined ? [] : [{ ...own, hops }]
    if (own?.always === true) return found
    if (this.#parent !== undefined) return [...found, ...this.#parent.places(name, hops)]
    const { outer } = this.#owner
    return outer === undefined ? found : [...found, ...outer.places(name, hops + 1)]
  }

  /** The slots that `set` may mean, nearest first: a name is changed where it was set, within its function. */
  targets(name: string): number[] {
    const outer = this.#parent?.known(name) ?? []
    return [this.declare(name), ...outer]
  }

  private known(name: string): number[] {
    const own = this.#places.get(name)
    const outer = this.#parent?.known(name) ?? []
    return own === undefined ? outer : [own.slot, ...outer]
  }
}
