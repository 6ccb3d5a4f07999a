import { isObject, type JsonDraft, type JsonValue } from '../../core/json.ts'

// Keywords that hold one schema, a list of schemas, or schemas by name.
const ONE: readonly string[] = ['items', 'additionalProperties', 'not', 'contains']
const LISTS: readonly string[] = ['anyOf', 'oneOf', 'allOf', 'prefixItems']
const NAMED: readonly string[] = ['properties', '$defs', 'definitions', 'patternProperties']

/** The schema with each `const` string or number as an `enum` of one, because the format ignores `const`. */
export function withoutConst(schema: JsonDraft): JsonDraft {
  const { const: only, ...rest } = schema
  const fixed = typeof only === 'string' || typeof only === 'number'
  const clean: JsonDraft = fixed ? { ...rest, enum: [only] } : { ...schema }
  for (const key of ONE) if (key in clean) clean[key] = cleanValue(clean[key])
  for (const key of LISTS) {
    const list = clean[key]
    if (Array.isArray(list)) clean[key] = list.map((item: JsonValue) => cleanValue(item) ?? null)
  }
  for (const key of NAMED) {
    const named = clean[key]
    if (!isObject(named)) continue
    clean[key] = Object.fromEntries(
      Object.entries(named).map(([name, inner]) => [name, cleanValue(inner as JsonValue)]),
    )
  }
  return clean
}

function cleanValue(value: JsonValue | undefined): JsonValue | undefined {
  return isObject(value) ? withoutConst(value) : value
}
