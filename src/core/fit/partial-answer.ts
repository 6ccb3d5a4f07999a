import { checkJson } from '../check-json.ts'
import { throwInvalidRequest } from '../error.ts'
import { isObject, type JsonDraft, type JsonValue } from '../json.ts'
import { coerceValue } from './coerce-value.ts'
import { PartialJson } from './partial-json.ts'
import type { PathName } from './partial-tree.ts'
import { isWrapped, resolved, WRAPPER } from './schema-tree.ts'
import { refusesNull, schemasAt } from './schema-values.ts'

const FENCE = '```'
// What a snapshot may copy at any time, and what one character of text pays for: the sum grows with the text alone.
const FREE_SIZE = 64
const SIZE_PER_CHAR = 8

/** Reads the value of an answer while its text arrives: at its beginning, between words, or in a fence. */
export class PartialAnswer {
  readonly #schema: JsonDraft | undefined
  readonly #opener: RegExp
  readonly #isWrapped: boolean
  readonly #drops: Map<string, boolean> = new Map()
  #json: PartialJson | undefined
  /** The end of the text before the value, which may be half a fence. */
  #before = ''
  #isFenced = false
  /** Whether nothing but white space came before the value. */
  #isAlone = true
  #credit = 0
  #seen = 0
  #taken = 0

  constructor(schema?: JsonDraft) {
    this.#schema = schema
    this.#isWrapped = schema !== undefined && isWrapped(schema)
    const isObjectOnly = schema !== undefined && resolved(schema, schema)['type'] === 'object'
    this.#opener = isObjectOnly ? /\{/ : /[{[]/
  }

  push(text: string): void {
    this.#credit += text.length * SIZE_PER_CHAR
    let rest = text
    while (rest !== '') {
      const json = this.#json
      rest = json === undefined || json.isClosed ? this.#seek(rest) : rest.slice(json.push(rest))
    }
  }

  /** Ends the value where the text ends. */
  end(): void {
    if (this.#json?.isClosed === false) this.#json.end()
    this.#credit = Infinity
  }

  /** Whether a value has begun. */
  get hasBegun(): boolean {
    return this.#json !== undefined
  }

  /**
   * The value so far, if it has changed. A value of many items or fields is taken after enough text only, so that all
   * copies take time that grows with the text.
   */
  takeValue(): JsonValue | undefined {
    const json = this.#json
    if (json === undefined || json.tree.version === this.#seen) return undefined
    const size = json.tree.openSize
    if (size > FREE_SIZE && size > this.#credit) return undefined
    this.#credit = 0
    this.#seen = json.tree.version
    return this.#unwrapped(json.snapshot())
  }

  /** The complete items of the list at `path` that were not taken yet and fit its schema. */
  takeItems(path: readonly string[]): JsonValue[] {
    const json = this.#json
    const list = path.reduce<JsonValue | undefined>(fieldOf, json && this.#unwrapped(json.tree.root))
    if (json === undefined || !Array.isArray(list)) return []
    const items = list.slice(this.#taken, json.tree.completeItems(list)) as JsonValue[]
    this.#taken += items.length
    const schemas = this.#schema === undefined ? [] : schemasAt([...path, undefined], this.#schema)
    if (schemas.length === 0) return items
    return items.flatMap((item) => this.#fitted(item, schemas) ?? [])
  }

  /** Throws `invalid-request` if the schema has no list at `path`. */
  checkPath(path: readonly string[]): void {
    const schema = this.#schema
    const schemas = schema === undefined ? [] : schemasAt([...path, undefined], schema)
    const known = schema === undefined ? [] : schemasAt(path, schema)
    const isOpen = known.some((one) => !isObject(one) || (one['type'] === undefined && !one['$ref']))
    if (schema === undefined || schemas.length > 0 || isOpen || isArray(known, schema)) return
    const name = path.length === 0 ? 'the root' : `"${path.join('.')}"`
    throwInvalidRequest('path', `must lead to a list of the schema; ${name} is none`)
  }

  #fitted(item: JsonValue, schemas: readonly JsonValue[]): readonly JsonValue[] | undefined {
    const root = this.#schema as JsonDraft
    const schema = (schemas.length === 1 ? schemas[0] : { anyOf: schemas }) as JsonDraft
    let checked = checkJson(schema, item, root)
    if (checked.issues.length > 0) checked = checkJson(schema, coerceValue(item, schema, root), root)
    return checked.issues.length > 0 ? undefined : [checked.value]
  }

  // Returns the text from which on the value is read: behind its first brace.
  #seek(rest: string): string {
    const text = this.#before + rest
    const fence = text.indexOf(FENCE)
    this.#before = text.slice(1 - FENCE.length)
    if (this.#isEmpty) this.#json = undefined
    if (this.#json !== undefined) return this.#seekFence(text, fence)
    const at = text.search(this.#opener)
    const lead = at < 0 ? text : text.slice(0, at)
    this.#isFenced ||= lead.includes(FENCE)
    this.#isAlone &&= lead.trim() === ''
    if (at < 0) return ''
    this.#begin(text[at] as string)
    return text.slice(at + 1)
  }

  // Behind an answer between words, a fence holds the answer that is meant.
  #seekFence(text: string, fence: number): string {
    if (this.#isFenced || this.#isAlone || fence < 0) return ''
    this.#json = undefined
    this.#before = FENCE
    return text.slice(fence + FENCE.length)
  }

  // Empty braces between words are not the answer if more text follows.
  get #isEmpty(): boolean {
    const root = this.#json?.tree.root
    return root !== undefined && !this.#isFenced && !this.#isAlone && Object.keys(root).length === 0
  }

  #begin(opener: string): void {
    const schema = this.#schema
    this.#before = ''
    this.#seen = 0
    this.#taken = 0
    const dropsNull = schema && ((path: readonly PathName[]) => this.#dropsNull(path, schema))
    this.#json = new PartialJson(opener, dropsNull)
  }

  #dropsNull(names: readonly PathName[], schema: JsonDraft): boolean {
    const path = this.#isWrapped && names[0] === WRAPPER ? names.slice(1) : names
    const key = path.join('\n')
    let drops = this.#drops.get(key)
    if (drops === undefined) {
      drops = path.length > 0 && refusesNull(schemasAt(path, schema), schema)
      if (this.#drops.size < 1_000) this.#drops.set(key, drops)
    }
    return drops
  }

  #unwrapped(value: JsonValue): JsonValue | undefined {
    if (!this.#isWrapped || !isObject(value)) return value
    const [name, ...others] = Object.keys(value)
    if (name === undefined) return undefined
    return name === WRAPPER && others.length === 0 ? value[WRAPPER] : value
  }
}

function fieldOf(value: JsonValue | undefined, name: string): JsonValue | undefined {
  return isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

function isArray(schemas: readonly JsonValue[], root: JsonDraft): boolean {
  return schemas.some((one) => [resolved(one, root)['type']].flat().includes('array'))
}
