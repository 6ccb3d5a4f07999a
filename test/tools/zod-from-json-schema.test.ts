import type { JsonObject, JsonValue } from 'llm-switchyard'
import { zodFromJsonSchema } from 'llm-switchyard/tools'
import { expect, expectTypeOf, test } from 'vitest'
import * as z from 'zod'
import { checkJson } from '../../src/core/check-json.ts'
import { jsonSchemaOf } from '../../src/core/json-schema.ts'

const scalars: JsonValue[] = ['', 'a', 'abc', 0, 1, 2.5, -3, true, false, null]
const arrays: JsonValue[] = [[], [1], [1, 'a'], ['a', 'b', 'c']]
const flat: JsonValue[] = [{}, { a: 'x' }, { a: 1 }, { a: 'x', b: 2 }, { b: 2 }, { a: 'x', more: true }]
const deep: JsonValue[] = [{ a: { c: 1 } }, { a: { c: 'x' } }, { next: { next: {} } }, { next: { next: 1 } }]
const values = [...scalars, ...arrays, ...flat, ...deep]

test.each<[string, JsonObject]>([
  ['string', { type: 'string', minLength: 1, maxLength: 2, description: 'A text' }],
  ['pattern', { type: 'string', pattern: '^a' }],
  ['number', { type: 'number', minimum: 0, exclusiveMaximum: 2 }],
  ['integer', { type: 'integer' }],
  ['boolean', { type: 'boolean' }],
  ['null', { type: 'null' }],
  ['several types', { type: ['string', 'null'] }],
  ['enum', { enum: ['a', 1, null] }],
  ['const', { const: 1 }],
  ['array', { type: 'array', items: { type: 'number' }, minItems: 1 }],
  [
    'object',
    { type: 'object', properties: { a: { type: 'string' }, b: { type: 'number' } }, required: ['a'] },
  ],
  ['closed object', { type: 'object', properties: { a: { type: 'string' } }, additionalProperties: false }],
  ['table', { type: 'object', additionalProperties: { type: 'string' } }],
  ['default', { type: 'object', properties: { a: { type: 'string', default: 'x' } } }],
  [
    'nested object',
    {
      type: 'object',
      properties: { a: { type: 'object', properties: { c: { type: 'number' } }, required: ['c'] } },
      required: ['a'],
    },
  ],
  ['anyOf', { anyOf: [{ type: 'string' }, { type: 'array', items: { type: 'string' } }] }],
  [
    'reference',
    { type: 'object', properties: { a: { $ref: '#/$defs/text' } }, $defs: { text: { type: 'string' } } },
  ],
  [
    'reference to itself',
    {
      $ref: '#/$defs/node',
      $defs: { node: { type: 'object', properties: { next: { $ref: '#/$defs/node' } } } },
    },
  ],
  ['anything', {}],
])('%s: zod takes the same values, there and back', (_name, schema) => {
  const warnings: unknown[] = []
  const made = zodFromJsonSchema(z, schema, { onWarning: (warning) => warnings.push(warning) })
  expect(warnings).toEqual([])
  const back = jsonSchemaOf(made, 'parameters')
  for (const value of values) {
    const { issues, value: checked } = checkJson(schema, value)
    const parsed = made.safeParse(value)
    expect({ value, fits: parsed.success }).toEqual({ value, fits: issues.length === 0 })
    if (parsed.success) expect(parsed.data).toEqual(checked)
    expect({ value, fits: checkJson(back, value).issues.length === 0 }).toEqual({
      value,
      fits: parsed.success,
    })
  }
})

test.each<[string, JsonObject, string]>([
  ['not', { type: 'string', not: { const: 'b' } }, 'not'],
  ['if', { type: 'string', if: { const: 'b' } }, 'if'],
  ['a far reference', { $ref: 'https://example.com/schema' }, '$ref'],
  ['a reference to nothing', { anyOf: [{ $ref: '#/$defs/none' }] }, 'anyOf.0.$ref'],
  ['an unknown type', { type: 'text' }, 'type'],
  ['a broken pattern', { type: 'string', pattern: '(' }, 'pattern'],
  [
    'unevaluatedProperties',
    { anyOf: [{ type: 'string' }], unevaluatedProperties: false },
    'unevaluatedProperties',
  ],
])('%s: is left out with a warning, and the rest is checked', (_name, schema, path) => {
  const warnings: { path: string }[] = []
  const made = zodFromJsonSchema(z, schema, { onWarning: (warning) => warnings.push(warning) })
  expect(warnings.map((warning) => warning.path)).toEqual([path])
  expect(made.safeParse('a').success).toBe(true)
})

test('gives a type of the given zod', () => {
  expectTypeOf(zodFromJsonSchema(z, { type: 'string' })).toExtend<z.ZodType>()
})
