import { LlmError } from '../core/error.ts'
import { isStandardSchema } from '../core/json-schema.ts'
import { isObject } from '../core/json.ts'
import type { StandardSchema } from '../core/request.ts'

/**
 * Gives a Standard Schema the JSON Schema that it does not bring itself, such as one of zod 3, zod/mini or valibot. Its checks and
 * types stay: `withJsonSchema(schema, z.toJSONSchema(schema))`. Throws `misconfigured` for anything else.
 */
export function withJsonSchema<Given extends StandardSchema>(
  schema: Given,
  jsonSchema: object,
): Pick<Given, '~standard'> {
  if (!isStandardSchema(schema))
    throw new LlmError('misconfigured', 'withJsonSchema: schema must implement Standard Schema')
  if (!isObject(jsonSchema))
    throw new LlmError('misconfigured', 'withJsonSchema: jsonSchema must be a JSON Schema object')
  const translated = (): object => jsonSchema
  const standard = { ...schema['~standard'], jsonSchema: { input: translated, output: translated } }
  return { '~standard': standard }
}
