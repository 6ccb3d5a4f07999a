/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject
/** A JSON object; `undefined` fields are left out when it is written. */
export interface JsonObject {
  readonly [key: string]: JsonValue | undefined
}
/** A JSON object under construction. */
export type JsonDraft = Record<string, JsonValue | undefined>

/** True for a plain object: not null, not an array. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value as an object, or an empty one: for wire replies, which are read loosely. */
export function objectOf(value: unknown): Record<string, unknown> {
  return isObject(value) ? value : {}
}

/** The value as a list, or an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The value if it is a string that is not empty. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** The value if it is a finite number. */
export function numberOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Parses JSON; `undefined` where the text is none. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue
  } catch {
    return undefined
  }
}

// A path part that would reach the prototype of the body being built.
const UNSAFE_KEYS: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** Sets `value` at a dotted path (`generationConfig.topK`), making the objects on the way. Changes `draft`. */
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

/** Lays `extra` over `draft`, key by key; plain objects are merged, anything else is replaced. Changes `draft`. */
export function mergeInto(draft: JsonDraft, extra: JsonObject): void {
  for (const [key, value] of Object.entries(extra)) {
    if (UNSAFE_KEYS.has(key)) continue
    const held = draft[key]
    if (isObject(held) && isObject(value)) mergeInto(held, value)
    else draft[key] = value
  }
}
