import type { Field, Group } from '../../src/core/schema.ts'
import type { Factory } from './factories.ts'

/** One wrong configuration: a value where it does not belong, or a misspelt name. */
export interface Case {
  readonly factory: Factory
  /** Path of the field in the options of the factory. */
  readonly path: readonly string[]
  readonly field: Field
  /** Name of the value in {@link wrongValues}, or `slip`. */
  readonly value: string
  readonly options: object
}

/** Values that are wrong for most fields, by name. */
export const wrongValues: Readonly<Record<string, unknown>> = {
  text: 'wrong',
  number: 7,
  boolean: true,
  null: null,
  function: () => undefined,
  list: [],
  object: {},
  NaN: Number.NaN,
  '-1': -1,
  Infinity,
  '-Infinity': -Infinity,
  '1.5': 1.5,
  '2**53': 2 ** 53,
}

/** All wrong configurations of a factory: every field of its schema, in nested groups too, with every wrong value. */
export function casesOf(factory: Factory): Case[] {
  return walk(factory.schema, []).flatMap(({ path, field }) => {
    const one = { factory, path, field }
    const values = Object.entries(wrongValues).map(([value, given]) => ({
      ...one,
      value,
      options: withValue(factory.base ?? {}, path, given),
    }))
    const name = path.at(-1) ?? ''
    const misspelt = [...path.slice(0, -1), slipOf(name)]
    // In place of the right name, which may be required.
    const options = withValue(withValue(factory.base ?? {}, path, undefined), misspelt, 7)
    return [...values, { ...one, path: misspelt, value: 'slip', options }]
  })
}

interface Place {
  readonly path: readonly string[]
  readonly field: Field
}

function walk(schema: Group, lead: readonly string[]): Place[] {
  return Object.entries(schema.fields()).flatMap(([name, field]) => {
    const path = [...lead, name]
    return [{ path, field }, ...('fields' in field ? walk(field as Group, path) : [])]
  })
}

function withValue(base: object, [name = '', ...rest]: readonly string[], value: unknown): object {
  const inner = (base as Record<string, unknown>)[name]
  const next = rest.length === 0 ? value : withValue((inner as object | undefined) ?? {}, rest, value)
  return { ...base, [name]: next }
}

/** The name with two neighbouring letters swapped, or its last letter doubled if all are equal. */
export function slipOf(name: string): string {
  for (let at = name.length - 2; at >= 0; at--) {
    const [one = '', two = ''] = [name[at], name[at + 1]]
    if (one.toLowerCase() !== two.toLowerCase()) return name.slice(0, at) + two + one + name.slice(at + 2)
  }
  return name + name.slice(-1)
}
