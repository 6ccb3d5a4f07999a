import type { JsonObject, JsonValue } from '../../src/core/json.ts'

/** A schema with everything that applications write, right or wrong. */
export function randomRoot(random: () => number): JsonObject {
  const root = randomSchema(random, 0)
  return { ...root, $defs: { one: randomSchema(random, 2), two: randomSchema(random, 2) } }
}

function randomSchema(random: () => number, depth: number): JsonObject {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const inner = (): JsonObject => randomSchema(random, depth + 1)
  const described = random() < 0.2 ? { description: 'words' } : undefined
  const leaves: readonly (() => JsonObject)[] = [
    () => ({
      type: 'string',
      ...pick([{ minLength: 2 }, { pattern: '^a$' }, { format: 'uri' }, { default: 'a' }, {}]),
    }),
    () => ({
      type: pick(['number', 'integer']),
      ...pick([{ minimum: 1 }, { exclusiveMaximum: true, maximum: 3 }, {}]),
    }),
    () => ({ enum: pick([['a', 'b'], [1, null], [true]]) }),
    () => ({ const: pick(['a', 1, false, null]) }),
    () => ({ type: ['boolean', 'null'] }),
    () => ({ $ref: pick(['#/$defs/one', '#/$defs/two', '#', '#/$defs/none']) }),
    () => ({}),
  ]
  if (depth > 3) return { ...pick(leaves)(), ...described }
  const nodes: readonly (() => JsonObject)[] = [
    ...leaves,
    () => ({ type: 'array', items: inner(), ...pick([{ minItems: 2 }, { uniqueItems: true }, {}]) }),
    () => ({ type: 'array', items: [inner(), inner()] }),
    () => ({ anyOf: [inner(), inner()], ...pick([{ type: 'object' }, {}]) }),
    () => ({ oneOf: [inner(), inner(), { type: 'null' }] }),
    () => ({ allOf: [inner(), inner()] }),
    () => ({ type: 'object', additionalProperties: pick<JsonValue>([true, inner()]) }),
  ]
  if (random() < 0.4)
    return {
      type: 'object',
      properties: { a: inner(), b: inner(), ...pick([{ c: inner() }, {}]) },
      required: pick([['a'], ['a', 'b'], ['x'], []]),
      ...pick([{ additionalProperties: false }, { anyOf: [{ required: ['b'] }, inner()] }, {}, {}, {}]),
      ...described,
    }
  return { ...pick(nodes)(), ...described }
}
