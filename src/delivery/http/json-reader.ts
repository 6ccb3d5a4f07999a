import { LlmError, type Issue } from '../../core/error.ts'
import { isObject, type JsonDraft, type JsonObject, type JsonValue } from '../../core/json.ts'

/** What a number may be. */
export interface NumberRange {
  readonly whole?: boolean | undefined
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/**
 * Reads the fields of a client's JSON loosely: what is absent or `null` is `undefined`, what is there must be of the right
 * kind. Problems are gathered with their paths; `check` throws them all at once.
 */
export class JsonReader {
  readonly path: string
  readonly #value: Record<string, unknown>
  readonly #issues: Issue[]
  readonly #read = new Set<string>()

  constructor(value: Record<string, unknown>, path = '', issues: Issue[] = []) {
    this.#value = value
    this.path = path
    this.#issues = issues
  }

  /** Throws `invalid-request` with every problem found so far. */
  check(): void {
    const issues = this.#issues
    if (issues.length === 0) return
    const shown = issues
      .slice(0, 5)
      .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    const more = issues.length > shown.length ? ` (and ${issues.length - shown.length} more)` : ''
    throw new LlmError('invalid-request', `the request is not valid: ${shown.join('; ')}${more}`, { issues })
  }

  /** Notes a problem with a field; with no name, with the object itself. */
  addIssue(name: string, message: string): undefined {
    this.#issues.push({ path: this.at(name), message })
    return undefined
  }

  at(name: string): string {
    if (name === '') return this.path
    return this.path === '' ? name : `${this.path}.${name}`
  }

  /** The value as it is; `undefined` for `null`. */
  raw(name: string): unknown {
    this.#read.add(name)
    return Object.hasOwn(this.#value, name) ? (this.#value[name] ?? undefined) : undefined
  }

  text(name: string): string | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'string') return value
    return this.addIssue(name, 'takes a text')
  }

  /** A text that must be there and not be empty. */
  requiredString(name: string): string {
    const value = this.text(name)
    if (value === undefined) {
      if (this.raw(name) === undefined) this.addIssue(name, 'is missing')
    } else if (value === '') this.addIssue(name, 'is empty')
    return value ?? ''
  }

  number(name: string, { whole, min = -Infinity, max = Infinity }: NumberRange = {}): number | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    const fits = typeof value === 'number' && value >= min && value <= max
    if (fits && (whole !== true || Number.isSafeInteger(value))) return value
    const kind = whole === true ? 'a whole number' : 'a number'
    const from = min === -Infinity ? '' : ` from ${min}`
    return this.addIssue(name, `takes ${kind}${from}${max === Infinity ? '' : ` to ${max}`}`)
  }

  flag(name: string): boolean | undefined {
    const value = this.raw(name)
    if (value === undefined || typeof value === 'boolean') return value
    return this.addIssue(name, 'takes true or false')
  }

  oneOf<const Word extends string>(name: string, words: readonly Word[]): Word | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    return words.find((word) => word === value) ?? this.addIssue(name, `takes one of ${words.join(', ')}`)
  }

  /** A list of anything. */
  list(name: string): readonly unknown[] | undefined {
    const value = this.raw(name)
    if (value === undefined || Array.isArray(value)) return value
    return this.addIssue(name, 'takes a list')
  }

  /** A list of objects, each with its path. */
  objects(name: string): readonly JsonReader[] | undefined {
    return this.list(name)?.flatMap((value, index) => {
      if (isObject(value)) return [new JsonReader(value, this.at(`${name}.${index}`), this.#issues)]
      this.addIssue(`${name}.${index}`, 'takes an object')
      return []
    })
  }

  texts(name: string): readonly string[] | undefined {
    const list = this.list(name)
    if (list === undefined) return undefined
    const odd = list.findIndex((value) => typeof value !== 'string')
    if (odd >= 0) this.addIssue(`${name}.${odd}`, 'takes a text')
    return list.filter((value) => typeof value === 'string')
  }

  object(name: string): JsonReader | undefined {
    const value = this.raw(name)
    if (value === undefined) return undefined
    if (isObject(value)) return new JsonReader(value, this.at(name), this.#issues)
    return this.addIssue(name, 'takes an object')
  }

  /** An object that is passed on as it is. */
  json(name: string): JsonObject | undefined {
    const value = this.raw(name)
    if (value === undefined || isObject(value)) return value as JsonObject | undefined
    return this.addIssue(name, 'takes an object')
  }

  /** String values by name; others are written as text where that loses nothing. */
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

  /** What nobody has read, and is neither empty nor one of `names`. */
  rest(names: ReadonlySet<string>): JsonObject | undefined {
    const draft: JsonDraft = {}
    for (const [name, value] of Object.entries(this.#value)) {
      const unread = value !== undefined && value !== null && !this.#read.has(name) && !names.has(name)
      if (unread) draft[name] = value as JsonValue
    }
    return Object.keys(draft).length === 0 ? undefined : draft
  }
}
