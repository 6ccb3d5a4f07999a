import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LlmError, type Issue } from '../../src/core/error.ts'
import { parseRequest } from '../../src/core/parse-request.ts'
import { chatSchema } from '../../src/core/request-schema.ts'
import { Secret } from '../../src/core/secret.ts'
import { settingNames } from '../../src/core/settings.ts'

const odd = fc.oneof(fc.constantFrom<unknown>(null, '', Number.NaN, 2 ** 60, -1, {}, []), fc.anything())
/** Mostly what a field takes, now and then what it may not. */
const mostly = (fine: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 6, arbitrary: fine }, { weight: 1, arbitrary: odd })

const part = mostly(
  fc.constantFrom<unknown>(
    { type: 'text', text: 'Hi' },
    { type: 'text', text: 'Hi', extra: 1 },
    { type: 'image', url: 'https://x.test/a.png', detail: 'low' },
    { type: 'image_url', image_url: { url: 'https://x.test/a.png', extra: 1 } },
    { type: 'tool-call', id: 'c', name: 'f', arguments: { a: [1] } },
    { type: 'tool-call', id: 'c', name: 'f' },
    { type: 'reasoning', text: '', encrypted: 'x' },
  ),
)
const rich = fc.record({
  role: mostly(fc.constantFrom('user', 'assistant', 'tool')),
  content: mostly(fc.oneof(fc.string(), fc.array(part, { maxLength: 3 }))),
})
const simple = mostly(
  fc.record({
    role: mostly(fc.constantFrom('system', 'user', 'assistant', 'developer')),
    content: mostly(fc.string()),
  }),
)
const message = fc.oneof(simple, rich)
const number = mostly(fc.oneof(fc.integer({ min: 1, max: 2 }), fc.double({ min: -2.5, max: 2.5 })))
const texts = mostly(fc.dictionary(fc.string(), mostly(fc.string())))
const special: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  messages: mostly(fc.array(message, { maxLength: 3 })),
  stop: mostly(fc.oneof(fc.string(), fc.array(fc.string()))),
  logitBias: mostly(fc.dictionary(fc.string(), number)),
  toolChoice: mostly(fc.constantFrom<unknown>('auto', 'none')),
  reasoning: mostly(fc.constantFrom<unknown>(true, 'high', { effort: 'low' })),
  metadata: texts,
  headers: texts,
  tags: texts,
  baseUrl: mostly(fc.webUrl()),
  apiKey: mostly(fc.constantFrom<unknown>('k', new Secret('k'), () => 'k')),
  signal: mostly(fc.constant(new AbortController().signal)),
  transport: mostly(fc.constant({ send: () => undefined })),
  timeouts: mostly(fc.dictionary(fc.constantFrom('idleMs', 'totalMs', 'oddMs'), number)),
  fallback: mostly(fc.array(mostly(fc.string()))),
}
const numbers: ReadonlySet<string> = new Set(
  settingNames.filter((name) => /^(max|temp|top[PK]|min|seed|freq|pres|rep|n$)/.test(name)),
)

describe('the direct test of a field', () => {
  test.each(Object.keys(chatSchema.fields()))(
    'takes nothing of %s that reading it refuses or changes',
    (name) => {
      const field = chatSchema.fields()[name]
      const values =
        special[name] ?? (numbers.has(name) ? number : mostly(fc.oneof(fc.string(), fc.boolean())))
      let direct = 0
      fc.assert(
        fc.property(values, (value) => {
          if (field?.fits(value) !== true) return
          direct++
          const issues: Issue[] = []
          expect(field.read(value, { path: name, issues })).toEqual(value)
          expect(issues).toEqual([])
        }),
        { numRuns: 300 },
      )
      if (name in special || numbers.has(name)) expect(direct).toBeGreaterThan(5)
    },
  )
})

describe('a parsed request', () => {
  test('any input is parsed or refused as invalid-request, and parsing the result again gives the same', () => {
    const names = [
      'stop',
      'temperature',
      'maxTokens',
      'metadata',
      'timeouts',
      'logitBias',
      'apiKey',
      'baseUrl',
    ]
    const fields = Object.fromEntries(
      ['messages', ...names].map((name) => [name, special[name] ?? number] as const),
    )
    // A handful of fields each, as in real requests.
    const request = fc
      .tuple(fc.record(fields), fc.subarray(names, { maxLength: 3 }))
      .map(([all, some]) => Object.fromEntries(['messages', ...some].map((name) => [name, all[name]])))
    let parsed = 0
    fc.assert(
      fc.property(request, (input) => {
        try {
          const once = parseRequest(input)
          parsed++
          // Unknown fields are no longer there.
          expect({ ...parseRequest(once.request), warnings: once.warnings }).toEqual(once)
        } catch (error) {
          expect(LlmError.is(error, 'invalid-request')).toBe(true)
        }
      }),
      { numRuns: 2_000 },
    )
    expect(parsed).toBeGreaterThan(200)
  })

  test('holds the fields that were given and no others', () => {
    const request = {
      provider: 'p',
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      seed: undefined,
    }
    const inherited = Object.assign(Object.create({ temperature: 9 }) as object, request)
    expect(Object.keys(parseRequest(inherited).request)).toEqual(['provider', 'model', 'messages'])
    expect(parseRequest(inherited).settings).toEqual({})
  })
})

test('a record with an own __proto__, as JSON may carry, goes the way of the schema', () => {
  const messages = [{ role: 'user', content: 'Hi' }]
  const { request } = parseRequest({ messages, tags: JSON.parse('{"__proto__":"x","team":"a"}') })
  expect(Object.keys(request.tags ?? {})).toEqual(['team'])
})
