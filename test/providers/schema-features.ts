import { z } from 'zod'

const circle = (mode: string, more: object, extra: object = {}): object => {
  return { type: 'object', properties: { mode: { const: mode }, ...more }, required: ['mode'], ...extra }
}
const leaf = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] }
/** A schema for each feature that some vendor refuses. */
export const features: Readonly<Record<string, object>> = {
  'nothing at all': {},
  'no type': { properties: { a: { type: 'string' } } },
  'no properties': { type: 'object' },
  'a dialect': { $schema: 'http://json-schema.org/draft-07/schema#', ...leaf },
  'an optional property': { type: 'object', properties: { a: { type: 'string' }, b: leaf }, required: ['a'] },
  'a required name without a property': { ...leaf, required: ['n', 'x'] },
  'a union at the root': { oneOf: [circle('a', { x: { type: 'string' } }), circle('b', { y: leaf })] },
  'a union of references': {
    type: 'object',
    anyOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }],
    $defs: { a: circle('a', {}), b: circle('b', { next: { $ref: '#/$defs/a' } }) },
  },
  'a union of what is required': {
    type: 'object',
    properties: { a: { type: 'string' }, b: { type: 'string' } },
    anyOf: [{ required: ['a'] }, { required: ['b'] }],
  },
  'a union inside': { type: 'object', properties: { u: { oneOf: [circle('a', {}), { type: 'null' }] } } },
  'all of, at the root': {
    allOf: [leaf, { properties: { m: { type: 'string' } } }],
    not: { required: ['z'] },
  },
  'all of, inside': {
    type: 'object',
    properties: {
      a: { allOf: [{ $ref: '#/definitions/leaf' }], description: 'A' },
      b: { allOf: [leaf, leaf] },
    },
    definitions: { leaf },
  },
  'a reference at the root': { $ref: '#/definitions/leaf', definitions: { leaf } },
  'a reference with words': {
    type: 'object',
    properties: { a: { $ref: '#/$defs/leaf', description: 'A' }, b: { $ref: '#/$defs/leaf' } },
    $defs: { leaf },
  },
  'a reference to a place': { type: 'object', properties: { a: leaf, b: { $ref: '#/properties/a' } } },
  'a reference to nowhere': {
    type: 'object',
    properties: { a: { $ref: 'https://x.test/a.json' }, b: { $ref: '#/$defs/b' } },
  },
  recursion: {
    type: 'object',
    properties: { next: { $ref: '#' }, all: { type: 'array', items: { $ref: '#' } } },
  },
  'recursion of two': {
    $ref: '#/$defs/a',
    $defs: {
      a: { type: 'object', properties: { b: { $ref: '#/$defs/b', description: 'B' } }, required: ['b'] },
      b: { type: 'object', properties: { a: { anyOf: [{ $ref: '#/$defs/a' }, { type: 'null' }] } } },
    },
  },
  'a union of itself': {
    $ref: '#/$defs/a',
    $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }, { allOf: [{ $ref: '#/$defs/a' }] }] } },
  },
  'an open object': {
    type: 'object',
    properties: { m: { type: 'object', additionalProperties: { type: 'number' } } },
  },
  'an open root': {
    type: 'object',
    additionalProperties: true,
    patternProperties: { '^x': { type: 'string' } },
  },
  'a tuple of draft 7': {
    type: 'object',
    properties: {
      t: { type: 'array', items: [{ type: 'string' }, { type: 'number' }], additionalItems: false },
    },
  },
  'a tuple': {
    type: 'object',
    properties: {
      t: { type: 'array', prefixItems: [{ type: 'string' }], items: false, minItems: 1, maxItems: 1 },
    },
  },
  'a list without items': {
    type: 'object',
    properties: { l: { type: 'array' }, s: { type: ['array', 'null'] } },
  },
  'schemas that are booleans': {
    type: 'object',
    properties: { a: true, b: false, c: { type: 'array', items: true } },
  },
  'null in the words of OpenAPI': {
    type: 'object',
    properties: { a: { type: 'string', nullable: true }, b: { enum: ['x'], nullable: true } },
  },
  'two types': { type: ['object', 'null'], properties: { a: { type: ['string', 'null'] } } },
  'fixed values': {
    type: 'object',
    properties: {
      a: { const: 'x' },
      b: { const: true },
      c: { enum: ['x', null] },
      d: { enum: [1, 'x', false] },
    },
  },
  'bounds of draft 4': {
    type: 'object',
    properties: { a: { type: 'number', minimum: 1, exclusiveMinimum: true } },
  },
  bounds: {
    type: 'object',
    properties: {
      a: { type: 'number', minimum: 1, exclusiveMaximum: 9, multipleOf: 2, default: 2 },
      b: { type: 'string', minLength: 1, maxLength: 9, pattern: '^(?=a)', format: 'uri' },
      c: { type: 'string', pattern: '[a-z]+', format: 'date-time' },
      d: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 3, uniqueItems: true },
      e: {
        type: 'object',
        minProperties: 1,
        propertyNames: { pattern: 'a' },
        dependentRequired: { a: ['b'] },
      },
    },
    'x-mine': 1,
    examples: [{}],
  },
  conditions: JSON.parse(
    '{"properties":{"n":{"type":"number"}},"if":{"required":["n"]},"then":{"properties":{"m":true}},"else":false}',
  ) as object,
  'a list': { type: 'array', items: leaf },
  'a text': { type: 'string', enum: ['a', 'b'] },
  'a schema of zod': z
    .object({
      a: z.string().min(2),
      b: z.record(z.string(), z.number()).optional(),
      c: z.discriminatedUnion('k', [
        z.object({ k: z.literal('x') }),
        z.object({ k: z.literal('y'), v: z.tuple([z.int()]) }),
      ]),
      d: z.any(),
      get e() {
        return z.array(z.object({ f: z.date().or(z.string()).optional() }).partial()).optional()
      },
    })
    .omit({ e: true }),
}
