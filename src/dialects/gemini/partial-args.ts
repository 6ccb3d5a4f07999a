import { numberOf, objectOf, textOf, type JsonDraft, type JsonValue } from '../../core/json.ts'

type Step = string | number
type Path = readonly Step[]

/** Writes the JSON text of a call's arguments from values that arrive one by one, each with its path. */
export interface PartialArguments {
  /** Adds the next values. Returns the JSON text that they add. A string for the path of the last value continues it. */
  add(values: readonly unknown[]): string
  /** Returns the text that closes the JSON; or the whole arguments if the order of the values did not allow appending. */
  end(): { readonly delta: string } | { readonly whole: JsonValue }
}

export function createPartialArguments(): PartialArguments {
  return new PathWriter()
}

interface Entry {
  readonly path: Path
  value: JsonValue
}

/** An object or list whose text is not closed yet. */
interface Holder {
  readonly step: Step
  readonly closer: '}' | ']'
  count: number
}

class PathWriter implements PartialArguments {
  readonly #entries = new Map<string, Entry>()
  /** The unclosed objects and lists, the root first. */
  readonly #open: Holder[] = []
  readonly #closed = new Set<string>()
  /** Path of the unfinished string. */
  #text: string | undefined
  #ordered = true

  add(values: readonly unknown[]): string {
    let delta = ''
    for (const item of values) {
      const value = objectOf(item)
      const path = readPath(textOf(value['jsonPath']) ?? '')
      if (path.length > 0) delta += this.#write(path, valueOf(value))
    }
    return delta
  }

  end(): { delta: string } | { whole: JsonValue } {
    if (!this.#ordered) return { whole: treeOf(this.#entries.values()) }
    return { delta: this.#closeText() + this.#closeTo(0) }
  }

  #write(path: Path, value: JsonValue): string {
    const key = JSON.stringify(path)
    const known = this.#entries.get(key)
    const goesOn = known !== undefined && this.#text === key && typeof value === 'string'
    if (goesOn) known.value = `${known.value as string}${value}`
    else this.#entries.set(key, { path, value })
    if (known !== undefined && !goesOn) this.#ordered = false
    const lead = goesOn ? '' : this.#closeText() + this.#enter(path) + this.#member(path.at(-1) as Step)
    if (typeof value === 'string') this.#text = key
    if (!this.#ordered) return ''
    if (typeof value !== 'string') return lead + JSON.stringify(value)
    return `${lead}${goesOn ? '' : '"'}${escaped(value)}`
  }

  /** Closes the objects and lists that do not contain the path, and opens those that do. */
  #enter(path: Path): string {
    let delta = ''
    if (this.#open.length === 0) {
      this.#open.push({ step: '$', closer: '}', count: 0 })
      delta = '{'
    }
    let depth = 0
    while (depth < path.length - 1 && this.#open[depth + 1]?.step === path[depth]) depth++
    delta += this.#closeTo(depth + 1)
    for (; depth < path.length - 1; depth++) {
      if (this.#closed.has(JSON.stringify(path.slice(0, depth + 1)))) this.#ordered = false
      const step = path[depth] as Step
      const isList = typeof path[depth + 1] === 'number'
      delta += `${this.#member(step)}${isList ? '[' : '{'}`
      this.#open.push({ step, closer: isList ? ']' : '}', count: 0 })
    }
    return delta
  }

  /** The text before a value: a comma, and inside an object its name. */
  #member(step: Step): string {
    const holder = this.#open.at(-1) as Holder
    const isPlace = typeof step === 'number'
    if (isPlace !== (holder.closer === ']') || (isPlace && step !== holder.count)) this.#ordered = false
    const comma = holder.count++ > 0 ? ',' : ''
    return isPlace ? comma : `${comma}${JSON.stringify(step)}:`
  }

  #closeTo(size: number): string {
    let delta = ''
    while (this.#open.length > size) {
      this.#closed.add(JSON.stringify(this.#open.slice(1).map(({ step }) => step)))
      delta += this.#open.pop()?.closer ?? ''
    }
    return delta
  }

  #closeText(): string {
    const open = this.#text !== undefined
    this.#text = undefined
    return open ? '"' : ''
  }
}

const STEP = /\.([^.[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/g

// `$.a.b[0]['c d']` as steps.
function readPath(path: string): Path {
  return Array.from(path.matchAll(STEP), ([, name, place, single, double]) =>
    place === undefined ? (name ?? (single ?? double ?? '').replace(/\\(.)/g, '$1')) : Number(place),
  )
}

function valueOf({ stringValue, numberValue, boolValue, nullValue }: Record<string, unknown>): JsonValue {
  if (typeof stringValue === 'string') return stringValue
  if (typeof boolValue === 'boolean') return boolValue
  return numberOf(numberValue) ?? (nullValue === undefined ? '' : null)
}

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

function treeOf(entries: Iterable<Entry>): JsonValue {
  const root: JsonDraft = {}
  for (const { path, value } of entries) {
    let at: object = root
    for (const [depth, step] of path.entries()) {
      const next = path[depth + 1]
      const inner = next === undefined ? value : (heldBy(at, step) ?? (typeof next === 'number' ? [] : {}))
      // Defined and not assigned, because `__proto__` is a name like any other here.
      Object.defineProperty(at, step, { value: inner, enumerable: true, configurable: true, writable: true })
      if (typeof inner !== 'object' || inner === null) break
      at = inner
    }
  }
  return root
}

function heldBy(holder: object, step: Step): object | undefined {
  const held: unknown = Object.hasOwn(holder, step) ? Reflect.get(holder, step) : undefined
  return typeof held === 'object' && held !== null ? held : undefined
}
