import { isTooDeep } from './json-bounds.ts'

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** A JSON object. Fields that are `undefined` are not serialized. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}
/** A JSON object under construction. */
export type JsonDraft = Record<string, JsonValue | undefined>

/** Whether a value is an object, neither null nor an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value of a table under a name from outside. A name such as `constructor`, which every object inherits, has none. */
export function rowOf<V>(table: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

/** The value if it is an object, else an empty one. For wire replies, which are read loosely. */
export function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

/** The value if it is an array, else an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value if it is a non-empty string. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The value if it is a finite number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Parses JSON. Returns `undefined` if the text is not JSON. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

/** Whether JavaScript's numbers cannot hold a whole number of this JSON text. */
export function losesDigits(text: string): boolean {
  if (!/\d{16}/.test(text)) return false
  const numbers = text.replace(/"(?:[^"\\]|\\.)*"/g, '').match(/[\d.eE+-]+/g) ?? []
  return numbers.some((one) => /^-?\d{16,}$/.test(one) && !Number.isSafeInteger(Number(one)))
}

/**
 * Parses JSON of a provider. Returns `undefined` if the text is not JSON. A whole number that JavaScript cannot hold becomes an
 * opaque object, which `JSON.stringify` writes as it was read.
 */
export function parseWire(text: string): JsonValue | undefined {
  if (isTooDeep(text)) return undefined
  if (!/[:[,]\s*-?\d{16,}\s*[,\]}]/.test(text)) return parseJson(text)
  return parseJson(text) === undefined ? undefined : (parseExact(text) as JsonValue)
}

/** Parses JSON whose whole numbers are written by `JSON.stringify` as they were read, however large they are. */
export function parseExact(text: string): unknown {
  const { rawJSON } = JSON as unknown as { rawJSON?: (source: string) => unknown }
  if (rawJSON === undefined) return JSON.parse(text)
  const keep = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)
      ? rawJSON(context?.source ?? String(value))
      : value
  return JSON.parse(text, keep)
}

// Names that would reach the prototype of the object.
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Sets `value` in `draft` at a dotted path (`generationConfig.topK`), creating the objects on the path. */
export function setPath(draft: JsonDraft, path: string, value: JsonValue): void {
  const keys = path.includes('.') ? path.split('.') : []
  const last = keys.pop() ?? path
  let at = draft
  for (const key of keys) {
    if (UNSAFE_KEYS.has(key)) return
    const next = at[key]
    at = isObject(next) ? next : (at[key] = {})
  }
  if (!UNSAFE_KEYS.has(last)) at[last] = value
}

/**
 * Merges `extra` into `draft`: objects key by key. The lists `tools`, `include` and `betas` are joined; of two tools with
 * one name the later stays. Other values are replaced. Objects inside `draft` are not changed.
 */
export function mergeInto(draft: JsonDraft, extra: JsonObject): void {
  for (const [key, value] of Object.entries(extra)) {
    if (UNSAFE_KEYS.has(key)) continue
    const held = draft[key]
    if (isObject(held) && isObject(value)) {
      // Copied, because calls share parts of their bodies.
      const copy = { ...held }
      mergeInto(copy, value)
      draft[key] = copy
    } else if (JOINED.has(key) && Array.isArray(held) && Array.isArray(value))
      draft[key] = joinLists(held, value)
    else draft[key] = value
  }
}
const JOINED: ReadonlySet<string> = new Set(['tools', 'include', 'betas'])

/** Adds `more` to `list`. An item replaces those of its name, or those equal to it if it has none. */
export function joinLists(list: readonly JsonValue[], more: readonly JsonValue[]): JsonValue[] {
  const joined = [...list]
  for (const item of more) {
    const name = nameOf(item)
    const at = joined.findIndex((held) => nameOf(held) === name)
    if (at < 0) joined.push(item)
    else joined[at] = item
  }
  return joined
}

// The name of a tool in any wire format; the item itself if it has none.
function nameOf(item: JsonValue): string {
  const { name, function: own, toolSpec } = objectOf(item)
  const inner = objectOf(own ?? toolSpec)
  return textOf(name ?? inner['name']) ?? JSON.stringify(item)
}

/** Whether a value is an object that inherits no fields, which would pass unseen. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (!isObject(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

/** Whether a value is an object of names: also one of another realm, and one that inherits. Its own names count. */
export function isRecord(value: unknown): value is object {
  if (!isObject(value)) return false
  const made = value['constructor']
  return typeof made !== 'function' || Object.hasOwn((made.prototype ?? {}) as object, 'isPrototypeOf')
}
