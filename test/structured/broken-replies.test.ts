import { createOrchestrator, LlmError, type JsonObject, type JsonValue } from 'llm-switchyard'
import { fakeFetch } from 'llm-switchyard/testing'
import { choose, decide, extract } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readLenient } from '../../src/core/fit/lenient-json.ts'
import { chance } from '../chance.ts'
import { failure } from '../failure.ts'

const target = {
  model: 'openai/gpt-4.1-mini',
  apiKey: 'k',
  messages: [{ role: 'user' as const, content: 'Hi' }],
}

const schema = {
  type: 'object',
  properties: {
    title: { type: 'string' },
    count: { type: 'integer' },
    price: { type: 'number' },
    isOpen: { type: 'boolean' },
    state: { type: 'string', enum: ['in_progress', 'done', 'new'] },
    tags: { type: 'array', items: { type: 'string' } },
    owner: {
      type: 'object',
      properties: { name: { type: 'string' } },
      required: ['name'],
      additionalProperties: false,
    },
  },
  required: ['title', 'count', 'state', 'tags', 'owner'],
  additionalProperties: false,
} as const satisfies JsonObject

function caller(reply: (call: number) => string): ReturnType<typeof createOrchestrator>['chatApiCall'] {
  let calls = 0
  return createOrchestrator({ fetch: fakeFetch(() => reply(calls++)) }).chatApiCall
}

describe('JSON that is not only JSON', () => {
  test.each<[string, string, JsonValue | undefined]>([
    ['a fence', '```json\n{"a": 1}\n```', { a: 1 }],
    ['a fence that is not closed', 'Here:\n```\n{"a": 1}', { a: 1 }],
    ['words around', 'Sure! {"a": 1} I hope it helps.', { a: 1 }],
    ['words in braces before it', 'I {think} of {"a": 1}.', { a: 1 }],
    ['single quotes', "{'a': 'it''s'}", { a: "it''s" }],
    ['names without quotes', '{a: 1, b_c: "x"}', { a: 1, b_c: 'x' }],
    ['trailing commas', '{"a": [1, 2,], "b": 3,}', { a: [1, 2], b: 3 }],
    ['comments', '{"a": 1, // one\n /* two */ "b": 2}', { a: 1, b: 2 }],
    ['words of Python', '{"a": True, "b": None, "c": False}', { a: true, b: null, c: false }],
    ['cut in a string', '{"a": 1, "b": "half', { a: 1, b: 'half' }],
    ['cut in a list', '{"a": [1, {"b": 2', { a: [1, { b: 2 }] }],
    ['cut after a name', '{"a": 1, "b":', { a: 1 }],
    ['a line break in a string', '{"a": "one\ntwo"}', { a: 'one\ntwo' }],
    ['quotation marks inside', '{"a": "he said "no" twice", "b": 1}', { a: 'he said "no" twice', b: 1 }],
    ['escapes', String.raw`{'a': '\u00fc\n\'x\''}`, { a: "ü\n'x'" }],
    ['a missing comma', '{"a": 1 "b": 2}', { a: 1, b: 2 }],
    ['curly quotes', '{\u201ca\u201d: 1}', { a: 1 }],
    ['a word alone', ' "done". ', 'done'],
    ['nothing', '   ', undefined],
  ])('%s', (_what, text, value) => {
    expect(readLenient(text)).toEqual(value)
  })

  test('deep nesting and long garbage end, and take time that grows with the text alone', () => {
    expect(readLenient('['.repeat(100_000))).toBeDefined()
    for (const piece of ['{"a":', '"', "'", '/*', '{a ', '\\', '`', '[,'])
      expect(() => readLenient(`{${piece.repeat(20_000)}`)).not.toThrow()
  })
})

/** One way in which models break an answer, and whether it can be read without asking again. */
const breaks: readonly (readonly [
  string,
  (value: JsonObject, text: string, random: () => number) => string,
  boolean,
])[] = [
  ['fenced', (_value, text) => `\`\`\`json\n${text}\n\`\`\``, true],
  ['between words', (_value, text) => `Here is the answer:\n${text}\nAnything else?`, true],
  ['with single quotes', (_value, text) => text.replaceAll('"', "'"), true],
  ['with trailing commas', (_value, text) => text.replaceAll('}', ',}').replaceAll(']', ',]'), true],
  ['with names without quotes', (_value, text) => text.replaceAll(/"(\w+)":/g, '$1:'), true],
  [
    'in words of Python',
    (_value, text) => text.replaceAll('true', 'True').replaceAll('false', 'False'),
    true,
  ],
  [
    'with numbers as text',
    (value) => JSON.stringify({ ...value, count: JSON.stringify(value['count']), price: '$1,250.5' }),
    true,
  ],
  [
    'with an enumeration in other letters',
    (value) => JSON.stringify({ ...value, state: 'In Progress' }),
    true,
  ],
  ['with a field more', (value) => JSON.stringify({ ...value, comment: 'extra' }), true],
  ['with one item for a list', (value) => JSON.stringify({ ...value, tags: 'harbour' }), true],
  ['without the last braces', (_value, text) => text.replace(/\}+$/, ''), true],
  [
    'cut in its first half',
    (_value, text, random) => text.slice(0, Math.floor(random() * 0.4 * text.length)),
    false,
  ],
  ['with a wrong word', (value) => JSON.stringify({ ...value, state: 'maybe' }), false],
  ['with a wrong type', (value) => JSON.stringify({ ...value, owner: 5 }), false],
  ['without a field', ({ title: _title, ...value }) => JSON.stringify(value), false],
  ['as a refusal', () => 'I cannot answer that.', false],
]

test('500 broken answers: most are read as they are, nearly all after one more, and the rest end typed', async () => {
  const random = chance(16)
  let [direct, repaired, ended, endedTyped] = [0, 0, 0, 0]
  for (let at = 0; at < 500; at++) {
    const value: JsonObject = {
      title: `Boat ${at}`,
      count: Math.floor(random() * 100),
      price: Math.floor(random() * 1_000) / 4,
      isOpen: random() < 0.5,
      state: ['in_progress', 'done', 'new'][at % 3] ?? 'new',
      tags: ['a', 'b'].slice(0, 1 + (at % 2)),
      owner: { name: 'Ada' },
    }
    const [, breakIt] = breaks[at % breaks.length] ?? breaks[0] ?? []
    const broken = breakIt?.(value, JSON.stringify(value), random) ?? ''
    const isBrokenAgain = at % 3 === 0
    const ask = caller((call) => (call === 0 || isBrokenAgain ? broken : JSON.stringify(value)))
    try {
      const { repairs, object } = await extract(ask, { ...target, schema })
      expect(object.title).toEqual(expect.any(String))
      if (repairs === 0) direct++
      else repaired++
    } catch (error) {
      ended++
      if (LlmError.is(error, 'reply-malformed') && isBrokenAgain) endedTyped++
    }
  }
  expect(direct).toBeGreaterThanOrEqual(300)
  expect(ended).toBe(endedTyped)
  // Of those whose second answer is whole, all have a value.
  expect(direct + repaired + ended).toBe(500)
})

describe('a value by a schema', () => {
  test('a plain JSON Schema is checked', async () => {
    const ask = caller(() => '{"title": 5}')
    const error = await failure(extract(ask, { ...target, schema, maxRepairs: 0 }))
    expect(error.kind).toBe('reply-malformed')
    expect(error.message).toContain('count')
    const plain = await ask({ ...target, responseFormat: { type: 'json', schema } })
    expect(plain.object).toBeUndefined()
    expect(plain.warnings.map(({ message }) => message).join()).toContain('owner: is missing')
  })

  test('the model is asked again with what is wrong, and usage is that of both', async () => {
    const fetch = fakeFetch(({ call }) => (call === 0 ? '{"n": "many"}' : '{"n": 3}'))
    const { chatApiCall } = createOrchestrator({ fetch })
    const { object, repairs, usage, response } = await extract(chatApiCall, {
      ...target,
      schema: z.object({ n: z.number() }),
    })
    expect([object.n, repairs]).toEqual([3, 1])
    expect(usage.totalTokens).toBeGreaterThan(response.usage.totalTokens)
    expect(fetch.log[1]?.request?.turns.at(-1)?.text).toContain('n: ')
  })

  test('choose and decide', async () => {
    expect(
      await choose(
        caller(() => '{"choice":"Done"}'),
        { ...target, options: ['new', 'done'] },
      ),
    ).toBe('done')
    expect(
      await decide(
        caller(() => '{"decision": "yes"}'),
        target,
      ),
    ).toBe(true)
    expect(
      (
        await failure(
          decide(
            caller(() => 'perhaps'),
            target,
          ),
        )
      ).kind,
    ).toBe('reply-malformed')
    expect(
      (
        await failure(
          choose(
            caller(() => 'x'),
            { ...target, options: [] },
          ),
        )
      ).kind,
    ).toBe('invalid-request')
  })
})
