import type { FrameNames } from './tree.ts'

/** A possible location of a variable: a slot of the frame that is `hops` functions further out. */
export interface Place {
  readonly hops: number
  readonly slot: number
  /** Whether the slot is set whenever it is read, so that no further place has to be searched. */
  readonly always: boolean
}

/** A context variable. `index` is -1 until a template reads the variable. */
export interface ContextCell {
  index: number
}

/** The context variables that a template reads, by index. */
export class ContextNames {
  readonly read: string[] = []
  readonly #cells = new Map<string, ContextCell>()

  /** Returns the cell of a name, whether or not the template reads it. */
  cell(name: string): ContextCell {
    const cell = this.#cells.get(name) ?? { index: -1 }
    this.#cells.set(name, cell)
    return cell
  }

  /** Returns the index of a name and marks the name as read. */
  indexOf(name: string): number {
    const cell = this.cell(name)
    if (cell.index < 0) cell.index = this.read.push(name) - 1
    return cell.index
  }
}

/** A unit that gets a new {@link Frame} on each run. */
interface Owner {
  readonly kind: 'template' | 'macro' | 'call'
  /** The scope that encloses a call block. `undefined` for macros, because they see no enclosing scope. */
  readonly outer: Scope | undefined
  size: number
}

/** The variables visible in a template, macro, call block or loop. Other blocks have no scope of their own. */
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

  /** Creates the scope of a macro, or of a call block if `outer`, its enclosing scope, is given. */
  static ofMacro(context: ContextNames, names: FrameNames, outer?: Scope): Scope {
    const kind = outer === undefined ? 'macro' : 'call'
    return new Scope(context, { kind, outer, size: 0 }, undefined).#with(names)
  }

  /** Creates the scope of a loop inside this one. */
  ofLoop(names: FrameNames): Scope {
    return new Scope(this.context, this.#owner, this).#with(names)
  }

  #with(names: FrameNames): this {
    for (const name of names) this.declare(name)
    return this
  }

  /** Number of slots that the whole template, macro or call block needs. Final after compilation. */
  get size(): number {
    return this.#owner.size
  }

  /** Whether macros see the values that `set` assigns here. */
  get isTop(): boolean {
    return this.#parent === undefined && this.#owner.kind === 'template'
  }

  /** Whether a macro that is defined here is visible everywhere. */
  get sharesMacros(): boolean {
    return this.#parent === undefined && this.#owner.kind !== 'call'
  }

  /** Returns the slot of a name in this scope. `always`: the slot is set before anything reads it. */
  declare(name: string, always = false): number {
    const known = this.#places.get(name)
    const slot = known?.slot ?? this.#owner.size++
    this.#places.set(name, { hops: 0, slot, always: always || known?.always === true })
    return slot
  }

  /** The slots of this scope. */
  slots(): number[] {
    return [...this.#places.values()].map(({ slot }) => slot)
  }

  /** The places to search for a name, nearest first. The context is searched after the last one. */
  places(name: string, hops = 0): Place[] {
    const own = this.#places.get(name)
    const found = own === undefined ? [] : [{ ...own, hops }]
    if (own?.always === true) return found
    if (this.#parent !== undefined) return [...found, ...this.#parent.places(name, hops)]
    const { outer } = this.#owner
    return outer === undefined ? found : [...found, ...outer.places(name, hops + 1)]
  }

  /** The slots that `set` may change, nearest first: the variable is changed in the scope that set it. */
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
