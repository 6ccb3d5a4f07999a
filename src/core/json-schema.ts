import { throwInvalidRequest } from './error.ts'
import { isObject, type JsonDraft } from './json.ts'
import type { Schema, StandardSchema } from './request.ts'

/** Whether a value implements Standard Schema. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  return typeof (value as Partial<StandardSchema> | null | undefined)?.['~standard']?.validate === 'function'
}

/** Whether a value is a schema of any kind. The types of some libraries are functions. */
export function isSchema(value: unknown): value is Schema {
  return isObject(value) || isStandardSchema(value)
}

// A schema is translated once, because many calls carry the same one.
const translations: WeakMap<object, JsonDraft> = new WeakMap()

/** The JSON Schema of a schema. Throws `invalid-request` at `path` if a Standard Schema brings none. */
export function jsonSchemaOf(schema: Schema, path: string): JsonDraft {
  if (!isStandardSchema(schema)) return schema
  const known = translations.get(schema)
  if (known !== undefined) return known
  const { $schema: _draft, '~standard': _standard, ...clean } = translate(schema, path)
  translations.set(schema, clean)
  return clean
}

function translate(schema: StandardSchema, path: string): JsonDraft {
  const { vendor, jsonSchema } = schema['~standard']
  const own = isObject(jsonSchema) ? jsonSchema['input'] : undefined
  if (typeof own !== 'function') {
    const advice =
      vendor === 'zod'
        ? 'update zod to 4.2, or pass withJsonSchema(schema, z.toJSONSchema(schema)), as zod/mini always needs'
        : 'pass withJsonSchema(schema, its JSON Schema)'
    throwInvalidRequest(path, `this ${vendor} schema brings no JSON Schema: ${advice}`)
  }
  try {
    return (own as (options: object) => JsonDraft)({ target: 'draft-2020-12' })
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throwInvalidRequest(path, `this schema brings no JSON Schema: ${reason}`)
  }
}
