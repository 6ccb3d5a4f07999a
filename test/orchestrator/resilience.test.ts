import type { ServerResponse } from 'node:http'
import { describe, expect, test } from 'vitest'
import {
  catalogue,
  createOrchestrator,
  defineProvider,
  LlmError,
  type OrchestratorEvent,
  type OrchestratorOptions,
} from 'llm-switchyard'
import { chunk, DONE, serve, SSE, text, type Loopback } from '../loopback.ts'

type Answer = (response: ServerResponse, turn: number, key: string) => void

const good: Answer = (response) => {
  response.writeHead(200, SSE)
  response.end(text('Hi') + chunk({}, 'stop') + DONE)
}
const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message: `status ${status}` } }))
  }
const messages = [{ role: 'user' as const, content: 'Hello' }]

async function yard(answers: Record<string, Answer>, options: OrchestratorOptions = {}) {
  const turns: string[] = []
  const servers: Loopback[] = []
  const providers: Record<string, object> = {}
  for (const [id, answer] of Object.entries(answers)) {
    let turn = 0
    const server = await serve((request, response) => {
      turns.push(id)
      answer(response, turn++, String(request.headers.authorization))
    })
    servers.push(server)
    providers[id] = {
      extends: 'openai',
      baseUrl: `${server.url}/v1`,
      apiKey: 'key',
      ...options.providers?.[id],
    }
  }
  const orchestrator = createOrchestrator({
    ...options,
    providers,
  })
  return {
    orchestrator,
    turns,
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      for (const server of servers) await server[Symbol.asyncDispose]()
    },
  }
}

describe('fallback', () => {
  const cases: readonly [name: string, answer: Answer, expected: readonly string[], kind?: string][] = [
    ['500', refuse(500), ['a', 'b']],
    ['503', refuse(503), ['a', 'b']],
    ['529', refuse(529), ['a', 'b']],
    ['429', refuse(429), ['a', 'b']],
    ['429 that asks for too long', refuse(429, { 'retry-after': '3600' }), ['a', 'b']],
    ['401', refuse(401), ['a', 'b']],
    ['402', refuse(402), ['a', 'b']],
    ['400 never', refuse(400), ['a'], 'invalid-request'],
    ['422 never', refuse(422), ['a'], 'invalid-request'],
    ['a reset', (response) => response.destroy(), ['a', 'b']],
    [
      'an error inside a 200',
      (response) =>
        response.writeHead(200, SSE).end('data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n'),
      ['a', 'b'],
    ],
    ['an empty stream', (response) => response.writeHead(200, SSE).end(''), ['a', 'b']],
    [
      'an HTML page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html></html>'),
      ['a', 'b'],
    ],
    [
      'a cut after content never',
      (response) => response.writeHead(200, SSE).end(text('Hel')),
      ['a'],
      'stream-broken',
    ],
  ]
  test.each(cases)('%s', async (_name, answer, expected, kind) => {
    await using all = await yard({ a: answer, b: good }, { fallback: ['b/m'] })
    const stream = await all.orchestrator
      .chatApiCall({ model: 'a/m', messages, stream: true })
      .catch((error: unknown) => error as LlmError)
    const outcome = LlmError.is(stream)
      ? stream
      : await stream.response.catch((error: unknown) => error as LlmError)
    expect(all.turns).toEqual(expected)
    expect(outcome.attempts?.map(({ provider }) => provider)).toEqual(expected)
    if (kind === undefined) {
      expect(LlmError.is(outcome)).toBe(false)
      expect(outcome.attempts?.[0]?.error).toBeDefined()
      expect(outcome.attempts?.[1]?.error).toBeUndefined()
    } else expect(LlmError.is(outcome) && outcome.kind).toBe(kind)
  })

  test('silence before content, by firstContentMs of the attempt', async () => {
    await using all = await yard(
      { a: () => undefined, b: good },
      { fallback: ['b/m'], timeouts: { firstContentMs: 80 } },
    )
    const reply = await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(reply).toMatchObject({
      text: 'Hi',
      provider: 'b',
      attempts: [{ error: { kind: 'timeout' } }, { provider: 'b' }],
    })
  })

  test("neither the request's key nor its address goes to another provider", async () => {
    const keys: string[] = []
    await using all = await yard(
      {
        b: (response, turn, key) => {
          keys.push(key)
          good(response, turn, key)
        },
      },
      { fallback: ['b/m'] },
    )
    await using bad = await serve((_request, response) => refuse(500)(response, 0, ''))
    await all.orchestrator.chatApiCall({
      model: 'openai/m',
      baseUrl: `${bad.url}/v1`,
      apiKey: 'secret-of-openai',
      messages,
    })
    expect(keys).toEqual(['Bearer key'])
  })
})

describe('retry', () => {
  test('shares one budget of tries with fallback, and never uses up the fallback', async () => {
    await using all = await yard(
      { a: refuse(500), b: refuse(500) },
      { fallback: ['b/m'], retry: { attempts: 3, backoffMs: 1 } },
    )
    await expect(all.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
      kind: 'server-failed',
    })
    expect(all.turns).toEqual(['a', 'a', 'b'])
  })

  test('waits what the provider asks for, and not when that is too long', async () => {
    const events: OrchestratorEvent[] = []
    const first =
      (other: Answer): Answer =>
      (response, turn, key) =>
        (turn === 0 ? other : good)(response, turn, key)
    await using short = await yard(
      { a: first(refuse(429, { 'retry-after-ms': '40' })) },
      { retry: {}, onEvent: (event) => events.push(event) },
    )
    expect((await short.orchestrator.chatApiCall({ model: 'a/m', messages })).attempts).toHaveLength(2)
    expect(events).toMatchObject([{ type: 'retry', waitMs: 40 }])
    await using long = await yard({ a: first(refuse(429, { 'retry-after': '120' })) }, { retry: {} })
    await expect(long.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
      kind: 'rate-limited',
      retryAfterMs: 120_000,
    })
    expect(long.turns).toEqual(['a'])
  })

  test('a wait ends with the call', async () => {
    await using all = await yard({ a: refuse(503, { 'retry-after': '30' }) }, { retry: {} })
    const controller = new AbortController()
    setTimeout(() => controller.abort(), 50)
    const startedAt = performance.now()
    await expect(
      all.orchestrator.chatApiCall({ model: 'a/m', messages, signal: controller.signal }),
    ).rejects.toMatchObject({ kind: 'aborted' })
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(all.orchestrator.stats()).toMatchObject({ active: 0, failed: 1 })
  })

  test('a dead key makes room for the next, without a wait', async () => {
    const keys: string[] = []
    const answer: Answer = (response, turn, key) => {
      keys.push(key)
      ;(key.endsWith('dead') ? refuse(401) : good)(response, turn, key)
    }
    await using all = await yard({ a: answer }, { providers: { a: { apiKey: ['dead', 'alive'] } } })
    for (let turn = 0; turn < 3; turn++) await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(keys).toEqual(['Bearer dead', 'Bearer alive', 'Bearer alive', 'Bearer alive'])
  })
})

describe('the breaker', () => {
  test('opens after faults in a row, refuses at once, probes one at a time, closes after good probes', async () => {
    let healthy = false
    const answer: Answer = (response, turn, key) => (healthy ? good : refuse(500))(response, turn, key)
    await using all = await yard(
      { a: answer },
      { breaker: { failures: 2, openMs: 80, halfOpenSuccesses: 2 } },
    )
    const call = () => all.orchestrator.chatApiCall({ model: 'a/m', messages })
    for (let turn = 0; turn < 2; turn++) await expect(call()).rejects.toMatchObject({ kind: 'server-failed' })
    await expect(call()).rejects.toMatchObject({
      kind: 'breaker-open',
      retryAfterMs: expect.any(Number) as number,
    })
    expect(all.turns).toHaveLength(2)
    expect(all.orchestrator.health()['a/m']).toMatchObject({ status: 'circuit-open', failed: 2 })
    healthy = true
    await new Promise((resolve) => setTimeout(resolve, 120))
    const outcomes = await Promise.allSettled([call(), call(), call()])
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected', 'rejected'])
    await call()
    await Promise.all([call(), call(), call()])
    expect(all.orchestrator.health()['a/m']?.status).toBe('healthy')
  })

  test("a caller's faults do not open it", async () => {
    await using all = await yard({ a: refuse(400) }, { breaker: { failures: 2 } })
    for (let turn = 0; turn < 4; turn++) {
      await expect(all.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
        kind: 'invalid-request',
      })
    }
    expect(all.turns).toHaveLength(4)
  })

  test('an open one is skipped where there is another target', async () => {
    await using all = await yard({ a: refuse(500), b: good }, { breaker: { failures: 1 }, fallback: ['b/m'] })
    for (let turn = 0; turn < 3; turn++) await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(all.turns).toEqual(['a', 'b', 'b', 'b'])
  })
})

describe('deployments', () => {
  test('share the calls by weight', async () => {
    await using all = await yard(
      { a: good, eu: good },
      { providers: { a: { weight: 1 }, eu: { extends: 'a', weight: 3 } } },
    )
    for (let turn = 0; turn < 200; turn++) await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    const share = all.turns.filter((id) => id === 'eu').length / 200
    expect(share).toBeGreaterThan(0.6)
    expect(share).toBeLessThan(0.9)
  })
})

describe('limits', () => {
  test('refuse with the layer and a true wait; a refusal takes nothing', async () => {
    await using all = await yard({ a: good }, { limits: { user: { requestsPerMinute: 60 }, burst: 1 / 30 } })
    const call = (userId: string) => all.orchestrator.chatApiCall({ model: 'a/m', messages, userId })
    await call('u1')
    await call('u1')
    await expect(call('u1')).rejects.toMatchObject({
      kind: 'limit-exceeded',
      scope: 'user',
      retryAfterMs: expect.any(Number) as number,
    })
    await call('u2')
    expect(all.turns).toHaveLength(3)
  })
})

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
  const goesOn = (id: string, url: string) =>
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
    await using all = await yard({ a: soon }, { quotas: {} })
    await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    const startedAt = performance.now()
    await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(performance.now() - startedAt).toBeGreaterThan(100)
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
