import { describe, expect, test } from 'vitest'
import { createProviderQuota, type QuotaAnswer, type QuotaCharge } from '../../src/limits/index.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'

function setUp(maxAgeMs?: number) {
  const clock = createFakeClock({ epochMs: Date.UTC(2026, 4, 6) })
  const quota = createProviderQuota({ clock, maxAgeMs })
  const answer = (headers: Record<string, string>, rest: Partial<QuotaAnswer> = {}): QuotaAnswer => ({
    status: 200,
    header: (name) => headers[name],
    ...rest,
  })
  /** A call that is answered at once. */
  const call = (headers: Record<string, string>, rest?: Partial<QuotaAnswer>, charge?: QuotaCharge): void =>
    quota.send('t', charge).onResponse(answer(headers, rest))
  return { clock, quota, answer, call }
}
const requests = (limit: number, remaining: number, reset: string): Record<string, string> => ({
  'x-ratelimit-limit-requests': String(limit),
  'x-ratelimit-remaining-requests': String(remaining),
  'x-ratelimit-reset-requests': reset,
})
const tokens = (limit: number, remaining: number, reset: string): Record<string, string> => ({
  'x-ratelimit-limit-tokens': String(limit),
  'x-ratelimit-remaining-tokens': String(remaining),
  'x-ratelimit-reset-tokens': reset,
})

describe('what headers say', () => {
  test('an unknown target takes calls', () => {
    expect(setUp().quota.waitMs('t', { inputTokens: 1e9 })).toBe(0)
  })

  test('a limit that refills all the time: as long as the missing part takes to come back', () => {
    const { quota, call, clock } = setUp()
    // 60 per minute, all used: one comes back every second, the last in a minute.
    call(requests(60, 0, '1m0s'))
    expect(quota.waitMs('t')).toBe(1000)
    clock.advance(400)
    expect(quota.waitMs('t')).toBe(600)
    clock.advance(600)
    expect(quota.waitMs('t')).toBe(0)
  })

  test('a limit of a window: until its reset', () => {
    const { quota, call, clock } = setUp()
    call({
      'x-ratelimit-limit-requests-minute': '60',
      'x-ratelimit-remaining-requests-minute': '0',
      'x-ratelimit-reset-requests-minute': '17.5',
    })
    expect(quota.waitMs('t')).toBe(17_500)
    clock.advance(17_500)
    expect(quota.waitMs('t')).toBe(0)
  })

  test('tokens: by the size of the call', () => {
    const { quota, call } = setUp()
    call(tokens(6000, 1000, '50s'))
    expect(quota.waitMs('t', { inputTokens: 600, maxTokens: 400 })).toBe(0)
    expect(quota.waitMs('t', { inputTokens: 700, maxTokens: 400 })).toBe(1000)
    expect(quota.waitMs('t', { inputTokens: 4000, maxTokens: 2000 })).toBe(50_000)
  })

  test('a call larger than the limit waits until the limit is whole, not for ever', () => {
    const { quota, call } = setUp()
    call(tokens(6000, 3000, '30s'))
    expect(quota.waitMs('t', { inputTokens: 100_000 })).toBe(30_000)
  })

  test('input and output tokens apart', () => {
    const { quota, call } = setUp()
    const limits = (unit: string, limit: number, remaining: number): Record<string, string> => ({
      [`anthropic-ratelimit-${unit}-limit`]: String(limit),
      [`anthropic-ratelimit-${unit}-remaining`]: String(remaining),
      [`anthropic-ratelimit-${unit}-reset`]: '2026-05-06T00:00:10Z',
    })
    call({ ...limits('input-tokens', 1000, 900), ...limits('output-tokens', 500, 100) })
    expect(quota.waitMs('t', { inputTokens: 900, maxTokens: 100 })).toBe(0)
    expect(quota.waitMs('t', { inputTokens: 1, maxTokens: 140 })).toBe(1000)
    expect(quota.waitMs('t', { inputTokens: 910, maxTokens: 1 })).toBe(1000)
  })

  test('calls on the way count until they are answered, or dropped', () => {
    const { quota, call, answer } = setUp()
    call(requests(60, 3, '57s'))
    const sent = [quota.send('t'), quota.send('t'), quota.send('t')]
    expect(quota.waitMs('t')).toBe(1000)
    sent[0]?.onResponse(answer(requests(60, 2, '58s')))
    sent[0]?.onResponse(answer(requests(60, 0, '60s')))
    sent[0]?.noResponse()
    expect(quota.snapshot('t')).toMatchObject({ inFlight: 2, limits: [{ remaining: 2, limit: 60 }] })
    expect(quota.waitMs('t')).toBe(1000)
    sent[1]?.noResponse()
    expect(quota.waitMs('t')).toBe(0)
  })

  test('figures grow old: a header slows a target down for the trusted time at most', () => {
    const { quota, call, clock } = setUp(20_000)
    call(requests(1, 0, '10h'))
    expect(quota.waitMs('t')).toBe(36_000_000)
    clock.advance(20_000)
    expect(quota.waitMs('t')).toBe(0)
  })

  test('targets do not know of each other', () => {
    const { quota, call } = setUp()
    call(requests(60, 0, '60s'))
    expect(quota.waitMs('other')).toBe(0)
    quota.reset('t')
    expect(quota.waitMs('t')).toBe(0)
  })
})

describe('what refusals say', () => {
  test.each([429, 503, 529])('%d with a time to wait: that long', (status) => {
    const { quota, call, clock } = setUp()
    call({}, { status, retryAfterMs: 90_000 })
    expect(quota.waitMs('t')).toBe(90_000)
    clock.advance(89_999)
    expect(quota.waitMs('t')).toBe(1)
    clock.advance(1)
    expect(quota.waitMs('t')).toBe(0)
  })

  test('an earlier, longer time remains', () => {
    const { quota, call } = setUp()
    call({}, { status: 429, retryAfterMs: 30_000 })
    call({}, { status: 429, retryAfterMs: 1000 })
    call({}, { status: 200 })
    expect(quota.waitMs('t')).toBe(30_000)
  })

  test('429 without a time: until the empty limit is whole', () => {
    const { quota, call } = setUp()
    call({ ...requests(60, 30, '30s'), ...tokens(6000, 0, '12s') }, { status: 429 })
    expect(quota.waitMs('t')).toBe(12_000)
  })

  test('429 without any word: longer each time, until one passes', () => {
    const { quota, call, clock } = setUp()
    const waits = Array.from({ length: 8 }, () => {
      call({}, { status: 429 })
      const wait = quota.waitMs('t')
      clock.advance(wait)
      return wait
    })
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000])
    call({}, { status: 200 })
    call({}, { status: 429 })
    expect(quota.waitMs('t')).toBe(1000)
  })

  test.each([400, 401, 404, 500, 503])('%d without a time says nothing of quotas', (status) => {
    const { quota, call } = setUp()
    call({}, { status })
    expect(quota.waitMs('t')).toBe(0)
  })
})

describe('slowing down', () => {
  test('a caller that asks first is never refused by a limit of 60 per minute', () => {
    const { quota, clock, answer } = setUp()
    let level = 60
    let refused = 0
    let sent = 0
    let last = 0
    while (clock.now() < 600_000) {
      const wait = quota.waitMs('t')
      if (wait > 0) {
        clock.advance(wait)
        continue
      }
      level = Math.min(60, level + (clock.now() - last) / 1000)
      last = clock.now()
      const one = quota.send('t')
      sent++
      if (level < 1 - 1e-6) {
        refused++
        one.onResponse(answer({}, { status: 429, retryAfterMs: 1000 }))
        continue
      }
      level -= 1
      one.onResponse(answer(requests(60, Math.floor(level), `${(60 - level).toFixed(3)}s`)))
    }
    expect(refused).toBe(0)
    expect(sent).toBeGreaterThan(620)
  })

  test('targets that say nothing any longer are forgotten', () => {
    const { quota, clock, answer } = setUp()
    for (let target = 0; target < 20_000; target++) {
      quota.send(`key ${target}`).onResponse(answer(requests(60, 59, '1s')))
      clock.advance(100)
    }
    const known = Array.from({ length: 20_000 }, (_, target) => quota.snapshot(`key ${target}`).limits.length)
    expect(known.reduce((sum, one) => sum + one, 0)).toBeLessThan(2000)
  })
})
