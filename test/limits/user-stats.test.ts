import { describe, expect, test } from 'vitest'
import { reservation, seeds, setUp } from './set-up.ts'

describe('snapshot, figures and reset', () => {
  test('say what is left, what a user did, and refill', async () => {
    const { ask, limiter, clock } = setUp({
      ...seeds,
      budgets: [{ scope: 'user', per: 'day', tokens: 50_000 }],
    })
    reservation(ask({ user: 'u', conversation: 'c' }, { tokens: 3000 })).settle({ totalTokens: 1000 })
    reservation(ask({ user: 'u', conversation: 'd' }, { tokens: 2000 }))
    const snapshot = await limiter.snapshot({ user: 'u', conversation: 'c' })
    expect(snapshot.buckets).toEqual([
      { scope: 'global', unit: 'requests', limit: 60, capacity: 90, available: 88, fullInMs: 2000 },
      { scope: 'user', unit: 'requests', limit: 20, capacity: 30, available: 28, fullInMs: 6000 },
      { scope: 'conversation', unit: 'requests', limit: 10, capacity: 15, available: 14, fullInMs: 6000 },
      { scope: 'user', unit: 'tokens', limit: 10_000, capacity: 15_000, available: 12_000, fullInMs: 18_000 },
    ])
    expect(snapshot.budgets).toMatchObject([
      { scope: 'user', unit: 'tokens', per: 'day', limit: 50_000, used: 3000 },
    ])
    expect(snapshot.user).toEqual({
      requests: 2,
      tokens: 3000,
      lastAt: clock.epochMs(),
      lastMinute: { requests: 2, tokens: 3000 },
      conversations: { c: 1, d: 1 },
    })
    await limiter.reset({ user: 'u' })
    const after = await limiter.snapshot({ user: 'u', conversation: 'd' })
    expect(after.buckets.map(({ available }) => available)).toEqual([88, 30, 15, 15_000])
    expect(after.budgets[0]?.used).toBe(3000)
    await limiter.reset({ user: 'u' }, { budgets: true })
    expect((await limiter.snapshot({ user: 'u' })).budgets[0]?.used).toBe(0)
    await limiter.reset({})
    expect((await limiter.snapshot({})).buckets[0]?.available).toBe(90)
  })

  test('figures of the last minute forget, totals do not', () => {
    const { ask, limiter, clock } = setUp(seeds)
    ask({ user: 'u' }, { tokens: 10 })
    clock.advance(50_000)
    ask({ user: 'u' }, { tokens: 20 })
    expect(limiter.user('u')?.lastMinute).toEqual({ requests: 2, tokens: 30 })
    clock.advance(15_000)
    expect(limiter.user('u')).toMatchObject({
      requests: 2,
      tokens: 30,
      lastAt: clock.epochMs() - 15_000,
      lastMinute: { requests: 1, tokens: 20 },
    })
    clock.advance(86_400_000)
    expect(limiter.user('u')?.lastMinute).toEqual({ requests: 0, tokens: 0 })
    expect(limiter.user('nobody')).toBeUndefined()
  })

  test('figures are kept for a bounded number of users and conversations', () => {
    const { ask, limiter } = setUp({ trackedUsers: 100 })
    for (let user = 0; user < 5000; user++) {
      ask({ user: 'regular', conversation: `c${user}` })
      ask({ user: `u${user}` })
    }
    const known = Array.from({ length: 5000 }, (_, user) => limiter.user(`u${user}`)).filter(Boolean)
    expect(known.length).toBeGreaterThanOrEqual(49)
    expect(known.length).toBeLessThan(100)
    expect(limiter.user('regular')?.requests).toBe(5000)
    expect(Object.keys(limiter.user('regular')?.conversations ?? {})).toHaveLength(100)
    const untracked = setUp({ trackedUsers: 0 })
    untracked.ask({ user: 'u' })
    expect(untracked.limiter.user('u')).toBeUndefined()
  })

  test('every decision is reported, with its numbers', () => {
    const { ask, events } = setUp({ user: { requestsPerMinute: 1, tokensPerMinute: 100 }, burst: 1 })
    const keys = { user: 'u' }
    reservation(ask(keys, { tokens: 80 })).settle({ totalTokens: 30 })
    const refused = ask(keys, { tokens: 1 })
    expect(events).toEqual([
      { type: 'granted', keys, tokens: 80, waitMs: 0 },
      { type: 'settled', reserved: 80, tokens: 30, estimated: false },
      { type: 'refused', keys, refusal: refused },
    ])
  })
})
