import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPartialArguments } from '../../src/dialects/gemini/partial-args.ts'

type Json = string | number | boolean | null | Json[] | { [key: string]: Json }
interface Value {
  readonly jsonPath: string
  readonly stringValue?: string
  readonly numberValue?: number
  readonly boolValue?: boolean
  readonly nullValue?: 'NULL_VALUE'
}

const plainName = /^[A-Za-z_][A-Za-z0-9_]*$/

/** The values of an object one by one, texts in pieces of at most `size`. */
function valuesOf(value: Json, path: string, size: number): Value[] {
  if (value === null) return [{ jsonPath: path, nullValue: 'NULL_VALUE' }]
  if (Array.isArray(value)) return value.flatMap((item, at) => valuesOf(item, `${path}[${at}]`, size))
  if (typeof value === 'object')
    return Object.entries(value).flatMap(([name, item]) => {
      const quoted = name.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
      return valuesOf(item, plainName.test(name) ? `${path}.${name}` : `${path}['${quoted}']`, size)
    })
  if (typeof value === 'number') return [{ jsonPath: path, numberValue: value }]
  if (typeof value === 'boolean') return [{ jsonPath: path, boolValue: value }]
  const pieces = value.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? ['']
  return pieces.map((stringValue) => ({ jsonPath: path, stringValue }))
}

function write(values: readonly Value[]): unknown {
  const call = createPartialArguments()
  const text = values.map((value) => call.add([value])).join('')
  const end = call.end()
  if ('whole' in end) return end.whole
  return text + end.delta === '' ? {} : (JSON.parse(text + end.delta) as unknown)
}

// Empty objects and lists cannot be told value by value.
const leaf = fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null))
const { tree } = fc.letrec<{ tree: Json; object: Json }>((tie) => ({
  tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree'), { minLength: 1, maxLength: 3 }), tie('object')),
  object: fc.dictionary(fc.string({ minLength: 1 }), tie('tree'), { minKeys: 1, maxKeys: 3 }),
}))
const args = fc.dictionary(fc.string({ minLength: 1 }), tree, { maxKeys: 4 })

describe('arguments that come value by value', () => {
  test('in order: the text is the JSON of the whole, however texts are cut', () => {
    fc.assert(
      fc.property(args, fc.integer({ min: 1, max: 5 }), (whole, size) => {
        expect(JSON.stringify(write(valuesOf(whole, '$', size)))).toBe(JSON.stringify(whole))
      }),
    )
  })

  test('out of order: the whole is given at the end', () => {
    const values = [
      { jsonPath: '$.a.x', numberValue: 1 },
      { jsonPath: '$.b', numberValue: 2 },
      { jsonPath: '$.a.y', stringValue: 'on' },
      { jsonPath: '$.a.y', stringValue: 'e' },
      { jsonPath: '$.list[1]', boolValue: true },
      { jsonPath: '$.list[0]', boolValue: false },
    ]
    expect(write(values)).toEqual({ a: { x: 1, y: 'one' }, b: 2, list: [false, true] })
  })

  test('a value that is told again is the last one', () => {
    expect(
      write([
        { jsonPath: '$.a', numberValue: 1 },
        { jsonPath: '$.a', numberValue: 2 },
      ]),
    ).toEqual({ a: 2 })
  })

  test('names that mean something to the language are names like any other', () => {
    const values = [
      { jsonPath: '$.__proto__.polluted', boolValue: true },
      { jsonPath: '$.b', numberValue: 1 },
      { jsonPath: '$.__proto__.more', numberValue: 2 },
    ]
    const whole = write(values) as Record<string, unknown>
    expect(JSON.stringify(whole)).toBe('{"__proto__":{"polluted":true,"more":2},"b":1}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  test.each([
    ['nothing', []],
    ['a path to nowhere', [{ jsonPath: '$', stringValue: 'x' }]],
    ['no path', [{ stringValue: 'x' } as unknown as Value]],
  ])('%s is no argument', (_name, values) => {
    expect(write(values)).toEqual({})
  })
})
