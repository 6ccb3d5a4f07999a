import { describe, expect, test } from 'vitest'
import { createMemoryLimitStore } from '../../src/limits/index.ts'
import { createFakeClock } from '../../src/testing/fake-clock.ts'
import { limitStoreLaws } from 'llm-switchyard/testing'

describe('the memory store', () => {
  test.each(limitStoreLaws)('$name', async ({ check }) => {
    await check(() => {
      const clock = createFakeClock({ epochMs: Date.UTC(2026, 1, 3, 4, 5, 6, 7) })
      return { store: createMemoryLimitStore(clock), pass: clock.advance, exact: true }
    })
  })

  test('keeps the laws in a process that is a month old, too', async () => {
    for (const { check } of limitStoreLaws) {
      await check(() => {
        const clock = createFakeClock()
        clock.advance(2_592_000_000.345)
        return { store: createMemoryLimitStore(clock), pass: clock.advance, exact: true }
      })
    }
  })
})

describe('keys of the memory store', () => {
  const bucket = (id: number) => ({ key: `user/${id}`, capacity: 5, refillPerMs: 5 / 60_000, cost: 5 })
  const counter = (id: number) => ({ key: `day/${id}`, per: 'hour', limit: 5, cost: 5 }) as const

  test('idle ones go while new ones come: memory follows the users of one refill, not of all time', () => {
    const clock = createFakeClock()
    const store = createMemoryLimitStore(clock)
    let most = 0
    for (let user = 0; user < 200_000; user++) {
      store.reserve({ buckets: [bucket(user)], counters: [counter(user)], maxWaitMs: 0 })
      clock.advance(60)
      most = Math.max(most, store.keys)
    }
    // 1 000 buckets are busy at a time (60 s), and 60 000 counters (an hour).
    expect(most).toBeLessThan(2 * 61_000)
    clock.advance(7_200_000)
    for (let user = 0; user < 100_000; user++)
      store.reserve({
        buckets: [{ ...bucket(0), cost: 0.001, key: `late/${user}` }],
        counters: [],
        maxWaitMs: 0,
      })
    expect(store.keys).toBeLessThan(2 * 61_000 + 100_000)
    expect(clock.pending).toBe(0)
  })

  test('what is busy is never forgotten', () => {
    const clock = createFakeClock()
    const store = createMemoryLimitStore(clock)
    for (let user = 0; user < 5000; user++)
      store.reserve({ buckets: [bucket(user)], counters: [counter(user)], maxWaitMs: 0 })
    for (let user = 0; user < 5000; user++) {
      expect(store.reserve({ buckets: [bucket(user)], counters: [], maxWaitMs: 0 }).granted).toBe(false)
      expect(store.reserve({ buckets: [], counters: [counter(user)], maxWaitMs: 0 }).granted).toBe(false)
    }
  })
})
