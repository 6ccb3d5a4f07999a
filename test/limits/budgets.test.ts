import { describe, expect, test } from 'vitest'
import { rejectionError, type LimitsConfig } from '../../src/limits/index.ts'
import { passes, refusal, reservation, setUp } from './set-up.ts'

describe('budgets', () => {
  const million: LimitsConfig = { budgets: [{ scope: 'user', per: 'month', tokens: 1_000_000 }] }

  test('are a hard stop: the call that would pass them is refused until the period ends', () => {
    const { ask, clock } = setUp(million)
    expect(passes(ask, { user: 'u' }, { tokens: 100_000 })).toBe(10)
    const error = rejectionError(refusal(ask({ user: 'u' }, { tokens: 1 })))
    expect(error).toMatchObject({ kind: 'limit-exceeded', scope: 'user' })
    expect(error.message).toMatch(/^user budget of 1000000 tokens per month: 0 left, 1 needed; try again in/)
    expect(ask({ user: 'v' }, { tokens: 1 }).granted).toBe(true)
    clock.advance(error.retryAfterMs ?? 0)
    expect(new Date(clock.epochMs()).toISOString()).toBe('2023-12-01T00:00:00.000Z')
    expect(ask({ user: 'u' }, { tokens: 1 }).granted).toBe(true)
  })

  test('are settled like buckets, in the period they were booked in', () => {
    const { ask, clock } = setUp({ budgets: [{ scope: 'global', per: 'hour', tokens: 1000 }] })
    const early = reservation(ask({}, { tokens: 800 }))
    expect(ask({}, { tokens: 300 }).granted).toBe(false)
    reservation(ask({}, { tokens: 200 })).settle({ totalTokens: 50 })
    expect(ask({}, { tokens: 150 }).granted).toBe(true)
    clock.advance(3_600_000)
    expect(ask({}, { tokens: 700 }).granted).toBe(true)
    early.settle({ totalTokens: 0 })
    expect(refusal(ask({}, { tokens: 400 })).available).toBe(300)
  })

  test('count requests', () => {
    const { ask } = setUp({ budgets: [{ scope: 'tenant', per: 'day', requests: 3 }] })
    expect(passes(ask, { tags: { tenant: 't' } })).toBe(3)
    expect(ask({ user: 'u' }).granted).toBe(true)
  })

  test('count money, never as 0 where the price is not known', async () => {
    const { ask, limiter } = setUp({ budgets: [{ scope: 'user', per: 'day', costUsd: 1 }] })
    const unknown = refusal(ask({ user: 'u' }, { costUsd: null }))
    expect(unknown).toMatchObject({ reason: 'unknown-cost', scope: 'user' })
    expect(rejectionError(unknown).message).toMatch(
      /budget of 1 USD per day: the price of this call is not known/,
    )
    const used = async (): Promise<number | undefined> =>
      (await limiter.snapshot({ user: 'u' })).budgets[0]?.used
    reservation(ask({ user: 'u' }, { costUsd: 0.4 })).settle({ totalTokens: 9 }, 0.15)
    expect(await used()).toBeCloseTo(0.15, 12)
    reservation(ask({ user: 'u' }, { costUsd: 0.4 })).settle({ totalTokens: 9 }, null)
    expect(await used()).toBeCloseTo(0.55, 12)
    reservation(ask({ user: 'u' }, { costUsd: 0.4 })).settle({ totalTokens: 9, estimated: true }, 0.01)
    expect(await used()).toBeCloseTo(0.56, 12)
    expect(refusal(ask({ user: 'u' }, { costUsd: 0.45 })).unit).toBe('cost')
    expect(refusal(ask({ user: 'u' }, { costUsd: 1.01 })).reason).toBe('oversize')
  })

  test('an unknown price may be booked as an amount instead', () => {
    const { ask } = setUp({ budgets: [{ scope: 'user', per: 'day', costUsd: 1, unknownCost: 0.25 }] })
    expect(passes(ask, { user: 'u' }, {})).toBe(4)
  })

  test('typical reservations follow what calls really used', () => {
    const books = (reserve: 'typical' | 'worst-case'): number => {
      const { ask } = setUp({ budgets: [{ scope: 'user', per: 'day', costUsd: 25, reserve }] })
      const first = reservation(ask({ user: 'u' }, { costUsd: 9 }))
      first.settle({ totalTokens: 1 }, 0.09)
      return passes(ask, { user: 'u' }, { costUsd: 9 })
    }
    expect(books('worst-case')).toBe(2)
    expect(books('typical')).toBe(221)
  })

  test('a refused budget takes nothing from buckets', () => {
    const { ask } = setUp({
      user: { requestsPerMinute: 10 },
      burst: 1,
      budgets: [{ scope: 'user', per: 'day', tokens: 5 }],
    })
    expect(passes(ask, { user: 'u' }, { tokens: 5 })).toBe(1)
    for (let call = 0; call < 30; call++) ask({ user: 'u' }, { tokens: 1 })
    expect(passes(ask, { user: 'u' }, { tokens: 0 })).toBe(9)
  })
})
