import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseRequest } from '../../src/core/parse-request.ts'
import { parsePlainRequest } from '../../src/core/plain-request.ts'
import { NUMBER_RULES } from '../../src/core/request-rules.ts'
import { Secret } from '../../src/core/secret.ts'

const odd = fc.oneof(fc.constantFrom<unknown>(null, '', Number.NaN, 2 ** 60, -1, {}, []), fc.anything())
/** Mostly what a field takes, now and then what it may not. */
const mostly = (fine: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 12, arbitrary: fine }, { weight: 1, arbitrary: odd })

const turn = mostly(
  fc.record({
    role: mostly(fc.constantFrom('system', 'user', 'assistant', 'developer')),
    content: mostly(fc.string()),
  }),
)
const number = mostly(fc.oneof(fc.integer({ min: 1, max: 2 }), fc.double({ min: -2.5, max: 2.5 })))
const numbers = Object.fromEntries(Object.keys(NUMBER_RULES).map((name) => [name, number]))
const fields = {
  ...numbers,
  messages: mostly(fc.array(turn, { maxLength: 3 })),
  provider: mostly(fc.string()),
  system: mostly(fc.string()),
  stop: mostly(fc.string({ minLength: 1 })),
  baseUrl: mostly(fc.webUrl()),
  apiKey: mostly(fc.constantFrom<unknown>('k', new Secret('k'), () => 'k')),
  stream: mostly(fc.boolean()),
  transport: mostly(fc.constant({ send: () => undefined })),
  signal: mostly(fc.constant(new AbortController().signal)),
  fetch: mostly(fc.constant(fetch)),
  toolChoice: fc.constant('auto'),
  frobnicate: fc.anything(),
}
// A handful of fields each, as in real requests.
const request = fc
  .tuple(fc.record(fields), fc.subarray(Object.keys(fields), { minLength: 1, maxLength: 6 }))
  .map(([all, names]) =>
    Object.fromEntries(['messages', ...names].map((name) => [name, (all as Record<string, unknown>)[name]])),
  )

// `undefined` fields are no fields: both doors may leave them out.
const shape = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(shape)
    : typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, field]) => field !== undefined)
            .map(([name, field]) => [name, shape(field)]),
        )
      : value

describe('the short way in', () => {
  test('admits nothing that the door refuses, and gives what the door gives', () => {
    let count = 0
    fc.assert(
      fc.property(request, (input) => {
        const admitted = parsePlainRequest(input)
        if (admitted === undefined) return
        count++
        expect(shape(admitted)).toEqual(shape(parseRequest(input)))
      }),
      { numRuns: 3_000 },
    )
    expect(count).toBeGreaterThan(300)
  })

  test('is the way of an ordinary request', () => {
    const messages = [
      { role: 'system', content: 'Be brief.' },
      { role: 'user', content: 'Hi' },
    ]
    const access = { provider: 'openai', model: 'gpt', apiKey: 'k', baseUrl: 'https://host.test/v1' }
    const input = { ...access, messages, maxTokens: 5, temperature: 0.5, stop: 'END', stream: true }
    const admitted = parsePlainRequest(input)
    expect(admitted).toBeDefined()
    expect(shape(admitted)).toEqual(shape(parseRequest(input)))
  })

  test.each([
    ['a tool', { tools: [{ name: 't' }] }],
    ['a part', { messages: [{ role: 'user', content: [{ type: 'text', text: 'Hi' }] }] }],
    ['an unknown field', { frobnicate: undefined }],
    ['no turn', { messages: [] }],
  ])('leaves %s to the door', (_name, extra) => {
    expect(parsePlainRequest({ messages: [{ role: 'user', content: 'Hi' }], ...extra })).toBeUndefined()
  })
})
