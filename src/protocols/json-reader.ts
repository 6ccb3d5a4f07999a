import { requestError, type Issue } from '../core/error.ts'
import { isFull, pathTo } from '../core/issues.ts'
import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../core/json.ts'

/** Which numbers a field accepts. */
export interface NumberRange {
  readonly whole?: boolean | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** Where a nested object is: in the field of another reader. */
interface Place {
  readonly reader: JsonReader
  readonly name: string
}

/** Called for every invalid field with its dotted path and what is wrong with it. May throw. */
export type ReportIssue = (path: string, message: string) => void

/**
 * Reads typed fields of a JSON object. An absent field and `null` read as `undefined`; a field of another type is an
 * issue. Issues go to `report`; without one they are collected, and `check` throws them all at once. The 20th is thrown while
 * reading, because a hostile body must not cost more than that.
 */
export class JsonReader {
  readonly #value: Record<string, unknown>
  readonly #place: string | Place
  readonly #report: ReportIssue
  #issues: Issue[] | undefined
  #read: Set<string> | undefined

  constructor(value: Record<string, unknown>, place: string | Place = '', report?: ReportIssue) {
    this.#value = value
    this.#place = place
    this.#report = report ?? ((path, message) => this.#add({ path, message }))
  }

  // Made when it is asked for, because a list may have many items and few issues.
  get path(): string {
    return typeof this.#place === 'string' ? this.#place : this.#place.reader.at(this.#place.name)
  }

  /** Throws `invalid-request` with every issue collected so far. */
  check(): void {
    if (this.#issues !== undefined) throw requestError(this.#issues)
  }

  #add(issue: Issue): void {
    const issues = (this.#issues ??= [])
    issues.push(issue)
    if (isFull(issues)) this.check()
  }

  /** Reports an issue of a field, or with an empty name of the object itself. */
  addIssue(name: string, message: string): undefined {
    this.#report(this.at(name), message)
    return undefined
  }

  /** Returns the dotted path of a field. */
  at(name: string): string {
    return name === '' ? this.path : pathTo(this.path, name)
  }

  /** Returns the value of any type; `undefined` for `null`. */
  raw(name: string): unknown {
    ;(this.#read ??= new Set()).add(name)
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined
  }

  has(name: string): boolean {
    return this.raw(name) !== undefined
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'string') return value
    return this.addIssue(name, 'must be a string')
  }

  /** Returns a non-empty string; anything else is an issue and reads as the empty string. */
  requiredString(name: string): string {
    const value = this.text(name)
    if (value === undefined) {
      if (!this.has(name)) this.addIssue(name, 'is required')
    } else if (value === '') this.addIssue(name, 'must not be empty')
    return value ?? ''
  }

  number(name: string, { whole, min = -Infinity, max = Infinity }: NumberRange = {}): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const fits = typeof value === 'number' && value >= min && value <= max
    if (fits && (whole !== true || Number.isSafeInteger(value))) return value
    const kind = whole === true ? 'a whole number' : 'a number'
    const from = min === -Infinity ? '' : ` from ${min}`
    const to = max === Infinity ? '' : ` to ${max}`
    const given = typeof value === 'number' ? `, not ${value}` : ''
    return this.addIssue(name, `must be ${kind}${from}${to}${given}`)
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.addIssue(name, 'must be true or false')
  }

  oneOf<const Value extends string>(name: string, values: readonly Value[]): Value | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    return (
      values.find((known) => known === value) ?? this.addIssue(name, `must be one of ${values.join(', ')}`)
    )
  }

  /** Returns a list with items of any type. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.raw(name)
    if (value === undefined || Array.isArray(value)) return value
    return this.addIssue(name, 'must be a list')
  }

  /** Returns a reader for each item of a list of objects. */
  objects(name: string): readonly this[] | undefined {
    return this.list(name)?.flatMap((value, index) => {
      const item = `${name}.${index}`
      if (isObject(value)) return this.#child(value, item)
      this.addIssue(item, 'must be an object')
      return []
    })
  }

  /** Returns `objects` of a list that must be there; anything else is an issue and reads as no items. */
  requiredObjects(name: string): readonly this[] {
    if (!this.has(name)) this.addIssue(name, 'is required')
    return this.objects(name) ?? []
  }

  texts(name: string): readonly string[] | undefined {
    const list = this.list(name)
    if (list === undefined) return undefined
    const odd = list.findIndex((value) => typeof value !== 'string')
    if (odd >= 0) this.addIssue(`${name}.${odd}`, 'must be a string')
    return list.filter((value) => typeof value === 'string')
  }

  /** Returns a reader for a nested object. */
  object(name: string): this | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    return isObject(value) ? this.#child(value, name) : this.addIssue(name, 'must be an object')
  }

  /** Returns `object`; an absent field is an issue. */
  requiredObject(name: string): this | undefined {
    if (!this.has(name)) this.addIssue(name, 'is required')
    return this.object(name)
  }

  /** Returns a nested object unread. */
  json(name: string): JsonObject | undefined {
    const value = this.raw(name)
    if (value === undefined || isObject(value)) return value as JsonObject | undefined
    return this.addIssue(name, 'must be an object')
  }

  /** Returns the strings of an object by key. Numbers and booleans become text; other values are left out. */
  table(name: string): Readonly<Record<string, string>> | undefined {
    const value = this.json(name)
    if (value === undefined) return undefined
    const entries = Object.entries(value).flatMap(([key, held]) => {
      if (typeof held === 'string') return [[key, held] as const]
      if (typeof held === 'number' || typeof held === 'boolean') return [[key, String(held)] as const]
      return []
    })
    return Object.fromEntries(entries)
  }

  /** Returns the fields of `names` that no method has read so far; `undefined` if there are none. */
  rest(names: ReadonlySet<string>): JsonObject | undefined {
    const draft: JsonDraft = {}
    for (const [name, value] of Object.entries(this.#value)) {
      const unread =
        value !== undefined && value !== null && this.#read?.has(name) !== true && names.has(name)
      if (unread) draft[name] = value as JsonValue
    }
    return Object.keys(draft).length === 0 ? undefined : draft
  }

  // Of the same class, so that a subclass reads nested objects by its own rules.
  #child(value: Record<string, unknown>, name: string): this {
    const Reader = this.constructor as new (...given: ConstructorParameters<typeof JsonReader>) => this
    return new Reader(value, { reader: this, name }, this.#report)
  }
}
