import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createHealthMonitor } from 'llm-switchyard/resilience'
import { type HealthChange } from 'llm-switchyard/resilience'
import { createFakeClock, createFakeProvider, fakeFetch } from 'llm-switchyard/testing'
import { good, messages, refuse, yard, type Answer } from './yard.ts'

const attemptsOf = (error: unknown): (string | undefined)[] =>
  LlmError.is(error) ? (error.attempts ?? []).map((attempt) => attempt.error?.kind) : ['no error']

describe('several keys, without retry', () => {
  test("each has one try; a provider's fault is none of a key", async () => {
    await using all = await yard(
      { a: refuse(500) },
      { providers: { a: { apiKey: ['one', 'two', 'three'] } } },
    )
    const error = await all.orchestrator.chatApiCall({ model: 'a/m', messages }).catch((e: unknown) => e)
    expect(attemptsOf(error)).toEqual(['server-failed'])
  })

  test('all of them are tried before the fallback, and the keys of the fallback too', async () => {
    const keys: string[] = []
    const dead: Answer = (response, turn, key) => {
      keys.push(key)
      refuse(401)(response, turn, key)
    }
    await using all = await yard(
      { a: dead, b: dead, c: good },
      { providers: { a: { apiKey: ['a1', 'a2'] }, b: { apiKey: ['b1', 'b2'] } }, fallback: ['b/m', 'c/m'] },
    )
    const reply = await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(keys).toEqual(['Bearer a1', 'Bearer a2', 'Bearer b1', 'Bearer b2'])
    expect(reply.attempts?.map(({ provider }) => provider)).toEqual(['a', 'a', 'b', 'b', 'c'])
  })

  test("a refused key is not tried twice in one call, and the request's own key is none of them", async () => {
    await using all = await yard(
      { a: refuse(401) },
      { providers: { a: { apiKey: ['a1', 'a2'] } }, retry: { attempts: 9 } },
    )
    const error = await all.orchestrator.chatApiCall({ model: 'a/m', messages }).catch((e: unknown) => e)
    expect(attemptsOf(error)).toEqual(['unauthorized', 'unauthorized'])
    const own = await all.orchestrator
      .chatApiCall({ model: 'a/m', messages, apiKey: 'mine' })
      .catch((e: unknown) => e)
    expect(attemptsOf(own)).toEqual(['unauthorized'])
  })
})

describe('tries', () => {
  test('a retry takes none of the tries that three fallbacks need', async () => {
    const faulty = { a: refuse(503), b: refuse(503), c: refuse(503), d: good }
    const fallback = ['b/m', 'c/m', 'd/m']
    await using all = await yard(faulty, { fallback, retry: { attempts: 5, backoffMs: 1 } })
    const reply = await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(reply.attempts?.map(({ provider }) => provider)).toEqual(['a', 'a', 'b', 'c', 'd'])
    await using few = await yard(faulty, { fallback, retry: { attempts: 2, backoffMs: 1 } })
    await expect(few.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
      attempts: [{ provider: 'a' }, { provider: 'b' }],
    })
  })

  test("a caller's fault at the fallback ends the call with that", async () => {
    await using all = await yard({ a: refuse(500), b: refuse(400), c: good }, { fallback: ['b/m', 'c/m'] })
    await expect(all.orchestrator.chatApiCall({ model: 'a/m', messages })).rejects.toMatchObject({
      kind: 'invalid-request',
      provider: 'b',
      attempts: [{ error: { kind: 'server-failed' } }, { error: { kind: 'invalid-request' } }],
    })
  })

  test('a whole answer that stops in the middle is ended by idleMs, and one that is slow to begin is not', async () => {
    const half: Answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write('{"choices":[{"mess')
    }
    const slow: Answer = (response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.flushHeaders()
      const body = { choices: [{ message: { role: 'assistant', content: 'Slow' }, finish_reason: 'stop' }] }
      setTimeout(() => response.end(JSON.stringify(body)), 400)
    }
    await using all = await yard({ a: half, b: slow }, { fallback: ['b/m'], timeouts: { idleMs: 150 } })
    const reply = await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(reply).toMatchObject({
      text: 'Slow',
      attempts: [{ error: { kind: 'timeout' } }, { provider: 'b' }],
    })
  })
})

describe('breakers', () => {
  test('turn half-open by the clock that was given, and probe once', async () => {
    const clock = createFakeClock()
    let healthy = false
    const fetch: typeof globalThis.fetch = (url, init) =>
      fakeFetch(healthy ? 'Hi' : { error: 'server-failed' })(url, init)
    const orchestrator = createOrchestrator({
      clock,
      providers: { openai: { apiKey: 'k', fetch } },
      breaker: { failures: 2, openMs: 60_000, halfOpenSuccesses: 1 },
    })
    const call = () => orchestrator.chatApiCall({ model: 'openai/m', messages })
    for (const _ of [1, 2]) await expect(call()).rejects.toMatchObject({ kind: 'server-failed' })
    clock.advance(59_999)
    await expect(call()).rejects.toMatchObject({ kind: 'breaker-open', retryAfterMs: 1 })
    clock.advance(1)
    healthy = true
    const outcomes = await Promise.allSettled([call(), call()])
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected'])
    expect(orchestrator.health()['openai/m']?.status).toBe('degraded')
    await orchestrator.close()
    expect(clock.pending).toBe(0)
  })

  test('that are open everywhere answer before anyone waits, and take nothing from a limit', async () => {
    await using all = await yard(
      { a: refuse(500), b: refuse(500), slow: () => undefined },
      {
        fallback: ['b/m'],
        breaker: { failures: 1, openMs: 60_000 },
        queue: { concurrency: 1 },
        limits: { global: { requestsPerMinute: 100 }, burst: 1 },
      },
    )
    const call = (model: string) =>
      all.orchestrator.chatApiCall({ model, messages, fallback: model === 'slow/m' ? [] : ['b/m'] })
    await expect(call('a/m')).rejects.toMatchObject({ kind: 'server-failed' })
    const held = call('slow/m').catch((error: unknown) => error)
    await expect.poll(() => all.turns).toContain('slow')
    const before = await all.orchestrator.limiter?.snapshot({})
    const error = await call('a/m').catch((e: unknown) => e)
    expect(error).toMatchObject({ kind: 'breaker-open', retryAfterMs: expect.any(Number) as number })
    const after = await all.orchestrator.limiter?.snapshot({})
    expect(after?.buckets[0]?.available).toBeGreaterThanOrEqual(before?.buckets[0]?.available ?? 99)
    expect(all.orchestrator.stats().queue).toMatchObject({ running: 1, pending: 0 })
    await all.orchestrator.close({ drainMs: 0 })
    await held
  })
})

describe('a fallback under perProvider', () => {
  test('counts for the provider that it goes to', async () => {
    await using provider = await createFakeProvider({ script: { text: 'Late', pacing: { firstMs: 150 } } })
    const deployment = { extends: 'openai', apiKey: 'k', baseUrl: provider.baseUrl('openai-chat') }
    let running = 0
    let most = 0
    const counted: typeof globalThis.fetch = async (url, init) => {
      most = Math.max(most, ++running)
      return globalThis.fetch(url, init).finally(() => running--)
    }
    const orchestrator = createOrchestrator({
      providers: {
        a: { extends: 'openai', apiKey: 'k', fetch: fakeFetch({ error: 'server-failed' }) },
        b: { ...deployment, fetch: counted },
      },
      fallback: ['b/m'],
      queue: { concurrency: 10, perProvider: { b: 1, a: 10 } },
    })
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => orchestrator.chatApiCall({ model: 'a/m', messages })),
    )
    expect(replies.map(({ provider: id }) => id)).toEqual(['b', 'b', 'b', 'b'])
    expect(most).toBe(1)
    expect(orchestrator.stats().queue).toMatchObject({ running: 0, pending: 0 })
    await orchestrator.close()
  })
})

describe('budgets in USD', () => {
  const costUsd = (
    { inputTokens, outputTokens }: { inputTokens: number; outputTokens: number },
    { model }: { model: string },
  ) => (model === 'unknown' ? null : (inputTokens + outputTokens) / 1_000)
  const make = (costs: typeof costUsd | undefined, unknownCost?: number) =>
    createOrchestrator({
      providers: {
        openai: {
          apiKey: 'k',
          fetch: fakeFetch({ text: 'Hi', usage: { inputTokens: 40, outputTokens: 60 } }),
        },
      },
      costUsd: costs,
      limits: { budgets: [{ scope: 'user', per: 'day', costUsd: 1, unknownCost }] },
    })
  const call = (orchestrator: ReturnType<typeof make>, model = 'm', maxTokens = 500) =>
    orchestrator.chatApiCall({ model: `openai/${model}`, messages, userId: 'u', maxTokens })
  const used = async (orchestrator: ReturnType<typeof make>) =>
    (await orchestrator.limiter?.snapshot({ user: 'u' }))?.budgets[0]?.used

  test('hold the dearest that a call may be, and settle with what it was', async () => {
    const orchestrator = make(costUsd)
    await call(orchestrator)
    expect(await used(orchestrator)).toBeCloseTo(0.1)
    const many = await Promise.allSettled([call(orchestrator), call(orchestrator), call(orchestrator)])
    // 0.1 + 0.5 fits; 0.5 more does not, until the first is settled.
    expect(many.filter(({ status }) => status === 'rejected')).toHaveLength(2)
    expect(await used(orchestrator)).toBeCloseTo(0.2)
    await expect(call(orchestrator, 'm', 5_000)).rejects.toMatchObject({
      kind: 'limit-exceeded',
      scope: 'user',
    })
  })

  test('refuse a call of unknown price, or book what was said', async () => {
    await expect(call(make(undefined))).rejects.toMatchObject({ kind: 'limit-exceeded' })
    await expect(call(make(costUsd), 'unknown')).rejects.toMatchObject({ kind: 'limit-exceeded' })
    const generous = make(costUsd, 0.25)
    await call(generous, 'unknown')
    expect(await used(generous)).toBeCloseTo(0.25)
  })

  test('a failed call costs nothing where the provider refused it', async () => {
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'k', fetch: fakeFetch({ error: 'invalid-request' }) } },
      costUsd,
      limits: { budgets: [{ scope: 'user', per: 'day', costUsd: 1 }] },
    })
    await call(orchestrator).catch(() => undefined)
    expect(await used(orchestrator)).toBe(0)
  })
})

describe('the health monitor', () => {
  test('tells changes, by the clock or when told to look; stopped it leaves no timer', async () => {
    const clock = createFakeClock()
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'k', fetch: fakeFetch({ error: 'server-failed' }) } },
    })
    const changes: HealthChange[] = []
    const monitor = createHealthMonitor(orchestrator, { clock, onChange: (change) => changes.push(change) })
    monitor.start()
    monitor.start()
    expect(clock.pending).toBe(1)
    await orchestrator.chatApiCall({ model: 'openai/m', messages }).catch(() => undefined)
    expect(changes).toEqual([])
    clock.advance(30_000)
    expect(changes).toMatchObject([{ target: 'openai/m', from: undefined, to: 'degraded' }])
    clock.advance(120_000)
    expect(changes).toHaveLength(1)
    monitor.stop()
    expect([clock.pending, monitor.running]).toEqual([0, false])
    expect(monitor.tick()['openai/m']).toMatchObject({ status: 'degraded', failed: 1 })
  })
})

describe('quotas of several keys', () => {
  test('a key that is used up holds back its own calls only', async () => {
    const keys: string[] = []
    const answer: Answer = (response, turn, key) => {
      keys.push(key)
      const spent = {
        'x-ratelimit-limit-requests': '100',
        'x-ratelimit-remaining-requests': '0',
        'x-ratelimit-reset-requests': '60s',
      }
      for (const [name, value] of Object.entries(key.endsWith('one') ? spent : {}))
        response.setHeader(name, value)
      good(response, turn, key)
    }
    await using all = await yard(
      { a: answer },
      { providers: { a: { apiKey: ['one', 'two'] } }, quotas: { maxWaitMs: 0 } },
    )
    for (let turn = 0; turn < 4; turn++) await all.orchestrator.chatApiCall({ model: 'a/m', messages })
    expect(keys).toEqual(['Bearer one', 'Bearer two', 'Bearer two', 'Bearer two'])
  })
})

describe('the deadline of a call', () => {
  test('runs on while a limit makes it wait: the queue knows what is left', async () => {
    const clock = createFakeClock()
    const orchestrator = createOrchestrator({
      clock,
      providers: { openai: { apiKey: 'k', fetch: fakeFetch({ text: 'Hi', pacing: { firstMs: 1 } }) } },
      timeouts: { totalMs: 5_000 },
      limits: { user: { requestsPerMinute: 60 }, burst: 1 / 60, waitMs: 10_000 },
      queue: { concurrency: 1 },
    })
    const hold = await orchestrator.queue?.acquire({})
    const calls = ['u', 'u'].map((userId) =>
      orchestrator.chatApiCall({ model: 'openai/m', messages, userId }).catch((error: unknown) => error),
    )
    await clock.advanceAsync(1_000)
    expect(orchestrator.queue?.status()).toMatchObject({ running: 1, pending: 2 })
    await clock.advanceAsync(3_999)
    expect(orchestrator.queue?.status().pending).toBe(2)
    await clock.advanceAsync(1)
    // Both end at five seconds from their own start, however long the limit held them.
    for (const error of await Promise.all(calls)) expect(error).toMatchObject({ kind: 'timeout' })
    hold?.release()
    await orchestrator.close()
  })
})
