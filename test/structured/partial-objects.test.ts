import { setTimeout as sleep } from 'node:timers/promises'
import { createOrchestrator, LlmError, type JsonObject, type JsonValue } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { createChatService } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { fakeFetch, type FakeReply } from 'llm-switchyard/testing'
import { arrayElements, defineTool, partialObjects } from 'llm-switchyard/tools'
import { describe, expect, expectTypeOf, test } from 'vitest'
import { z } from 'zod'
import { readLenient } from '../../src/core/fit/lenient-json.ts'
import { PartialAnswer } from '../../src/core/fit/partial-answer.ts'
import { chance } from '../chance.ts'
import { failure } from '../failure.ts'

const target = {
  model: 'openai/gpt-4.1-mini',
  apiKey: 'k',
  messages: [{ role: 'user' as const, content: 'Hi, as JSON' }],
  stream: true,
} as const

const recipe = z.object({
  title: z.string(),
  minutes: z.number(),
  steps: z.array(z.object({ text: z.string(), done: z.boolean() })),
})
const responseFormat = { type: 'json', schema: recipe } as const
const soup = {
  title: 'Soup “of 🚢 the day”',
  minutes: 12.5,
  steps: [
    { text: 'Boil\n"water"', done: true },
    { text: 'Eat \\ wait', done: false },
  ],
}

function caller(reply: string | FakeReply): ReturnType<typeof createOrchestrator> {
  return createOrchestrator({
    fetch: fakeFetch(typeof reply === 'string' ? { text: reply, chunks: 1 } : reply),
  })
}

async function all<T>(values: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const value of values) list.push(value)
  return list
}

/** Whether `part` may be what has arrived of `whole`. */
function isPart(part: JsonValue | undefined, whole: JsonValue | undefined): boolean {
  if (typeof part === 'string') return typeof whole === 'string' && whole.startsWith(part)
  if (typeof part !== 'object' || part === null) return part === whole
  if (typeof whole !== 'object' || whole === null || Array.isArray(part) !== Array.isArray(whole))
    return false
  return Object.entries(part as JsonObject).every(([key, inner]) => isPart(inner, (whole as JsonObject)[key]))
}

function randomValue(random: () => number, depth: number): JsonValue {
  const pick = Math.floor(random() * (depth > 3 ? 5 : 8))
  const size = Math.floor(random() * 5)
  if (pick === 0) return Math.floor(random() * 1e6) / 100 - 50
  if (pick === 1) return random() < 0.5
  if (pick === 2) return null
  if (pick < 5)
    return (
      ['', 'a "quoted" word', 'back\\slash', 'line\nbreak', '🚢 “ship”', '__proto__', 'x:y,z}'][
        Math.floor(random() * 7)
      ] ?? ''
    )
  const items = Array.from({ length: size }, () => randomValue(random, depth + 1))
  if (pick < 6) return items
  return Object.fromEntries(items.map((item, at) => [['a', 'b c', '__proto__', 'd"e', ''][at] ?? '', item]))
}

/** Reads a text in pieces, with the value after each. */
function read(text: string, cut: () => number): { readonly partials: JsonValue[]; readonly seen: string[] } {
  const answer = new PartialAnswer()
  const partials: JsonValue[] = []
  const seen: string[] = []
  const take = (): void => {
    const value = answer.takeValue()
    if (value === undefined) return
    partials.push(value)
    seen.push(JSON.stringify(value))
  }
  for (let at = 0; at < text.length;) {
    const next = at + cut()
    answer.push(text.slice(at, next))
    take()
    at = next
  }
  answer.end()
  take()
  return { partials, seen }
}

describe('JSON that arrives in pieces', () => {
  test('any cut of any value gives parts of it, of which none changes, and the value at last', () => {
    const random = chance(7)
    for (let at = 0; at < 300; at++) {
      const value = { value: randomValue(random, 0) }
      const text = JSON.stringify(value, null, at % 3)
      const { partials, seen } = read(text, () => 1 + Math.floor(random() * random() * 20))
      expect(partials.at(-1)).toEqual(value)
      expect(JSON.stringify(partials.at(-1))).toBe(JSON.stringify(value))
      for (const partial of partials) expect(isPart(partial, value)).toBe(true)
      expect(partials.map((partial) => JSON.stringify(partial))).toEqual(seen)
    }
    expect(({} as JsonObject)['a']).toBeUndefined()
  })

  test.each([
    ['a fence', '```json\n{"a": 1}\n```'],
    ['a fence that is not closed', 'Here:\n```\n{"a": 1}'],
    ['words around', 'Sure! {"a": 1} I hope it helps.'],
    ['a remark in braces before a fence', 'As [asked]:\n```json\n{"a": [1]}\n```'],
    ['words in braces before a fence', 'I {think} [1]:\n```json\n{"a": [1]}\n```\nDone {so}.'],
    ['single quotes', "{'a': 'it''s'}"],
    ['names without quotes', '{a: 1, b_c: "x"}'],
    ['trailing commas', '{"a": [1, 2,], "b": 3,}'],
    ['comments', '{"a": 1, // one\n /* two */ "b": 2}'],
    ['words of Python', '{"a": True, "b": None, "c": False}'],
    ['cut in a string', '{"a": 1, "b": "half'],
    ['cut in a list', '{"a": [1, {"b": 2'],
    ['cut after a name', '{"a": 1, "b":'],
    ['cut in a number', '{"a": 1, "b": 12'],
    ['a line break in a string', '{"a": "one\ntwo"}'],
    ['quotation marks inside', '{"a": "he said "no" twice", "b": 1}'],
    ['escapes', String.raw`{'a': '\u00fc\n\'x\' \ud83d\udea2'}`],
    ['a missing comma', '{"a": 1 "b": 2}'],
    ['curly quotes', '{\u201ca\u201d: 1}'],
  ])('%s: as the whole text is read', (_what, text) => {
    for (const size of [1, 2, 5, 1_000])
      expect(read(text, () => size).partials.at(-1), `in pieces of ${size}`).toEqual(readLenient(text))
  })

  test('half a character is not shown', () => {
    const { partials } = read(String.raw`{"a":"x\ud83d\udea2"}`, () => 1)
    expect(partials.map((value) => (value as JsonObject)['a'])).not.toContain('x\ud83d')
  })

  test('hostile texts end, and all snapshots together copy no more than the text allows', () => {
    for (const piece of ['[', '{"a":', '"', "'", '/*', '{a ', '\\', '`', '[,', '```', '{}'])
      expect(() => read(`{${piece.repeat(20_000)}`, () => 7)).not.toThrow()
    const text = JSON.stringify(Array.from({ length: 20_000 }, (_none, at) => at))
    const { partials } = read(text, () => 3)
    const copied = partials.reduce<number>((sum, value) => sum + (value as JsonValue[]).length, 0)
    expect(partials.length).toBeGreaterThan(60)
    expect(copied).toBeLessThanOrEqual(10 * text.length + 64 * partials.length)
  })
})

describe('partials of a stream', () => {
  test.each([
    ['alone', JSON.stringify(soup)],
    ['in a fence', `\`\`\`json\n${JSON.stringify(soup, null, 2)}\n\`\`\``],
    ['between words', `Sure, here it is:\n${JSON.stringify(soup)}\nEnjoy!`],
  ])('%s: they grow to the object of the response', async (_where, text) => {
    const stream = await caller(text).chatApiCall({ ...target, responseFormat })
    const partials = await all(partialObjects(stream))
    expect(partials.length).toBeGreaterThan(20)
    for (const [at, partial] of partials.entries())
      expect(isPart(partial as JsonValue, (partials[at + 1] ?? soup) as JsonValue)).toBe(true)
    expect(partials.at(-1)).toEqual(soup)
    expect((await stream.response).object).toEqual(soup)
    // What is complete is the same object in all later partials.
    expect(partials.at(-1)?.steps?.[0]).toBe(partials.at(-2)?.steps?.[0])
  })

  test('one partial for each network read', async () => {
    const inPieces = fakeFetch({ text: JSON.stringify(soup), chunks: 1 })
    const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
      const response = await inPieces(url, init)
      return new Response(await response.text(), response)
    }
    const stream = await createOrchestrator({ fetch }).chatApiCall({ ...target, responseFormat })
    expect(await all(partialObjects(stream))).toEqual([soup])
  })

  test('a list, a text and a number as the answer, which providers get inside of an object', async () => {
    const list = await caller('{"value":["a","b"]}').chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema: z.array(z.string()), strict: true },
    })
    const lists = await all(partialObjects(list))
    expect(lists.at(-1)).toEqual(['a', 'b'])
    expect(lists.every((value) => Array.isArray(value))).toBe(true)
    const one = await caller('{"value":42}').chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema: z.number() },
    })
    expect(await all(partialObjects(one))).toEqual([42])
    const bare = await caller('42').chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema: z.number() },
    })
    expect(await all(partialObjects(bare))).toEqual([42])
  })

  test('nulls of optional fields, as strict formats require them, are left out', async () => {
    const schema = z.object({ a: z.string().optional(), b: z.number().nullable() })
    const stream = await caller('{"a":null,"b":null}').chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema, strict: true },
    })
    const partials = await all(partialObjects(stream))
    expect(partials.at(-1)).toEqual({ b: null })
    expect(partials.some((partial) => 'a' in partial)).toBe(false)
  })

  test('a run: the answer of the last step, whatever the steps before have said', async () => {
    const look = defineTool({ name: 'look', parameters: z.object({}), execute: () => 'seen' })
    const fetch = fakeFetch(({ call }) =>
      call === 0 ? { text: 'I look [first].', toolCalls: [{ name: 'look' }] } : JSON.stringify(soup),
    )
    const { run } = createOrchestrator({ fetch })
    const stream = await run({ ...target, tools: [look], responseFormat })
    expect((await all(partialObjects(stream))).at(-1)).toEqual(soup)
  })

  test('a turn of a chat and a message to an agent', async () => {
    const orchestrator = caller(JSON.stringify(soup))
    const agent = createAgent({ name: 'cook', orchestrator, model: target.model, output: recipe })
    const answer = await agent.stream({ message: 'Soup?', apiKey: 'k' })
    expect((await all(partialObjects(answer))).at(-1)).toEqual(soup)
    const chats = createChatService({ orchestrator, store: createMemoryStore() })
    const turn = await chats.stream({
      identity: { userId: 'ada' },
      message: 'Soup?',
      model: target.model,
      apiKey: 'k',
      responseFormat,
    })
    expect((await all(partialObjects(turn))).at(-1)).toEqual(soup)
    expect((await turn.turn).persisted).toBe(true)
  })

  test('events of any other source, and a stream without braces', async () => {
    const events = async function* () {
      yield { type: 'text-delta', text: '[1, 2' } as const
      yield { type: 'text-delta', text: '2]' } as const
    }
    expect(await all(partialObjects(events()))).toEqual([[1], [1, 22]])
    const stream = await caller('no idea').chatApiCall({ ...target, responseFormat })
    expect(await all(partialObjects(stream))).toEqual([])
    expect((await stream.response).object).toBeUndefined()
  })
})

describe('items of a stream', () => {
  test('each comes once, complete, as soon as it is', async () => {
    const stream = await caller(JSON.stringify(soup)).chatApiCall({ ...target, responseFormat })
    expect(await all(arrayElements(stream, 'steps'))).toEqual(soup.steps)
    const fetch = fakeFetch({
      text: ['[{"text":"a","done":true}', ',{"text":"b"', ',"done":false}', ']'],
      pacing: { betweenMs: 5 },
    })
    const list = await createOrchestrator({ fetch }).chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema: z.array(z.object({ text: z.string(), done: z.boolean() })) },
    })
    expect(await all(arrayElements(list))).toEqual([
      { text: 'a', done: true },
      { text: 'b', done: false },
    ])
  })

  test('deeper lists, numbers, defaults; what does not fit is left out, what nearly fits is read', async () => {
    const schema = z.object({
      found: z.object({ rows: z.array(z.object({ n: z.number(), unit: z.string().default('m') })) }),
    })
    const text = '{"found":{"rows":[{"n":1},{"n":"2","unit":"km"},{"n":"many"},{"n":4}]}}'
    const stream = await caller(text).chatApiCall({ ...target, responseFormat: { type: 'json', schema } })
    expect(await all(arrayElements(stream, 'found.rows'))).toEqual([
      { n: 1, unit: 'm' },
      { n: 2, unit: 'km' },
      { n: 4, unit: 'm' },
    ])
    const numbers = await caller('[1, 23, 456]').chatApiCall({ ...target, responseFormat: 'json' })
    expect(await all(arrayElements(numbers))).toEqual([1, 23, 456])
  })

  test('items of a recursive schema', async () => {
    const node = {
      type: 'object',
      properties: { id: { type: 'number' }, kids: { type: 'array', items: { $ref: '#' } } },
      required: ['id'],
    } as const
    const text = '{"id":1,"kids":[{"id":2,"kids":[{"id":3}]},{"id":"x"},{"id":4}]}'
    const stream = await caller(text).chatApiCall({
      ...target,
      responseFormat: { type: 'json', schema: node },
    })
    expect(await all(arrayElements(stream, 'kids'))).toEqual([{ id: 2, kids: [{ id: 3 }] }, { id: 4 }])
  })

  test('a path without a list is refused, and the call with it', async () => {
    const stream = await caller(JSON.stringify(soup)).chatApiCall({ ...target, responseFormat })
    const items = arrayElements(stream, 'title' as 'steps')
    const error = await failure(all(items))
    expect([error.kind, error.message]).toEqual([
      'invalid-request',
      expect.stringContaining('"title" is none'),
    ])
    expect((await failure(stream.response)).kind).toBe('aborted')
  })
})

describe('the end of partials', () => {
  const slow: FakeReply = {
    text: ['{"title": "S', 'oup"', ', "minutes": 1', '2}'],
    pacing: { betweenMs: 20 },
  }

  test.each(['break', 'return', 'return before the first read', 'return while a read waits', 'using'])(
    '%s: the call is cancelled, and nothing is left',
    async (way) => {
      const orchestrator = caller({ ...slow, pacing: { betweenMs: 10_000 } })
      const stream = await orchestrator.chatApiCall({ ...target, responseFormat })
      const partials = partialObjects(stream)
      if (way === 'break') for await (const _partial of partials) break
      if (way === 'return') await partials.next()
      if (way === 'return while a read waits') {
        await partials.next()
        const waiting = partials.next()
        await partials.return?.()
        expect(await waiting).toEqual({ value: undefined, done: true })
      }
      if (way === 'using') {
        await using left = partials
        await left.next()
      } else await partials.return?.()
      expect(await partials.next()).toEqual({ value: undefined, done: true })
      expect(orchestrator.stats().active).toBe(0)
      expect((await failure(stream.response)).kind).toBe('aborted')
    },
  )

  test('an abort and a broken stream reject once, with what has arrived', async () => {
    const controller = new AbortController()
    const orchestrator = caller(slow)
    const stream = await orchestrator.chatApiCall({ ...target, responseFormat, signal: controller.signal })
    const partials = partialObjects(stream)
    expect((await partials.next()).value).toEqual({ title: 'S' })
    controller.abort()
    expect((await failure(all(partials))).kind).toBe('aborted')
    expect(await partials.next()).toEqual({ value: undefined, done: true })
    const broken = caller({ ...slow, chaos: { type: 'cut', at: 'middle', by: 'reset' } })
    const cut = await broken.chatApiCall({ ...target, responseFormat })
    const seen: unknown[] = []
    const error = await failure(
      (async () => {
        for await (const partial of partialObjects(cut)) seen.push(partial)
      })(),
    )
    expect(LlmError.is(error, 'stream-broken')).toBe(true)
    expect(seen.length).toBeGreaterThan(0)
    expect(broken.stats().active).toBe(0)
    await sleep(0)
  })

  test('a stream is read once, and only a stream is read', async () => {
    const stream = await caller(JSON.stringify(soup)).chatApiCall({ ...target, responseFormat })
    await all(partialObjects(stream))
    expect((await failure(all(partialObjects(stream)))).kind).toBe('invalid-request')
    expect(() => partialObjects({} as never)).toThrow(LlmError)
  })
})

test('types follow the schema of the call', async () => {
  const reads = async () => {
    const { chatApiCall, run } = createOrchestrator()
    const stream = await chatApiCall({ ...target, responseFormat })
    for await (const partial of partialObjects(stream)) {
      expectTypeOf(partial.title).toEqualTypeOf<string | undefined>()
      expectTypeOf(partial.steps?.[0]?.done).toEqualTypeOf<boolean | undefined>()
    }
    for await (const step of arrayElements(stream, 'steps'))
      expectTypeOf(step).toEqualTypeOf<{ text: string; done: boolean }>()
    // @ts-expect-error -- there is no such list
    arrayElements(stream, 'stepz')
    const rows = await run({ ...target, responseFormat: { type: 'json', schema: z.array(z.number()) } })
    for await (const row of arrayElements(rows)) expectTypeOf(row).toEqualTypeOf<number>()
    const plain = await chatApiCall({ ...target, responseFormat: 'json' })
    for await (const value of partialObjects(plain)) expectTypeOf(value).toEqualTypeOf<JsonValue>()
    for await (const value of arrayElements(plain, 'any.list')) expectTypeOf(value).toEqualTypeOf<JsonValue>()
  }
  expectTypeOf(reads).toBeFunction()
})
