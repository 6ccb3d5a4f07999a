import { describe, expect, test } from 'vitest'
import { rejectionError, type Limiter } from '../../src/limits/index.ts'
import { passes, refusal, reservation, seeds, setUp } from './set-up.ts'

describe('figures', () => {
  test.each([
    ['one conversation: 15 pass', { user: 'u', conversation: 'c' }, 15, 'conversation'],
    ['no conversation: 30 pass', { user: 'u' }, 30, 'user'],
    ['an empty conversation id is none', { user: 'u', conversation: '' }, 30, 'user'],
    ['no ids: 90 pass', {}, 90, 'global'],
    ['a tag without a layer limits nothing', { tags: { ip: '10.0.0.1' } }, 90, 'global'],
  ])('%s', (_name, keys, expected, scope) => {
    const { ask } = setUp(seeds)
    expect(passes(ask, keys)).toBe(expected)
    expect(refusal(ask(keys, { tokens: 1 })).scope).toBe(scope)
  })

  test('15 000 tokens pass at once, 15 001 never do', () => {
    const { ask, clock } = setUp(seeds)
    const large = refusal(ask({ user: 'u' }, { tokens: 15_001 }))
    expect(large).toMatchObject({ reason: 'oversize', scope: 'user', unit: 'tokens', capacity: 15_000 })
    expect(large.retryAfterMs).toBeUndefined()
    expect(rejectionError(large).message).toMatch(/15001 tokens.*capacity of 15000/)
    expect(rejectionError(large).retryAfterMs).toBeUndefined()
    clock.advance(3_600_000)
    expect(ask({ user: 'u' }, { tokens: 15_001 }).granted).toBe(false)
    expect(ask({ user: 'u' }, { tokens: 15_000 }).granted).toBe(true)
    expect(refusal(ask({ user: 'u' }, { tokens: 1 }))).toMatchObject({ scope: 'user', unit: 'tokens' })
  })

  test.each([
    [{ requestsPerMinute: 60 }, 1.5, 90],
    [{ requestsPerMinute: 20 }, 1.15, 23],
    [{ requestsPerMinute: 7 }, 1.5, 10],
    [{ requestsPerMinute: 7, burst: 1 }, 1.5, 7],
    [{ requestsPerMinute: 0.5 }, 1, 1],
    [{ requestsPerMinute: 10 }, 0.1, 1],
    [{ requestsPerMinute: 1000 }, undefined, 1500],
  ])('%j with burst %s holds %d', (user, burst, capacity) => {
    const { ask } = setUp({ user, burst })
    expect(passes(ask, { user: 'u' })).toBe(capacity)
  })

  test('limits of users, conversations and tags are apart, one id from the other', () => {
    const { ask } = setUp({ user: { requestsPerMinute: 2 }, ip: { requestsPerMinute: 2 }, burst: 1 })
    expect(passes(ask, { user: 'a' })).toBe(2)
    expect(passes(ask, { user: 'b' })).toBe(2)
    expect(passes(ask, { tags: { ip: 'a' } })).toBe(2)
    expect(passes(ask, { user: 'c', tags: { ip: 'c', tenant: 'c' } })).toBe(2)
    expect(passes(ask, { user: 'c', tags: { tenant: 'c' } })).toBe(0)
    expect(passes(ask, { user: 'c' })).toBe(2)
    expect(passes(ask, { user: 'd', tags: { ip: 'c' } })).toBe(0)
  })

  test('ids cannot reach into another layer', () => {
    const { ask } = setUp({ a: { requestsPerMinute: 1 }, 'a/b': { requestsPerMinute: 1 }, burst: 1 })
    expect(passes(ask, { tags: { a: 'b/x' } })).toBe(1)
    expect(passes(ask, { tags: { 'a/b': 'x' } })).toBe(1)
  })

  test('no limits limit nothing', () => {
    const { ask } = setUp({})
    for (let call = 0; call < 1000; call++) expect(ask({ user: 'u' }).granted).toBe(true)
  })
})

describe('a refusal', () => {
  test('takes nothing anywhere: the layers before it are as they were', async () => {
    const { ask, limiter } = setUp(seeds)
    passes(ask, { user: 'u', conversation: 'c' })
    const before = await limiter.snapshot({ user: 'u', conversation: 'c' })
    for (let call = 0; call < 50; call++) expect(ask({ user: 'u', conversation: 'c' }).granted).toBe(false)
    expect(await limiter.snapshot({ user: 'u', conversation: 'c' })).toEqual(before)
    expect(passes(ask, { user: 'u' })).toBe(15)
  })

  test('says when all layers could pay, and then they can', () => {
    const { ask, clock } = setUp(seeds)
    passes(ask, { user: 'u', conversation: 'c' })
    const {
      retryAfterMs = 0,
      available,
      needed,
      limit,
    } = refusal(ask({ user: 'u', conversation: 'c' }, { tokens: 1 }))
    expect({ retryAfterMs, available, needed, limit }).toEqual({
      retryAfterMs: 6000,
      available: 0,
      needed: 1,
      limit: 10,
    })
    clock.advance(retryAfterMs - 1)
    expect(refusal(ask({ user: 'u', conversation: 'c' }, { tokens: 1 })).retryAfterMs).toBe(1)
    clock.advance(1)
    expect(ask({ user: 'u', conversation: 'c' }, { tokens: 1 }).granted).toBe(true)
  })

  test('names the first layer that refuses, and the wait of the slowest', () => {
    const { ask } = setUp({
      global: { requestsPerMinute: 60 },
      user: { requestsPerMinute: 1 },
      burst: 1,
    })
    for (let user = 0; user < 60; user++) ask({ user: `u${user}` })
    expect(refusal(ask({ user: 'u0' }))).toMatchObject({ scope: 'global', retryAfterMs: 60_000 })
  })

  test('becomes an error with its scope and the numbers, and no id', () => {
    const { ask } = setUp(seeds)
    passes(ask, { user: 'sam@example.org' })
    const error = rejectionError(refusal(ask({ user: 'sam@example.org' }, { tokens: 1 })))
    expect(error).toMatchObject({ kind: 'limit-exceeded', scope: 'user', retryAfterMs: 3000 })
    expect(error.message).toBe(
      'user limit of 20 requests per minute, 30 at once: 0 left, 1 needed; try again in 3 s',
    )
  })
})

describe('tokens of a call', () => {
  const limits = { user: { tokensPerMinute: 10_000 }, burst: 1 }

  test.each([
    [{ inputTokens: 200, maxTokens: 300 }, 500],
    [{ inputTokens: 200 }, 1224],
    [{}, 1024],
    [{ tokens: 0, inputTokens: 200, maxTokens: 300 }, 0],
    [{ tokens: 42 }, 42],
  ])('%j books %d', (charge, tokens) => {
    expect(reservation(setUp(limits).ask({ user: 'u' }, charge)).tokens).toBe(tokens)
  })

  test('the default for the answer is configured, and never makes a call too large', () => {
    const { ask } = setUp({ user: { tokensPerMinute: 1000 }, burst: 1, defaultMaxTokens: 4000 })
    expect(reservation(ask({ user: 'a' }, { inputTokens: 300 })).tokens).toBe(1000)
    expect(reservation(ask({}, { inputTokens: 300 })).tokens).toBe(4300)
    expect(refusal(ask({ user: 'b' }, { inputTokens: 1001 })).reason).toBe('oversize')
    expect(refusal(ask({ user: 'b' }, { inputTokens: 1, maxTokens: 1000 })).reason).toBe('oversize')
  })

  test.each([
    { tokens: Number.NaN },
    { tokens: -1 },
    { inputTokens: Infinity },
    { requests: -1 },
    { costUsd: -1 },
  ])('%j is refused as it is', (charge) => {
    const { ask } = setUp({ ...limits, global: { requestsPerMinute: 1 } })
    expect(() => ask({ user: 'u' }, charge)).toThrow(/takes a number of 0 or more/)
  })
})

describe('settlement', () => {
  const limits = { user: { tokensPerMinute: 1000, requestsPerMinute: 100 }, burst: 1 }
  const left = async (limiter: Limiter): Promise<{ requests: number; tokens: number }> => {
    const { buckets } = await limiter.snapshot({ user: 'u' })
    const of = (unit: string): number =>
      buckets.find((bucket) => bucket.unit === unit)?.available ?? Number.NaN
    return { requests: of('requests'), tokens: of('tokens') }
  }

  test.each([
    ['measured less: gives back', { totalTokens: 100 }, 900],
    ['measured nothing: gives all back', { totalTokens: 0 }, 1000],
    ['measured more: charges more', { totalTokens: 900 }, 100],
    ['measured far more: below zero', { totalTokens: 2500 }, -1500],
    ['estimated less: gives back', { totalTokens: 100, estimated: true }, 900],
    ['estimated more: charges more', { totalTokens: 700, estimated: true }, 300],
    ['unknown: keeps what was booked', undefined, 400],
    ['broken figures count as unknown', { totalTokens: Number.NaN }, 400],
    ['negative figures count as unknown', { totalTokens: -5 }, 400],
  ])('%s', async (_name, usage, tokens) => {
    const { ask, limiter } = setUp(limits)
    reservation(ask({ user: 'u' }, { tokens: 600 })).settle(usage)
    expect(await left(limiter)).toEqual({ requests: 99, tokens })
  })

  test('happens once, whatever comes after', async () => {
    const { ask, limiter } = setUp(limits)
    const held = reservation(ask({ user: 'u' }, { tokens: 600 }))
    held.settle({ totalTokens: 500 })
    held.settle({ totalTokens: 0 })
    held.release()
    held.release()
    expect(await left(limiter)).toEqual({ requests: 99, tokens: 500 })
    expect(limiter.stats()).toMatchObject({ granted: 1, open: 0 })
  })

  test('release gives back everything, the request too', async () => {
    const { ask, limiter } = setUp(limits)
    const held = reservation(ask({ user: 'u' }, { tokens: 600 }))
    expect(limiter.stats().open).toBe(1)
    held.release()
    held.settle({ totalTokens: 600 })
    expect(await left(limiter)).toEqual({ requests: 100, tokens: 1000 })
    expect(limiter.user('u')).toMatchObject({ requests: 0, tokens: 0 })
  })

  test('a bucket in debt refuses until refill has paid the debt', () => {
    const { ask, clock } = setUp(limits)
    reservation(ask({ user: 'u' }, { tokens: 600 })).settle({ totalTokens: 2500 })
    expect(refusal(ask({ user: 'u' }, { tokens: 500 })).retryAfterMs).toBe(120_000)
    clock.advance(120_000)
    expect(ask({ user: 'u' }, { tokens: 500 }).granted).toBe(true)
  })

  test('a long call gives back no refill that others have used', () => {
    const { ask, clock } = setUp(limits)
    const long = reservation(ask({ user: 'u' }, { tokens: 1000 }))
    clock.advance(60_000)
    expect(ask({ user: 'u' }, { tokens: 1000 }).granted).toBe(true)
    long.settle({ totalTokens: 1 })
    expect(ask({ user: 'u' }, { tokens: 1 }).granted).toBe(false)
  })
})

describe('under concurrency', () => {
  test('663 calls at once get exactly what the token limit holds', async () => {
    const { limiter } = setUp({ user: { tokensPerMinute: 100_000 }, burst: 1 })
    const answers = await Promise.allSettled(
      Array.from({ length: 663 }, async () =>
        limiter.reserveOrWait({ user: 'u' }, { inputTokens: 200, maxTokens: 800 }),
      ),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(100)
  })

  test('663 calls at once get exactly what the request limit holds, in the smallest layer', async () => {
    const { limiter } = setUp({ ...seeds, user: { requestsPerMinute: 40 } })
    const answers = await Promise.allSettled(
      Array.from({ length: 663 }, async (_, call) =>
        limiter.reserveOrWait({ user: `u${call % 2}`, conversation: `c${call % 100}` }, { tokens: 1 }),
      ),
    )
    expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(90)
    expect(limiter.stats()).toMatchObject({ granted: 90, refused: 573, refusedBy: { global: 573 }, open: 90 })
  })
})

describe('no drift', () => {
  test.each([17.3, 133.7, 599.9, 899.3, 900, 1000])('polled every %s ms for an hour', (stepMs) => {
    const { ask, clock } = setUp({ user: { requestsPerMinute: 100 }, burst: 1 })
    let granted = passes(ask, { user: 'u' })
    for (let passed = stepMs; passed <= 3_600_000 + 1e-6; passed += stepMs) {
      clock.advance(stepMs)
      if (ask({ user: 'u' }).granted) granted++
    }
    // What is asked for less than once per refill cannot be granted more often than it is asked for.
    const most = 100 + Math.floor(3_600_000 / Math.max(600, stepMs))
    expect(granted).toBeGreaterThanOrEqual(Math.floor(most * 0.9999) - 1)
    expect(granted).toBeLessThanOrEqual(100 + 6000)
  })

  test('odd limits reach their count over an hour, asked at the moment each refusal named', () => {
    const { ask, clock } = setUp({ user: { requestsPerMinute: 7 }, burst: 1 })
    let granted = 0
    while (clock.now() <= 3_600_000) {
      const answer = ask({ user: 'u' })
      if (answer.granted) granted++
      else clock.advance(answer.retryAfterMs ?? 0)
    }
    expect(granted).toBe(7 + 420)
  })
})
