import type { JsonDraft, JsonValue } from '../json.ts'

/** The value if it is a list, else an empty one. */
export function itemsOf(value: JsonValue | undefined): readonly JsonValue[] {
  return Array.isArray(value) ? (value as readonly JsonValue[]) : []
}

/** Text of several lines; what is no text is left out. */
export function linesOf(...parts: readonly unknown[]): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join('\n')
}

/** The type that the other keywords of a schema imply. */
export function typeOf(draft: JsonDraft): JsonValue | undefined {
  const { enum: values, const: only = null } = draft
  const fixed = Array.isArray(values) || only === null ? itemsOf(values) : [only]
  const types = [...new Set(fixed.map((value: JsonValue) => (value === null ? 'null' : typeof value)))]
  if (types.length > 0) return types.length === 1 ? types[0] : types
  const has = (pattern: RegExp): boolean =>
    Object.keys(draft).some((key) => draft[key] !== undefined && pattern.test(key))
  if (has(/^(properties|required|additional)/)) return 'object'
  if (has(/items$/i)) return 'array'
  if (has(/length|pattern|format/i)) return 'string'
  return has(/mum$|multiple/) ? 'number' : undefined
}
