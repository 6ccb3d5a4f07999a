import { expect, test } from 'vitest'
import { retryAfterOf } from '../../src/transport/retry-after.ts'

const now = Date.parse('2026-10-21T07:28:00Z')

test.each<[Record<string, string>, number | undefined]>([
  [{ 'retry-after': '5' }, 5_000],
  [{ 'retry-after': '1.5' }, 1_500],
  [{ 'retry-after': '5, 10' }, 10_000],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:28:30 GMT' }, 30_000],
  [{ 'retry-after': 'Wed, 21 Oct 2026 07:27:30 GMT' }, 0],
  [{ 'retry-after': '5, Wed, 21 Oct 2026 07:28:30 GMT' }, 30_000],
  [{ 'retry-after': 'soon' }, undefined],
  [{ 'retry-after-ms': '30', 'retry-after': '5' }, 30],
  [{ 'retry-after-ms': '30, 40' }, 40],
  [{ 'retry-after-ms': 'soon', 'retry-after': '5' }, 5_000],
  [{}, undefined],
])('%j', (headers, expected) => {
  expect(retryAfterOf((name) => headers[name], now)).toBe(expected)
})
