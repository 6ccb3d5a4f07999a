import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { errorTable, LlmError } from '../../src/core/error.ts'
import { resolveKey, scrubSecrets, Secret } from '../../src/core/secret.ts'

const KEY = 'sk-live-0123456789abcdefghij'

describe('LlmError', () => {
  test('is known by its brand, across copies of the package', () => {
    const error = new LlmError('network', 'no route')
    const copy = Object.assign(new Error('no route'), {
      kind: 'network',
      [Symbol.for('llm-switchyard.error')]: true,
    })
    expect([LlmError.is(error), LlmError.is(error, 'network'), LlmError.is(error, 'timeout')]).toEqual([
      true,
      true,
      false,
    ])
    expect([
      LlmError.is(copy, 'network'),
      LlmError.is(new Error('x')),
      LlmError.is(null),
      LlmError.is('x'),
    ]).toEqual([true, false, false, false])
  })

  test('no key in message, JSON or inspect output', () => {
    const error = new LlmError('unauthorized', `refused ${KEY} and Bearer abcdefgh12345678`, {
      cause: new Error(`header was ${KEY}`),
    })
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(KEY)
    expect(inspect(new Secret(KEY))).not.toContain(KEY)
    expect(JSON.stringify({ key: new Secret(KEY) })).not.toContain(KEY)
    expect(String(new Secret(KEY))).toBe('[secret]')
  })

  test('prints its name, its kind, and the details that were given', () => {
    const error = new LlmError('timeout', 'late', { provider: 'p', model: undefined })
    expect(Object.keys(error)).toEqual(['kind', 'provider'])
    expect(error.stack).toMatch(/^LlmError: late\n/)
    error.stack = 'LlmError: late'
    expect(inspect(error)).toBe("[LlmError: late] { kind: 'timeout', provider: 'p' }")
    expect(inspect(error.with({ provider: undefined, status: 504 }))).toBe(
      "[LlmError: late] { kind: 'timeout', status: 504 }",
    )
    expect(String(error)).toBe('LlmError: late')
  })

  test('with adds and keeps', () => {
    const cause = new Error('deep')
    const error = new LlmError('timeout', 'late', { phase: 'idle', cause }).with({
      provider: 'p',
      retryAfterMs: 5,
    })
    expect(error).toMatchObject({ kind: 'timeout', phase: 'idle', provider: 'p', retryAfterMs: 5, cause })
  })

  test('only upstream faults open a breaker; a caller fault neither retries nor falls back', () => {
    for (const kind of [
      'invalid-request',
      'aborted',
      'unsupported',
      'misconfigured',
      'limit-exceeded',
    ] as const) {
      expect(errorTable[kind]).toMatchObject({ opensBreaker: false, retry: false, fallsBack: false })
    }
    for (const kind of ['server-failed', 'overloaded', 'network', 'timeout', 'stream-broken'] as const) {
      expect(errorTable[kind]).toMatchObject({ opensBreaker: true, retry: true, fallsBack: true })
    }
  })
})

describe('keys', () => {
  test.each([
    ['', undefined],
    ['  ', undefined],
    [undefined, undefined],
  ])('%j is no key', async (source, expected) => {
    expect(await resolveKey(source)).toBe(expected)
  })
  test('a function is asked each time', async () => {
    let turn = 0
    const source = async (): Promise<string> => `key-${++turn}`
    expect([(await resolveKey(source))?.reveal(), (await resolveKey(source))?.reveal()]).toEqual([
      'key-1',
      'key-2',
    ])
  })
  test('the very value is taken out wherever it stands', () => {
    expect(
      scrubSecrets('path?key=hunter2hunter2&x token hunter2hunter2', [new Secret('hunter2hunter2')]),
    ).not.toContain('hunter2')
  })

  test('a key that the vendor masked stays readable; one that it hardly masked does not', () => {
    const masked = 'Incorrect key: sk-proj-********************wxyz.'
    expect(scrubSecrets(masked)).toBe(masked)
    const hardly = 'Incorrect key: sk-proj-abcdefghijklmnop***wxyz.'
    expect(scrubSecrets(hardly)).not.toContain('abcdefgh')
  })
})
