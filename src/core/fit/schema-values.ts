import { isObject, type JsonDraft, type JsonValue } from '../json.ts'
import { itemsOf, typeOf } from './schema-parts.ts'
import { isNullable, isWrapped, resolved, variantsOf, WRAPPER } from './schema-tree.ts'

// Deeper values are not looked through.
const MAX_DEPTH = 200

/**
 * A value that a model gave by a fitted schema, as the schema that was given has it: taken out of the object that its
 * schema was put into, and without the nulls of optional properties that allow none.
 */
export function restoreValue(value: JsonValue, schema: JsonDraft): JsonValue {
  const isInside = isObject(value) && WRAPPER in value && Object.keys(value).length === 1 && isWrapped(schema)
  const whole = isInside ? (value[WRAPPER] as JsonValue) : value
  return holdsNull(whole) ? withoutNulls(whole, [schema], schema) : whole
}

/** The arguments of a call, as the schema of its tool has them, if the tool was sent with another. */
export function restoreArguments(
  value: JsonValue,
  { parameters, strict }: { readonly parameters: JsonDraft; readonly strict?: boolean | undefined },
): JsonValue {
  return strict === true || isWrapped(parameters) ? restoreValue(value, parameters) : value
}

// Most answers hold none, which is seen far sooner than where one would be allowed.
function holdsNull(value: JsonValue | undefined, depth = 0): boolean {
  if (typeof value !== 'object' || value === null) return value === null
  if (depth > MAX_DEPTH) return true
  for (const inner of Array.isArray(value) ? (value as readonly JsonValue[]) : Object.values(value))
    if (holdsNull(inner, depth + 1)) return true
  return false
}

function withoutNulls(value: JsonValue, schemas: readonly JsonValue[], root: JsonDraft): JsonValue {
  if (typeof value !== 'object' || value === null) return value
  const places = schemas.flatMap((schema) => partsOf(schema, root))
  if (places.length === 0) return value
  if (Array.isArray(value)) {
    const items = schemasIn(places, undefined)
    return value.map((item: JsonValue) => withoutNulls(item, items, root))
  }
  const kept = Object.entries(value).flatMap(([name, inner]) => {
    const schemasOf = schemasIn(places, name)
    return inner === null && refusesNull(schemasOf, root)
      ? []
      : [[name, withoutNulls(inner as JsonValue, schemasOf, root)] as const]
  })
  return Object.fromEntries(kept)
}

/** The schemas of the values at a path of names, where `undefined` stands for the items of a list. */
export function schemasAt(path: readonly (string | undefined)[], root: JsonDraft): readonly JsonValue[] {
  let at: readonly JsonValue[] = [root]
  for (const name of path)
    at = schemasIn(
      at.flatMap((schema) => partsOf(schema, root)),
      name,
    )
  return at
}

/** Whether none of the schemas takes null, of those that a property has. */
export function refusesNull(schemas: readonly JsonValue[], root: JsonDraft): boolean {
  return schemas.length > 0 && !schemas.some((one) => takesNull(one, root))
}

// Each once, because the forms of a recursive union lead to the same ones again.
function schemasIn(places: readonly JsonDraft[], name: string | undefined): readonly JsonValue[] {
  const found = places.flatMap(({ properties, items, prefixItems }): readonly JsonValue[] => {
    if (name === undefined) return [...[items ?? []].flat(), ...itemsOf(prefixItems)] as JsonValue[]
    return isObject(properties) && Object.hasOwn(properties, name) ? [properties[name] as JsonValue] : []
  })
  return [...new Set(found)]
}

/** A schema and the schemas that it is composed of. */
function partsOf(schema: JsonValue, root: JsonDraft, depth = 0): readonly JsonDraft[] {
  if (!isObject(schema) || depth > 9) return []
  const whole = resolved(schema, root)
  const { allOf } = whole
  const inner = [...(variantsOf(whole) ?? []), ...itemsOf(allOf)]
  return [whole, ...inner.flatMap((part: JsonValue) => partsOf(part, root, depth + 1))]
}

function takesNull(schema: JsonValue, root: JsonDraft): boolean {
  const parts = partsOf(schema, root)
  return parts.length === 0 ? schema !== false : parts.some((part) => isNullable(part) || isAnything(part))
}

function isAnything(part: JsonDraft): boolean {
  return typeOf(part) === undefined && !['type', 'anyOf', 'oneOf', 'allOf', '$ref'].some((key) => key in part)
}
