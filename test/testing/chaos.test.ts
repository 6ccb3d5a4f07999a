import { chatApiCall, LlmError, type StreamEvent } from 'llm-switchyard'
import {
  createFakeClock,
  createFakeProvider,
  fakeFetch,
  type Chaos,
  type FakeReply,
  type Place,
} from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { yieldToEventLoop } from '../../src/core/yield.ts'
import { carriers, targets } from './carriers.ts'

const reply: FakeReply = { text: 'one two three four' }
const messages = [{ role: 'user' as const, content: 'Hi' }]

interface Outcome {
  readonly text: string
  readonly error?: LlmError
}

async function read(fake: { reach: object }, dialect: string, more: object = {}): Promise<Outcome> {
  let text = ''
  try {
    const stream = await chatApiCall({
      ...targets[dialect]!,
      ...fake.reach,
      apiKey: 'k',
      messages,
      stream: true,
      ...more,
    })
    for await (const event of stream) if (event.type === 'text-delta') text += event.text
    return { text }
  } catch (error) {
    if (LlmError.is(error)) return { text, error }
    throw error
  }
}

const grid = Object.keys(targets).flatMap((dialect) =>
  Object.keys(carriers).map((carrier) => ({ dialect, carrier })),
)

describe.each(grid)('$dialect over $carrier', ({ dialect, carrier }) => {
  const run = async (chaos: Chaos, more?: object): Promise<Outcome> => {
    await using fake = await carriers[carrier]!({ ...reply, chaos }, dialect)
    return await read(fake, dialect, more)
  }

  const cuts: [Place, string][] = [
    ['start', ''],
    ['content', ''],
    ['middle', 'one two'],
    ['finish', 'one two three four'],
  ]
  test.each(cuts)('cut at %s', async (at, text) => {
    for (const inside of [false, true]) {
      const ended = await run({ type: 'cut', at, inside })
      expect(ended).toMatchObject({ text, error: { kind: 'stream-broken' } })
    }
    const reset = await run({ type: 'cut', at, by: 'reset' })
    expect(reset).toMatchObject({ text, error: { kind: expect.stringMatching(/^(stream-broken|network)$/) } })
  })

  test('cut before the headers', async () => {
    for (const by of ['end', 'reset'] as const)
      expect(await run({ type: 'cut', at: 'headers', by })).toMatchObject({
        text: '',
        error: { kind: 'network' },
      })
  })

  test('cut after the finish reason alone', async () => {
    const outcome = await run({ type: 'cut', at: 'end' })
    expect(outcome.text).toBe('one two three four')
    expect(outcome.error).toBeUndefined()
  })

  test('cut after a number of events', async () => {
    const all = await run({ type: 'cut', at: 99 })
    expect(all).toEqual({ text: 'one two three four' })
    expect(await run({ type: 'cut', at: 0 })).toMatchObject({ text: '', error: { kind: 'stream-broken' } })
  })

  test('a malformed event', async () => {
    const outcome = await run({ type: 'malformed', at: 'middle' })
    expect(outcome).toMatchObject({ text: 'one two', error: { kind: 'reply-malformed' } })
  })

  test('an event that is too large', async () => {
    const streamLimits = { maxEventBytes: 4_000_000 }
    const outcome = await run({ type: 'oversize' }, { streamLimits })
    expect(outcome).toMatchObject({ text: '', error: { kind: 'reply-malformed', message: /maxEventBytes/ } })
    const small = await run({ type: 'oversize', length: 1000 })
    expect(small).toEqual({ text: 'x'.repeat(1000) })
  })

  test('an endless answer is ended by the reader', async () => {
    const outcome = await run({ type: 'endless' }, { streamLimits: { maxBytes: 20_000 } })
    expect(outcome.text.length).toBeGreaterThan(10_000)
    expect(outcome.error).toBeDefined()
  })

  // What comes before the phase in question has time enough, also on a busy machine.
  const hangs: [Place, string, object][] = [
    ['headers', 'headers', { headersMs: 60, firstContentMs: 60_000, idleMs: 60 }],
    ['start', 'first-content', { headersMs: 60_000, firstContentMs: 120, idleMs: 60 }],
    ['content', 'first-content', { headersMs: 60_000, firstContentMs: 120, idleMs: 60 }],
    ['middle', 'idle', { headersMs: 60_000, firstContentMs: 60_000, idleMs: 60 }],
  ]
  test.each(hangs)('hangs at %s', async (at, phase, timeouts) => {
    const outcome = await run({ type: 'hang', at, pingMs: 10 }, { timeouts })
    expect(outcome.error).toMatchObject({ kind: 'timeout', phase })
  })

  test('bytes cut inside characters', async () => {
    await using fake = await carriers[carrier]!({ text: 'Grüße 👋🏽 世界', packetBytes: 3 }, dialect)
    expect(await read(fake, dialect)).toEqual({ text: 'Grüße 👋🏽 世界' })
  })

  test.each(['break', 'signal'] as const)('the log shows when the client left (%s)', async (how) => {
    const pacing = { betweenMs: 5 }
    await using fake = await carriers[carrier]!(
      { pacing, chaos: { type: 'endless' }, text: 'one two' },
      dialect,
    )
    const controller = new AbortController()
    const { signal } = controller
    const stream = await chatApiCall({
      ...targets[dialect]!,
      ...fake.reach,
      apiKey: 'k',
      messages,
      signal,
      stream: true,
    })
    const [entry] = fake.log
    expect(entry).toMatchObject({ abortedAt: undefined, finishedAt: undefined })
    const follow = async () => {
      let seen = 0
      for await (const event of stream) {
        if (event.type !== 'text-delta' || ++seen < 4) continue
        expect(entry?.abortedAt).toBeUndefined()
        if (how === 'break') break
        controller.abort()
      }
    }
    if (how === 'break') await follow()
    else await expect(follow()).rejects.toMatchObject({ kind: 'aborted' })
    stream.response.catch(() => undefined)
    await entry?.closed
    expect(entry?.finishedAt).toBeUndefined()
    expect(entry?.abortedAt).toBeDefined()
  })
})

describe('whole answers', () => {
  const run = async (chaos: Chaos, more: object = {}): Promise<unknown> => {
    await using fake = await carriers['server']!({ ...reply, chaos }, 'openai-chat')
    const request = { ...targets['openai-chat']!, ...fake.reach, apiKey: 'k', messages, ...more }
    return await chatApiCall(request).catch((error: unknown) => error)
  }

  test.each([
    [{ type: 'cut', at: 'middle' }, 'reply-malformed'],
    [{ type: 'cut', at: 'middle', by: 'reset' }, 'network'],
    [{ type: 'malformed', at: 'middle' }, 'reply-malformed'],
    [{ type: 'cut', at: 'headers' }, 'network'],
    [{ type: 'html', status: 503 }, 'overloaded'],
  ] satisfies [Chaos, string][])('%j', async (chaos, kind) => {
    expect(await run(chaos)).toMatchObject({ kind })
  })

  test('hanging and endless ones end by the total time and by their size', async () => {
    expect(await run({ type: 'hang', at: 'middle' }, { timeouts: { totalMs: 80 } })).toMatchObject({
      kind: 'timeout',
    })
    expect(await run({ type: 'endless' }, { streamLimits: { maxReplyBytes: 50_000 } })).toBeInstanceOf(
      LlmError,
    )
  })
})

test('a connection that never comes about', async () => {
  await using provider = await createFakeProvider()
  const request = { ...targets['openai-chat']!, apiKey: 'k', messages, timeouts: { connectMs: 80 } }
  const baseUrl = await provider.silentUrl('openai-chat')
  await expect(chatApiCall({ ...request, baseUrl })).rejects.toMatchObject({
    kind: 'timeout',
    phase: 'connect',
  })
  expect(provider.log).toHaveLength(0)
})

test('headers and pacing of a reply', async () => {
  const clock = createFakeClock()
  const pacing = { firstMs: 40, betweenMs: 20 }
  const fetch = fakeFetch({ text: 'a b c', pacing, headers: { 'x-left': '7' } }, { clock })
  const body = JSON.stringify({ model: 'm', messages, stream: true })
  const response = await fetch('https://any.test/chat/completions', {
    method: 'POST',
    headers: { 'api-key': 'k' },
    body,
  })
  // The headers are there before any time has passed, and each pause is one of the clock's.
  expect(clock.now()).toBe(0)
  expect(response.headers.get('x-left')).toBe('7')
  const progress = { isWhole: false }
  const reading = response.text().then(() => (progress.isWhole = true))
  for (; !progress.isWhole; await yieldToEventLoop()) if (clock.pending > 0) await clock.advanceAsync(1)
  await reading
  expect(clock.now()).toBe(80)
})

test('every event of an answer keeps its order over all formats', async () => {
  const types: string[][] = []
  for (const target of Object.values(targets)) {
    const fetch = fakeFetch({ reasoning: 'hm', text: 'ab', toolCalls: [{ name: 'f', arguments: { a: 1 } }] })
    const events: StreamEvent[] = []
    const stream = await chatApiCall({ ...target, fetch, apiKey: 'k', messages, stream: true })
    for await (const event of stream) events.push(event)
    types.push(events.map(({ type }) => type).filter((type, at, all) => type !== all[at - 1]))
    expect(events.find(({ type }) => type === 'tool-call')).toMatchObject({ name: 'f', arguments: { a: 1 } })
  }
  for (const list of types)
    expect(list.filter((type) => !type.startsWith('tool-call-'))).toEqual([
      'start',
      'reasoning-delta',
      'text-delta',
      ...(list.includes('reasoning-delta', 2) ? ['reasoning-delta'] : []),
      'tool-call',
      'usage',
      'finish',
    ])
})
