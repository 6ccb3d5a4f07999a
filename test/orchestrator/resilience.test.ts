import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError, type Fallback, type OrchestratorEvent } from 'llm-switchyard'
import { createFakeClock } from 'llm-switchyard/testing'
import { serve, SSE, text } from '../loopback.ts'
import { patience, until } from '../patience.ts'
import { good, messages, refuse, yard, type Answer, type Yard } from './yard.ts'

describe('the order of fallbacks', () => {
  /** After calls that made `worn` degraded, `slow` slow and `fast` fast. */
  async function known(): Promise<Yard> {
    const clock = createFakeClock()
    const after =
      (ms: number): Answer =>
      (response) => {
        clock.advance(ms)
        good(response, 0, '')
      }
    const worn: Answer = (response, turn) => (turn < 3 ? refuse(500) : good)(response, turn, '')
    const all = await yard({ asked: refuse(500), worn, slow: after(200), fast: after(5) }, { clock })
    for (const model of ['worn/m', 'worn/m', 'worn/m', 'slow/m', 'fast/m'])
      await all.orchestrator.chatApiCall({ model, messages }).catch(() => undefined)
    all.turns.length = 0
    return all
  }

  test.each<[string, Fallback, string]>([
    ['a list', ['worn/m', 'slow/m', 'fast/m'], 'worn'],
    ['written', { targets: ['slow/m', 'fast/m'], order: 'written' }, 'slow'],
    ['written is the default', { targets: ['slow/m', 'fast/m'] }, 'slow'],
    [
      'health: a healthy one before a degraded one',
      { targets: ['worn/m', 'slow/m'], order: 'health' },
      'slow',
    ],
    ['health: the fastest', { targets: ['worn/m', 'slow/m', 'fast/m'], order: 'health' }, 'fast'],
    ['health: a degraded one, if there is no other', { targets: ['worn/m'], order: 'health' }, 'worn'],
  ])('%s', async (_name, fallback, next) => {
    await using all = await known()
    await all.orchestrator.chatApiCall({ model: 'asked/m', messages, fallback })
    expect(all.turns).toEqual(['asked', next])
  })

  test('names the wrong field of the long form', () => {
    const targets = ['nowhere/m']
    const order = 'quickest' as 'health'
    expect(() => createOrchestrator({ fallback: { targets } })).toThrow('fallback.targets.0 "nowhere/m"')
    expect(() => createOrchestrator({ fallback: { targets: [], order } })).toThrow('fallback.order')
  })
})

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
      { fallback: ['b/m'], timeouts: { firstContentMs: 600 * patience } },
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
    const events: OrchestratorEvent[] = []
    const onEvent = (event: OrchestratorEvent): void => void events.push(event)
    await using all = await yard({ a: refuse(503, { 'retry-after': '30' }) }, { retry: {}, onEvent })
    const controller = new AbortController()
    const waiting = all.orchestrator.chatApiCall({ model: 'a/m', messages, signal: controller.signal })
    await until(() => events.length > 0)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ kind: 'aborted' })
    expect(all.turns).toEqual(['a'])
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
    const clock = createFakeClock()
    let healthy = false
    const answer: Answer = (response, turn, key) => (healthy ? good : refuse(500))(response, turn, key)
    await using all = await yard(
      { a: answer },
      { breaker: { failures: 2, openMs: 80, halfOpenSuccesses: 2 }, clock },
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
    clock.advance(80)
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

  test('a conversation stays with its deployment while that answers, and the weights hold over conversations', async () => {
    const providers = { a: { weight: 1 }, eu: { extends: 'a', weight: 3 } }
    await using all = await yard({ a: good, eu: good }, { providers })
    const first: string[] = []
    for (let chat = 0; chat < 60; chat++) {
      const from = all.turns.length
      for (let turn = 0; turn < 3; turn++)
        await all.orchestrator.chatApiCall({ model: 'a/m', messages, conversationId: `chat-${chat}` })
      const own = new Set(all.turns.slice(from))
      expect(own.size).toBe(1)
      first.push(...own)
    }
    const share = first.filter((id) => id === 'eu').length / first.length
    expect(share).toBeGreaterThan(0.5)
    expect(share).toBeLessThan(1)
  })

  test('a conversation keeps its key, leaves a rejected one, and other conversations have others', async () => {
    const used: string[] = []
    const answer: Answer = (response, turn, key) => {
      used.push(key)
      if (key === 'Bearer dead') refuse(401)(response, turn, key)
      else good(response, turn, key)
    }
    const apiKey = ['dead', 'one', 'two', 'three']
    await using all = await yard({ a: answer }, { providers: { a: { apiKey } } })
    const kept = new Set<string | undefined>()
    for (let chat = 0; chat < 20; chat++) {
      const ask = () => all.orchestrator.chatApiCall({ model: 'a/m', messages, conversationId: `c${chat}` })
      await ask()
      const key = used.at(-1)
      const from = used.length
      for (let turn = 0; turn < 3; turn++) await ask()
      expect(used.slice(from)).toEqual([key, key, key])
      kept.add(key)
    }
    expect(kept.size).toBe(3)
    expect(used.filter((key) => key === 'Bearer dead').length).toBeLessThan(2)
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
