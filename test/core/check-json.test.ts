import { expect, test } from 'vitest'
import { checkJson } from '../../src/core/check-json.ts'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'

const person = {
  $defs: { name: { type: 'string', minLength: 1, default: 'Ada' } },
  type: 'object',
  properties: { name: { $ref: '#/$defs/name' }, age: { type: 'integer', minimum: 0 } },
  required: ['age'],
  additionalProperties: false,
}
const tree: JsonObject = {
  type: 'object',
  properties: { left: { $ref: '#' }, value: { type: 'number' } },
  required: ['value'],
}

test.each<[string, JsonObject, JsonValue, readonly string[]]>([
  ['type', { type: 'string' }, 1, [': takes text, not a number']],
  ['several types', { type: ['string', 'null'] }, null, []],
  ['whole numbers', { type: 'integer' }, 1.5, [': takes a whole number, not a number']],
  ['nullable', { type: 'string', nullable: true }, null, []],
  ['enum', { enum: ['a', 'b'] }, 'c', [': takes one of "a", "b"']],
  ['enum of objects', { enum: [{ a: 1, b: 2 }] }, { b: 2, a: 1 }, []],
  ['const', { const: 3 }, 4, [': takes 3 only']],
  ['length', { minLength: 2, maxLength: 3 }, '𝒳', [': takes at least 2 characters']],
  ['pattern', { pattern: '^a+$' }, 'b', [': takes text that matches ^a+$']],
  ['a pattern that is none here', { pattern: '(?<!' }, 'b', []],
  ['bounds', { minimum: 1, maximum: 2 }, 3, [': takes a number up to 2']],
  ['exclusive bounds', { exclusiveMinimum: 1 }, 1, [': takes a number above 1']],
  ['exclusive bounds as flags', { maximum: 5, exclusiveMaximum: true }, 5, [': takes a number below 5']],
  ['multiples', { multipleOf: 0.1 }, 0.3, []],
  ['not a multiple', { multipleOf: 2 }, 3, [': takes a multiple of 2']],
  ['items', { items: { type: 'number' } }, [1, 'x', 2], ['1: takes a number, not text']],
  ['first items', { prefixItems: [{ type: 'string' }], items: false }, ['a', 1], ['1: is not allowed']],
  ['number of items', { minItems: 1 }, [], [': takes at least 1 items']],
  ['equal items', { uniqueItems: true }, [1, 1], [': takes items that differ']],
  [
    'contains',
    { contains: { type: 'string' } },
    [1],
    [': has too few or too many items of the required kind'],
  ],
  ['required', person, {}, ['age: is missing']],
  ['unknown fields', person, { age: 1, other: 2 }, ['other: is not allowed']],
  [
    'a field of the prototype',
    person,
    JSON.parse('{"age":1,"__proto__":{"x":1}}'),
    ['__proto__: is not allowed'],
  ],
  ['references', person, { age: 1, name: '' }, ['name: takes at least 1 characters']],
  ['a recursive schema', tree, { value: 1, left: { left: { value: 2 } } }, ['left.value: is missing']],
  [
    'patterns of names',
    { patternProperties: { '^x': { type: 'number' } } },
    { xa: 'y' },
    ['xa: takes a number, not text'],
  ],
  ['names', { propertyNames: { maxLength: 1 } }, { ab: 1 }, ['ab: is not a name that is allowed']],
  ['dependent fields', { dependentRequired: { a: ['b'] } }, { a: 1 }, ['b: is missing, but needed with a']],
  ['allOf', { allOf: [{ type: 'number' }, { minimum: 5 }] }, 1, [': takes a number from 5']],
  [
    'anyOf, told of the closest',
    { anyOf: [{ type: 'string' }, person] },
    { age: -1 },
    ['age: takes a number from 0'],
  ],
  ['oneOf', { oneOf: [{ minimum: 1 }, { minimum: 2 }] }, 3, [': fits more than one of the allowed forms']],
  ['not', { not: { type: 'string' } }, 'x', [': has a form that is not allowed']],
  // oxlint-disable-next-line no-thenable -- a word of JSON Schema
  ['if, then', { if: { type: 'number' }, then: { minimum: 1 } }, 0, [': takes a number from 1']],
  ['if, else', { if: { type: 'number' }, else: { const: 'x' } }, 'y', [': takes "x" only']],
  ['a reference into another document', { $ref: 'https://example.org/schema' }, 1, []],
  ['a reference to itself', { $ref: '#' }, 1, []],
])('%s', (_case, schema, value, told) => {
  expect(checkJson(schema, value).issues.map(({ path, message }) => `${path}: ${message}`)).toEqual(told)
})

test('defaults are filled in, also behind references and inside what is filled in', () => {
  const schema = {
    ...person,
    properties: { ...person.properties, at: { default: {}, properties: { unit: { default: 'm' } } } },
  }
  const given = { age: 1 }
  expect(checkJson(schema, given).value).toEqual({ age: 1, name: 'Ada', at: { unit: 'm' } })
  expect(given).toEqual({ age: 1 })
})

test('a default of one call is not that of the next', () => {
  const schema = { type: 'object', properties: { list: { default: [] } } }
  const first = checkJson(schema, {}).value as { list: number[] }
  first.list.push(1)
  expect(checkJson(schema, {}).value).toEqual({ list: [] })
})

test('at most 20 problems are told, and no value', () => {
  const { issues } = checkJson(
    { items: { type: 'number' } },
    Array.from({ length: 1_000 }, () => 'secret'),
  )
  expect(issues).toHaveLength(20)
  expect(JSON.stringify(issues)).not.toContain('secret')
})
