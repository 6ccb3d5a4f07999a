import { describe, expect, test } from 'vitest'
import { createLimiter, limitPresets, readLimitsEnv, type LimitsConfig } from '../../src/limits/index.ts'
import { passes, refusal, setUp } from './set-up.ts'

describe('a config that is wrong is refused, by field', () => {
  const wrong: readonly (readonly [unknown, string])[] = [
    [
      { user: { requestsPerMinut: 5 } },
      'createLimiter: limits.user.requestsPerMinut is not an option; did you mean "requestsPerMinute"?',
    ],
    [
      { user: { requestsPerMinute: 0 } },
      'createLimiter: limits.user.requestsPerMinute must be a number above 0; got 0',
    ],
    [
      { user: { tokensPerMinute: Number.NaN } },
      'createLimiter: limits.user.tokensPerMinute must be a number above 0; got NaN',
    ],
    [
      { user: { tokensPerMinute: '100' } },
      'createLimiter: limits.user.tokensPerMinute must be a number above 0; got "100"',
    ],
    [
      { user: { requestsPerMinute: 5, burst: -1 } },
      'createLimiter: limits.user.burst must be a number above 0; got -1',
    ],
    [{ tenant: 20 }, 'createLimiter: limits.tenant is not an option; known: global, user'],
    [
      { requestsPerMinute: 20 },
      'createLimiter: limits.requestsPerMinute is not an option; known: global, user',
    ],
    [{ burst: 0 }, 'createLimiter: limits.burst must be a number above 0; got 0'],
    [
      { waitMs: -1 },
      'createLimiter: limits.waitMs must be a number of milliseconds of 0 or more, or Infinity; got -1',
    ],
    [{ waitMs: Number.NaN }, 'createLimiter: limits.waitMs must be a number of milliseconds of 0 or more'],
    [{ budgets: {} }, 'createLimiter: limits.budgets must be a list; got an object'],
    [
      { budgets: [{ scope: 'user', per: 'week', tokens: 1 }] },
      'createLimiter: limits.budgets.0.per must be "minute", "hour", "day" or "month"; got "week"',
    ],
    [{ budgets: [{ scope: 'user', per: 'day' }] }, 'limits: budgets.0 limits nothing'],
    [
      { budgets: [{ scope: '', per: 'day', tokens: 1 }] },
      'createLimiter: limits.budgets.0.scope must be text of at least one character; got ""',
    ],
    [
      { budgets: [{ scope: 'user', per: 'day', tokens: 0 }] },
      'createLimiter: limits.budgets.0.tokens must be a number above 0; got 0',
    ],
    [
      { budgets: [{ scope: 'user', per: 'day', cost: 1 }] },
      'createLimiter: limits.budgets.0.cost is not an option; did you mean "costUsd"?',
    ],
    [
      { budgets: [{ scope: 'user', per: 'day', costUsd: 1, unknownCost: 'free' }] },
      'createLimiter: limits.budgets.0.unknownCost must be "refuse" or a number of 0 or more',
    ],
    [
      { budgets: [{ scope: 'user', per: 'day', tokens: 1, reserve: 'none' }] },
      'createLimiter: limits.budgets.0.reserve must be "worst-case" or "typical"; got "none"',
    ],
    [
      {
        budgets: [
          { scope: 'user', per: 'day', tokens: 1 },
          { scope: 'user', per: 'day', tokens: 2 },
        ],
      },
      'limits: budgets.1.tokens is given twice for user per day',
    ],
  ]
  test.each(wrong)('%j', (limits, message) => {
    expect(() => createLimiter({ limits: limits as LimitsConfig })).toThrow(message)
  })

  test('as misconfigured, with the path', () => {
    expect(() => createLimiter({ limits: { burst: -1 } })).toThrow(
      expect.objectContaining({
        kind: 'misconfigured',
        issues: [expect.objectContaining({ path: 'limits.burst' })],
      }),
    )
  })
})

describe('presets', () => {
  test.each([
    ['perIp', { tags: { ip: '10.0.0.1' } }, 5],
    ['chat', { user: 'u' }, 20],
    ['embeddings', { user: 'u' }, 20],
    ['general', { user: 'u' }, 10],
    ['socketEvents', { tags: { 'session:join': 'u' } }, 5],
    ['socketEvents', { tags: { 'message:send': 'u' } }, 30],
    ['socketEvents', { tags: { 'message:edit': 'u' } }, 20],
    ['socketEvents', { tags: { 'typing:start': 'u' } }, 100],
    ['socketEvents', { tags: { 'stream:request': 'u' } }, 10],
    ['chatService', { user: 'u', conversation: 'c' }, 15],
    ['chatService', { user: 'u' }, 30],
  ] as const)('%s, %j: %d at once, and as many in the next minute', (name, keys, count) => {
    const { ask, clock } = setUp(limitPresets[name])
    expect(passes(ask, keys, { tokens: 1 })).toBe(count)
    const { limit, retryAfterMs } = refusal(ask(keys, { tokens: 1 }))
    expect(retryAfterMs).toBe(60_000 / limit)
    clock.advance(60_000)
    expect(passes(ask, keys, { tokens: 1 })).toBe(Math.min(count, limit))
  })
})

describe('limits from the environment', () => {
  test('read as the same config', () => {
    const limits = readLimitsEnv({
      PATH: '/bin',
      SWITCHYARD_LIMITS_GLOBAL_REQUESTS_PER_MINUTE: '60',
      SWITCHYARD_LIMITS_USER_REQUESTS_PER_MINUTE: '20',
      SWITCHYARD_LIMITS_USER_TOKENS_PER_MINUTE: '10000',
      SWITCHYARD_LIMITS_USER_BURST: '2',
      SWITCHYARD_LIMITS_BURST: '1.5',
      SWITCHYARD_LIMITS_WAIT_MS: '250',
      SWITCHYARD_LIMITS_DEFAULT_MAX_TOKENS: ' ',
      SWITCHYARD_LIMITS_BUDGET_USER_MONTH_TOKENS: '1000000',
      SWITCHYARD_LIMITS_BUDGET_GLOBAL_DAY_COST_USD: '12.5',
    })
    expect(limits).toEqual({
      global: { requestsPerMinute: 60 },
      user: { requestsPerMinute: 20, tokensPerMinute: 10_000, burst: 2 },
      burst: 1.5,
      waitMs: 250,
      budgets: [
        { scope: 'user', per: 'month', tokens: 1_000_000 },
        { scope: 'global', per: 'day', costUsd: 12.5 },
      ],
    })
    expect(() => createLimiter({ limits })).not.toThrow()
  })

  test('take another prefix', () => {
    expect(readLimitsEnv({ CHAT_IP_REQUESTS_PER_MINUTE: '5' }, 'CHAT_')).toEqual({
      ip: { requestsPerMinute: 5 },
    })
  })

  test.each([
    [{ SWITCHYARD_LIMITS_USER_RPM: '5' }, 'SWITCHYARD_LIMITS_USER_RPM is not a limit'],
    [{ SWITCHYARD_LIMITS_BURST: 'a lot' }, 'SWITCHYARD_LIMITS_BURST takes a number, not "a lot"'],
    [{ SWITCHYARD_LIMITS_BUDGET_USER_WEEK_TOKENS: '5' }, 'is not a limit'],
  ])('%j is refused', (env, message) => {
    expect(() => readLimitsEnv(env)).toThrow(message)
  })
})
