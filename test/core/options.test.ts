import { describe, expect, test } from 'vitest'
import { LlmError, type Issue } from '../../src/core/error.ts'
import { nearestName } from '../../src/core/nearest-name.ts'
import { checkOptions, optionsSchema } from '../../src/core/options.ts'
import {
  anyOf,
  callable,
  count,
  flag,
  kind,
  listOf,
  milliseconds,
  nonEmptyText,
  nullable,
  number,
  oneOf,
  positiveCount,
  recordOf,
  required,
  secretKind,
  text,
  withMethods,
  type Field,
} from '../../src/core/schema.ts'

interface Waits {
  readonly connectMs?: number | undefined
  readonly idleMs?: number | undefined
}
interface Options {
  readonly store: object
  readonly hedge?: { readonly afterMs: number } | undefined
  readonly retry?: { readonly attempts?: number; readonly waits?: Waits } | undefined
  readonly maxPending?: number | undefined
  readonly providers?: Readonly<Record<string, { readonly apiKey?: string }>> | undefined
  readonly rules?: readonly { readonly name: string }[] | undefined
}

const waits = optionsSchema<Waits>()(() => ({ connectMs: milliseconds, idleMs: milliseconds }))
const schema = optionsSchema<Options>()(() => ({
  store: required(withMethods('read', 'write')),
  hedge: optionsSchema<{ afterMs: number }>()(() => ({ afterMs: required(milliseconds) })),
  retry: optionsSchema<{ attempts?: number; waits?: Waits }>()(() => ({ attempts: positiveCount, waits })),
  maxPending: count,
  providers: recordOf(
    optionsSchema<{ apiKey?: string }>()(() => ({
      apiKey: secretKind('a key', (key) => typeof key === 'string'),
    })),
  ),
  rules: listOf(optionsSchema<{ name: string }>()(() => ({ name: required(nonEmptyText) }))),
}))
const store = { read: () => 1, write: () => 2 }

function errorOf(options: unknown, lead?: string): LlmError | undefined {
  try {
    checkOptions('createThing', schema, options, lead)
  } catch (error) {
    if (LlmError.is(error, 'misconfigured')) return error
    throw error
  }
  return undefined
}
const issuesOf = (options: unknown): readonly Issue[] => errorOf(options)?.issues ?? []

describe('options that are right pass', () => {
  test.each([
    { store },
    {
      store,
      hedge: { afterMs: 5 },
      retry: { attempts: 3, waits: { idleMs: 0 } },
      providers: { a: { apiKey: 'k' } },
    },
    { store, hedge: undefined, retry: { attempts: undefined, oddity: undefined }, oddity: undefined },
    { store, rules: [{ name: 'a' }] },
  ])('%#', (options) => {
    expect(errorOf(options)).toBeUndefined()
  })

  test('absent options are empty ones', () => {
    const free = optionsSchema<Waits>()(() => ({ connectMs: milliseconds, idleMs: milliseconds }))
    expect(checkOptions('createThing', free, undefined)).toBeUndefined()
  })
})

describe('what is wrong is refused with its path', () => {
  test.each<[string, unknown, string, string]>([
    ['no object', 5, '', 'must be an object; got 5'],
    ['null', null, '', 'must be an object; got null'],
    ['a list', [], '', 'must be an object; got a list'],
    ['a field that is missing', {}, 'store', 'is missing; must be an object with read(), write()'],
    [
      'a nested field that is missing',
      { store, hedge: {} },
      'hedge.afterMs',
      'is missing; must be a number of milliseconds of 0 or more, or Infinity',
    ],
    [
      'an object without a method',
      { store: { read: store.read } },
      'store',
      'must be an object with read(), write(); got an object',
    ],
    [
      'null in a field',
      { store, maxPending: null },
      'maxPending',
      'must be a whole number of 0 or more; got null',
    ],
    ['NaN', { store, maxPending: Number.NaN }, 'maxPending', 'must be a whole number of 0 or more; got NaN'],
    [
      'a wait below 0',
      { store, hedge: { afterMs: -1 } },
      'hedge.afterMs',
      'must be a number of milliseconds of 0 or more, or Infinity; got -1',
    ],
    [
      'a wait that is no number',
      { store, retry: { waits: { idleMs: Number.NaN } } },
      'retry.waits.idleMs',
      'must be a number of milliseconds of 0 or more, or Infinity; got NaN',
    ],
    ['a group of another type', { store, retry: true }, 'retry', 'must be an object; got true'],
    [
      'a misspelt unit in a group',
      { store, hedge: { after: 5000 } },
      'hedge.after',
      'is not an option; did you mean "afterMs"?; known: afterMs',
    ],
    [
      'a misspelt name two groups deep',
      { store, retry: { waits: { idelMs: 5 } } },
      'retry.waits.idelMs',
      'is not an option; did you mean "idleMs"?; known: connectMs, idleMs',
    ],
    [
      'a misspelt name in a record',
      { store, providers: { mine: { apikey: 'x' } } },
      'providers.mine.apikey',
      'is not an option; did you mean "apiKey"?; known: apiKey',
    ],
    [
      'a nameless rule',
      { store, rules: [{ name: '' }] },
      'rules.0.name',
      'must be text of at least one character; got ""',
    ],
    [
      'a hole in a record',
      { store, providers: { mine: undefined } },
      'providers.mine',
      'is missing; must be an object',
    ],
  ])('%s', (_name, options, path, message) => {
    expect(issuesOf(options)).toContainEqual({ path, message })
  })

  test('the message names the function, the first path and its problem; all are in issues', () => {
    const error = errorOf({ store, maxpending: 1, retry: { attempts: 0, wait: {} } })
    expect(error?.message).toBe(
      'createThing: maxpending is not an option; did you mean "maxPending"?; known: store, hedge, retry, maxPending, providers, rules',
    )
    expect(error?.issues?.map(({ path }) => path)).toEqual(['maxpending', 'retry.attempts', 'retry.wait'])
  })

  test('a lead is the beginning of every path', () => {
    expect(errorOf({ store, maxPending: -1 }, 'queue')?.message).toBe(
      'createThing: queue.maxPending must be a whole number of 0 or more; got -1',
    )
    expect(errorOf('x', 'queue')?.message).toBe('createThing: queue must be an object; got "x"')
    expect(errorOf('x')?.message).toBe('createThing: options must be an object; got "x"')
  })

  test('a wrong key is not repeated', () => {
    const error = errorOf({ store, providers: { mine: { apiKey: ['hunter2hunter2'] } } })
    expect(error?.message).toBe('createThing: providers.mine.apiKey must be a key; got a list')
    expect(JSON.stringify(error)).not.toContain('hunter2')
  })
})

describe('kinds of fields', () => {
  const mode = oneOf('a', 'b', 'c')
  test.each<[string, Field, readonly unknown[], readonly unknown[], string]>([
    ['text', text, ['', 'x'], [5, null, {}, ['x']], 'text'],
    ['nonEmptyText', nonEmptyText, ['x'], ['', 5], 'text of at least one character'],
    ['flag', flag, [true, false], ['true', 0, null], 'true or false'],
    ['callable', callable, [() => 1], [{}, 'x'], 'a function'],
    ['count', count, [0, 7], [-1, 1.5, '5', 2 ** 53, Number.NaN], 'a whole number of 0 or more'],
    ['positiveCount', positiveCount, [1], [0, Infinity], 'a whole number of 1 or more'],
    ['number', number(), [-1.5, 0], [Infinity, Number.NaN, '1', 1n], 'a number'],
    ['number in a range', number({ min: 0, max: 1 }), [0, 1], [-0.1, 1.1], 'a number from 0 to 1'],
    ['number above', number({ above: 0 }), [0.1], [0, -1], 'a number above 0'],
    ['number up to', number({ max: 9 }), [9, -9], [10], 'a number up to 9'],
    [
      'milliseconds',
      milliseconds,
      [0, 0.5, 2_147_483_648, Infinity],
      [-1, Number.NaN, '60s'],
      'a number of milliseconds of 0 or more, or Infinity',
    ],
    ['oneOf', mode, ['a'], ['A', 1, ''], '"a", "b" or "c"'],
    ['listOf', listOf(mode, { min: 1 }), [['a'], ['a', 'b']], [[], 'a', {}], 'a list of at least 1'],
    ['recordOf', recordOf(count), [{}, { a: 1 }], [[], 5, new Map()], 'an object'],
    [
      'anyOf',
      anyOf(flag, mode, callable),
      [true, 'a', () => 1],
      [5, 'd'],
      'true or false, "a", "b" or "c" or a function',
    ],
    ['nullable', nullable(count), [null, 1], ['x'], 'a whole number of 0 or more'],
    [
      'withMethods',
      withMethods('get'),
      [new Map(), { get() {} }],
      [{}, { get: 1 }, null],
      'an object with get()',
    ],
    ['kind', kind('a Date', (value) => value instanceof Date), [new Date(0)], ['2020', 5], 'a Date'],
  ])('%s', (...row) => {
    const [, field, good, bad, expected] = row
    const one = optionsSchema<{ it?: unknown }>()(() => ({ it: field }))
    for (const it of [...good, undefined]) expect(() => checkOptions('f', one, { it })).not.toThrow()
    for (const it of bad)
      expect(() => checkOptions('f', one, { it })).toThrow(`f: it must be ${expected}; got `)
  })

  test.each<[unknown, string]>([
    ['x'.repeat(90), `"${'x'.repeat(40)}…"`],
    ['sk-live-0123456789abcdefghij', '"[secret]"'],
    [{}, 'an object'],
    [new Map(), 'a Map'],
    [() => 1, 'a function'],
    [Symbol('s'), 'a symbol'],
    [12n, '12n'],
    [null, 'null'],
  ])('a wrong value is shown shortened and without secrets: %#', (it, shown) => {
    const one = optionsSchema<{ it?: unknown }>()(() => ({ it: flag }))
    expect(() => checkOptions('f', one, { it })).toThrow(`f: it must be true or false; got ${shown}`)
  })
})

describe('the nearest known name', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['after', ['afterMs'], 'afterMs'],
    ['afterSeconds', ['beforeMs', 'afterMs'], 'afterMs'],
    ['AfterMS', ['afterMs'], 'afterMs'],
    ['max_pending', ['maxRunning', 'maxPending'], 'maxPending'],
    ['attempt', ['attempts', 'backoffMs'], 'attempts'],
    ['failure', ['failures', 'openMs'], 'failures'],
    ['maxWait', ['maxAgeMs', 'maxWaitMs'], 'maxWaitMs'],
    ['charPerSecond', ['charsPerSecond', 'windowMs'], 'charsPerSecond'],
    ['temprature', ['temperature', 'topP'], 'temperature'],
    ['onEvnet', ['onEvent', 'onEnd'], 'onEvent'],
    ['requests', ['requestsPerMinute', 'tokensPerMinute'], 'requestsPerMinute'],
    ['frobnicate', ['temperature', 'topP', 'n'], undefined],
    ['x', ['n', 'seed'], undefined],
  ])('%s', (name, known, expected) => {
    expect(nearestName(name, known)).toBe(expected)
  })
})

test('schemas that miss a row, or have one too many, do not compile', () => {
  const makers = [
    // @ts-expect-error `idleMs` has no row.
    () => optionsSchema<Waits>()(() => ({ connectMs: milliseconds })),
    // @ts-expect-error `idleSecs` is no field of the interface.
    () => optionsSchema<Waits>()(() => ({ connectMs: milliseconds, idleMs: milliseconds, idleSecs: count })),
    // @ts-expect-error `name` must be there, and its row says that it may be absent.
    () => optionsSchema<{ readonly name: string }>()(() => ({ name: text })),
  ]
  expect(makers).toHaveLength(3)
})
