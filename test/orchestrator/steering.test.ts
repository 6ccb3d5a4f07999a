import { describe, expect, test } from 'vitest'
import {
  catalogue,
  createOrchestrator,
  defineProvider,
  LlmError,
  type ProviderDefinition,
} from 'llm-switchyard'
import { createFakeClock } from 'llm-switchyard/testing'
import { yieldToEventLoop } from '../../src/core/yield.ts'
import { chunk, DONE, serve, SSE, text } from '../loopback.ts'
import { good, messages, yard, type Answer } from './yard.ts'

describe('hedging', () => {
  test('a slow try gets a rival; the first to begin wins and the other is ended and recorded', async () => {
    await using all = await yard(
      { a: () => undefined, b: good },
      { fallback: ['b/m'], hedge: { afterMs: 40 } },
    )
    const stream = await all.orchestrator.chatApiCall({ model: 'a/m', messages, stream: true })
    const reply = await stream.response
    expect(reply.provider).toBe('b')
    expect(reply.attempts).toMatchObject([{ provider: 'a', error: { kind: 'aborted' } }, { provider: 'b' }])
    expect(all.orchestrator.stats().active).toBe(0)
  })

  test('a quick try gets none', async () => {
    await using all = await yard({ a: good, b: good }, { fallback: ['b/m'], hedge: { afterMs: 500 } })
    await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(all.turns).toEqual(['a'])
  })
})

describe('continuation', () => {
  const broken: Answer = (response) => {
    response.writeHead(200, SSE)
    response.write(text('Once upon '))
    setTimeout(() => response.destroy(), 20)
  }
  const rest: Answer = (response) =>
    response.writeHead(200, SSE).end(text('a time.') + chunk({}, 'stop') + DONE)
  const openai = catalogue.find(({ id }) => id === 'openai')!
  const goesOn = (id: string, url: string): ProviderDefinition =>
    defineProvider({
      ...openai,
      id,
      baseUrl: `${url}/v1`,
      keyRequired: false,
      models: { '*': { prefill: true } },
    })

  test('goes on from where the text broke, tells where, and sends nothing twice', async () => {
    const bodies: string[] = []
    await using a = await serve((_request, response) => broken(response, 0, ''))
    await using b = await serve((request, response) => {
      let body = ''
      request.on('data', (piece: Buffer) => (body += piece.toString()))
      request.on('end', () => {
        bodies.push(body)
        rest(response, 0, '')
      })
    })
    await using orchestrator = createOrchestrator({
      providers: { a: goesOn('a', a.url), b: goesOn('b', b.url) },
      fallback: ['b/m'],
    })
    const stream = await orchestrator.chatApiCall({
      model: 'a/m',
      messages,
      stream: true,
      continuation: true,
    })
    const events: { type: string }[] = []
    for await (const event of stream) events.push(event)
    expect(events.filter(({ type }) => type === 'continued')).toEqual([
      { type: 'continued', offset: 10, provider: 'b', model: 'm', after: 'stream-broken' },
    ])
    const reply = await stream.response
    expect(reply).toMatchObject({
      text: 'Once upon a time.',
      finishReason: 'stop',
      attempts: [{ provider: 'a' }, { provider: 'b' }],
    })
    expect(bodies[0]).toContain('"role":"assistant","content":"Once upon "')
    expect(orchestrator.stats()).toMatchObject({ active: 0, succeeded: 1 })
  })

  test('is not done unasked, nor where no target takes a beginning', async () => {
    await using all = await yard({ a: broken, b: good }, { fallback: ['b/m'] })
    for (const continuation of [false, true]) {
      const stream = await all.orchestrator.chatApiCall({
        model: 'a/m',
        messages,
        stream: true,
        continuation,
      })
      await expect(stream.response).rejects.toMatchObject({
        kind: 'stream-broken',
        partial: { text: 'Once upon ' },
      })
    }
    expect(all.turns).toEqual(['a', 'a'])
    expect(all.orchestrator.stats().active).toBe(0)
  })
})

describe('throughput', () => {
  const drip: Answer = (response) => {
    response.writeHead(200, SSE)
    const timer = setInterval(() => response.write(text('.')), 20)
    response.on('close', () => clearInterval(timer))
  }
  const options = { fallback: ['b/m'], throughput: { charsPerSecond: 500, windowMs: 120 } }

  test('a slow stream is given up before anything of it was seen', async () => {
    await using all = await yard({ a: drip, b: good }, options)
    const stream = await all.orchestrator.chatApiCall({ model: 'a/m', messages, stream: true })
    const reply = await stream.response
    expect(reply).toMatchObject({
      text: 'Hi',
      attempts: [{ provider: 'a', error: { kind: 'timeout' } }, { provider: 'b' }],
    })
  })

  test('a short answer is no slow one', async () => {
    await using all = await yard({ a: good, b: good }, options)
    const stream = await all.orchestrator.chatApiCall({ model: 'a/m', messages, stream: true })
    expect((await stream.response).provider).toBe('a')
  })
})

describe('quotas', () => {
  const spent: Answer = (response) => {
    response.writeHead(200, {
      ...SSE,
      'x-ratelimit-limit-requests': '100',
      'x-ratelimit-remaining-requests': '0',
      'x-ratelimit-reset-requests': '60s',
    })
    response.end(text('Hi') + chunk({}, 'stop') + DONE)
  }

  test('a target that says it is spent gets no more calls: the next one does', async () => {
    await using all = await yard({ a: spent, b: good }, { fallback: ['b/m'], quotas: { maxWaitMs: 50 } })
    for (let turn = 0; turn < 3; turn++) await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(all.turns).toEqual(['a', 'b', 'b'])
  })

  test('alone, the call is refused with the wait, and nothing is sent', async () => {
    await using all = await yard({ a: spent }, { quotas: { maxWaitMs: 50 } })
    await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    await expect(all.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
      kind: 'rate-limited',
    })
    expect(all.turns).toHaveLength(1)
  })

  test('a short wait is waited', async () => {
    const soon: Answer = (response, turn, key) => {
      if (turn > 0) return good(response, turn, key)
      response.writeHead(200, {
        ...SSE,
        'x-ratelimit-limit-requests': '1',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '200ms',
      })
      response.end(text('Hi') + chunk({}, 'stop') + DONE)
    }
    const clock = createFakeClock()
    await using all = await yard({ a: soon }, { quotas: {}, clock })
    await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    const waiting = all.orchestrator.chatApiCall({ model: 'a/m', messages })
    for (; all.turns.length < 2; await yieldToEventLoop()) clock.advance(1)
    expect(clock.now()).toBeGreaterThanOrEqual(200)
    await waiting
    expect(all.turns).toEqual(['a', 'a'])
  })
})

describe('the queue', () => {
  const slow: Answer = (response) => {
    response.writeHead(200, SSE)
    response.write(text('Hi'))
    setTimeout(() => response.end(chunk({}, 'stop') + DONE), 60)
  }

  test('holds the slot until the stream has ended, and serves by priority', async () => {
    const order: string[] = []
    await using all = await yard({ a: slow }, { queue: { concurrency: 1, maxPending: 10 } })
    const call = async (name: string, priority: 'critical' | 'normal' | 'low') => {
      const stream = await all.orchestrator.chatApiCall({ model: 'a/m', messages, priority, stream: true })
      order.push(name)
      await stream.response
    }
    await Promise.all([
      call('first', 'normal'),
      call('low', 'low'),
      call('normal', 'normal'),
      call('critical', 'critical'),
    ])
    expect(order).toEqual(['first', 'critical', 'normal', 'low'])
    expect(all.orchestrator.stats().queue).toMatchObject({ pending: 0, running: 0 })
  })

  test('refuses beyond maxPending with the number that waits, and does not run what waited too long', async () => {
    await using all = await yard({ a: slow }, { queue: { concurrency: 1, maxPending: 1, timeoutMs: 20 } })
    const call = () => all.orchestrator.chatApiCall({ model: 'a/m', messages })
    const outcomes = await Promise.allSettled([call(), call(), call()])
    expect(
      outcomes.map((outcome) => (outcome.status === 'rejected' ? outcome.reason : 'good')),
    ).toMatchObject(['good', { kind: 'timeout', phase: 'queue' }, { kind: 'queue-full', pending: 1 }])
    expect(all.turns).toHaveLength(1)
  })

  test('close lets running calls end, refuses new ones, and ends those that wait too long', async () => {
    await using all = await yard({ a: slow }, { queue: { concurrency: 1 } })
    const running = all.orchestrator.chatApiCall({ model: 'a/m', messages })
    await new Promise((resolve) => setTimeout(resolve, 10))
    const closed = all.orchestrator.close({ drainMs: 1_000 })
    await expect(all.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toSatisfy((error) =>
      LlmError.is(error),
    )
    expect((await running).text).toBe('Hi')
    await closed
    await all.orchestrator.close()
  })
})
