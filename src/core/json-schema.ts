import { LlmError } from './error.ts'
import { isObject, type JsonDraft } from './json.ts'
import type { Schema, StandardSchema } from './request.ts'

/** True for an object that speaks Standard Schema. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const standard = (value as { '~standard'?: unknown } | null | undefined)?.['~standard']
  return isObject(standard) && typeof standard['validate'] === 'function'
}

// A schema is translated once, however many calls carry it.
const translations: WeakMap<object, JsonDraft> = new WeakMap()

/** The JSON Schema of a schema. `toJsonSchema` translates zod's own where the schema does not bring its translation. Throws `invalid-request` at `path`. */
export function jsonSchemaOf(
  schema: Schema,
  path: string,
  toJsonSchema: (schema: unknown) => unknown,
): JsonDraft {
  if (!isStandardSchema(schema)) return schema
  const known = translations.get(schema)
  if (known !== undefined) return known
  const made = translate(schema, path, toJsonSchema)
  const { $schema: _draft, '~standard': _standard, ...clean } = made
  translations.set(schema, clean)
  return clean
}

function translate(
  schema: StandardSchema,
  path: string,
  toJsonSchema: (schema: unknown) => unknown,
): JsonDraft {
  const { vendor, jsonSchema } = schema['~standard']
  const own = isObject(jsonSchema) ? jsonSchema['input'] : undefined
  try {
    if (typeof own === 'function') return (own as (options: object) => JsonDraft)({ target: 'draft-2020-12' })
    if (vendor === 'zod') return toJsonSchema(schema) as JsonDraft
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new LlmError('invalid-request', `${path}: the schema has no JSON Schema: ${reason}`, {
      issues: [{ path, message: reason }],
    })
  }
  const message = `a ${vendor} schema that brings no JSON Schema of its own; give its JSON Schema instead`
  throw new LlmError('invalid-request', `${path}: ${message}`, { issues: [{ path, message }] })
}
