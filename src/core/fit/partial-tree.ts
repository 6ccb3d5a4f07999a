import type { JsonDraft, JsonValue } from '../json.ts'

/** A name on the way to a value; `undefined` for an item of a list. */
export type PathName = string | undefined

/** Whether a null at a path is left out. */
export type DropsNull = (path: readonly PathName[]) => boolean

interface Frame {
  readonly container: JsonDraft | JsonValue[]
  readonly isList: boolean
  size: number
  /** The newest name of an object. */
  name: string
  /** What comes next in an object. Of a list always `value`. */
  expects: 'name' | 'colon' | 'value'
}

/** A JSON value that grows at its end. */
export class PartialTree {
  /** Counts the changes of the value. */
  version = 0
  readonly root: JsonDraft | JsonValue[]
  /** The innermost open object or list. */
  top: Frame
  readonly #dropsNull: DropsNull | undefined
  readonly #stack: Frame[]

  constructor(isList: boolean, dropsNull?: DropsNull) {
    this.#dropsNull = dropsNull
    this.top = frameOf(isList)
    this.#stack = [this.top]
    this.root = this.top.container
  }

  /** How many objects and lists are open. */
  get depth(): number {
    return this.#stack.length
  }

  /** How much a snapshot copies: the items of open lists, and the fields of open objects eightfold. */
  get openSize(): number {
    return this.#stack.reduce((sum, { size, isList }) => sum + (isList ? size : 8 * size), 0)
  }

  /** Adds a value under the newest name, or to the list. */
  set(value: JsonValue): void {
    const frame = this.top
    if (!frame.isList) frame.expects = 'name'
    if (value === null && !frame.isList && this.#dropsNull?.(this.#path()) === true) return
    if (frame.isList) (frame.container as JsonValue[]).push(value)
    else place(frame.container as JsonDraft, frame.name, value)
    frame.size++
    this.version++
  }

  /** Adds an object or a list, and goes into it. */
  open(isList: boolean): void {
    const frame = frameOf(isList)
    this.set(frame.container)
    this.#stack.push(frame)
    this.top = frame
  }

  /** Goes out of the innermost object or list. */
  close(): void {
    this.#stack.pop()
    this.top = this.#stack.at(-1) ?? this.top
    this.version++
  }

  /** Goes out of all. */
  end(): void {
    this.#stack.length = 0
  }

  /**
   * The value so far, with a text that is open in the innermost object or list. What is complete is shared by all snapshots;
   * the rest is a copy.
   */
  snapshot(openText: string | undefined): JsonValue {
    let inner: JsonValue | undefined = openText
    for (const { container, isList, name, size } of this.#stack.toReversed()) {
      if (isList) {
        const copy = [...(container as JsonValue[])]
        // An open object is in its list already; an open text is not.
        if (inner !== undefined) copy[typeof inner === 'string' ? size : size - 1] = inner
        inner = copy
      } else {
        const copy = { ...(container as JsonDraft) }
        if (inner !== undefined) place(copy, name, inner)
        inner = copy
      }
    }
    return inner ?? this.root
  }

  /** How many items of a list of the value are complete. */
  completeItems(list: readonly JsonValue[]): number {
    const at = this.#stack.findIndex(({ container }) => container === list)
    return at < 0 || at === this.#stack.length - 1 ? list.length : list.length - 1
  }

  #path(): PathName[] {
    return this.#stack.map(({ isList, name }) => (isList ? undefined : name))
  }
}

function frameOf(isList: boolean): Frame {
  return { container: isList ? [] : {}, isList, size: 0, name: '', expects: isList ? 'value' : 'name' }
}

function place(object: JsonDraft, name: string, value: JsonValue): void {
  // The one name that an assignment does not make a field.
  if (name === '__proto__')
    Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
  else object[name] = value
}
