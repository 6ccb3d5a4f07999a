import { describe, expect, test } from 'vitest'
import { readRateHeaders } from '../../src/limits/index.ts'
import { resetOf } from '../../src/limits/rate-headers.ts'

const epochMs = Date.UTC(2026, 4, 6, 7, 8, 9)
const read = (headers: Record<string, string>) => readRateHeaders((name) => headers[name], epochMs)

describe('a reset is read in every form', () => {
  test.each([
    ['12ms', 12],
    ['6s', 6000],
    ['6m0s', 360_000],
    ['4m18.767s', 258_767],
    ['1h37m55.2s', 5_875_200],
    ['16.399999999s', 16_399.999999],
    ['250us', 0.25],
    ['1d2h', 93_600_000],
    ['0s', 0],
    ['0', 0],
    ['7', 7000],
    ['59.278', 59_278],
    [String(epochMs / 1000 + 30), 30_000],
    [String(epochMs + 2500), 2500],
    ['2026-05-06T07:09:09Z', 60_000],
    ['2026-05-06T07:08:09.250+00:00', 250],
    ['Wed, 06 May 2026 07:08:19 GMT', 10_000],
    ['2026-05-06T07:00:00Z', 0],
    [String(epochMs / 1000 - 30), 0],
    ['', undefined],
    ['soon', undefined],
    ['-5', undefined],
    ['6x', undefined],
    [undefined, undefined],
  ])('%s', (text, expected) => {
    const ms = resetOf(text, { epochMs, bareMs: 1000 })
    if (expected === undefined) expect(ms).toBeUndefined()
    else expect(ms).toBeCloseTo(expected, 6)
  })
})

describe('limits in headers', () => {
  test('requests and tokens with durations', () => {
    expect(
      read({
        'x-ratelimit-limit-requests': '5000',
        'x-ratelimit-remaining-requests': '4999',
        'x-ratelimit-reset-requests': '12ms',
        'x-ratelimit-limit-tokens': '160000',
        'x-ratelimit-remaining-tokens': '159000',
        'x-ratelimit-reset-tokens': '375ms',
        'x-ratelimit-remaining-tokens_usage_based': '150000',
        'x-ratelimit-limit-tokens_usage_based': '160000',
      }),
    ).toMatchObject([
      { name: 'requests', unit: 'requests', limit: 5000, remaining: 4999, resetMs: 12, window: false },
      { name: 'tokens', unit: 'tokens', limit: 160_000, remaining: 159_000, resetMs: 375, window: false },
      { name: 'tokens_usage_based', unit: 'tokens', remaining: 150_000, resetMs: undefined },
    ])
  })

  test('with a renewal period, bare resets are milliseconds', () => {
    expect(
      read({
        'x-ratelimit-limit-requests': '300',
        'x-ratelimit-remaining-requests': '298',
        'x-ratelimit-reset-requests': '400',
        'x-ratelimit-renewalperiod-requests': '60',
      }),
    ).toMatchObject([{ resetMs: 400, periodMs: 60_000 }])
  })

  test('periods in the name are windows', () => {
    expect(
      read({
        'x-ratelimit-limit-requests-day': '9000',
        'x-ratelimit-remaining-requests-day': '8000',
        'x-ratelimit-reset-requests-day': '3600.5',
        'x-ratelimit-limit-tokens-minute': '700',
        'x-ratelimit-remaining-tokens-minute': '0',
        'x-ratelimit-reset-tokens-minute': '0.25',
      }),
    ).toMatchObject([
      { name: 'requests-day', unit: 'requests', resetMs: 3_600_500, window: true, periodMs: 86_400_000 },
      { name: 'tokens-minute', unit: 'tokens', remaining: 0, resetMs: 250, window: true, periodMs: 60_000 },
    ])
  })

  test("dates are moments of the server's clock", () => {
    const headers = {
      'anthropic-ratelimit-requests-limit': '50',
      'anthropic-ratelimit-requests-remaining': '40',
      'anthropic-ratelimit-requests-reset': '2026-05-06T07:09:09Z',
      'anthropic-ratelimit-output-tokens-limit': '8000',
      'anthropic-ratelimit-output-tokens-remaining': '0',
      'anthropic-ratelimit-output-tokens-reset': '2026-05-06T07:08:39Z',
    }
    expect(read(headers)).toMatchObject([
      { name: 'requests', resetMs: 60_000, window: false },
      { name: 'output-tokens', unit: 'output-tokens', remaining: 0, resetMs: 30_000 },
    ])
    expect(read({ ...headers, date: 'Wed, 06 May 2026 07:08:29 GMT' })).toMatchObject([
      { resetMs: 40_000 },
      { resetMs: 10_000 },
    ])
  })

  test('without a unit they count requests', () => {
    expect(
      read({ 'x-ratelimit-limit': '10', 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': '2' }),
    ).toMatchObject([{ unit: 'requests', limit: 10, remaining: 0, resetMs: 2000, window: true }])
    expect(read({ 'ratelimit-limit': '10', 'ratelimit-remaining': '9' })).toMatchObject([{ remaining: 9 }])
  })

  test.each([
    ['none at all', {}],
    ['no limit', { 'x-ratelimit-limit-tokens': '-1', 'x-ratelimit-remaining-tokens': '-1' }],
    ['nothing but -1', { 'x-ratelimit-remaining-tokens': '-1' }],
    ['masked', { 'x-ratelimit-limit-tokens': 'XXX', 'x-ratelimit-remaining-tokens': 'XXX' }],
    ['blank', { 'x-ratelimit-limit-requests': '', 'x-ratelimit-remaining-requests': ' ' }],
    ['a limit without what remains', { 'x-ratelimit-limit-requests': '5' }],
  ])('%s: nothing is read', (_name, headers) => {
    expect(read(headers)).toEqual([])
  })
})
