import { describe, expect, test } from 'vitest'
import { createLimiter, createMemoryLimitStore, type LimitStore } from '../../src/limits/index.ts'
import { createFakeClock, type FakeClock } from '../../src/testing/fake-clock.ts'
import { seeds } from './set-up.ts'

describe('a store over a network', () => {
  /** The memory store behind promises. */
  function remote(clock: FakeClock, change: Partial<LimitStore> = {}): LimitStore {
    const memory = createMemoryLimitStore(clock)
    return {
      reserve: async (request) => memory.reserve(request),
      settle: async (buckets, counters) => memory.settle(buckets, counters),
      read: async (buckets, counters) => memory.read(buckets, counters),
      reset: async (keys) => memory.reset(keys),
      ...change,
    }
  }

  test('decides the same, with promises', async () => {
    const clock = createFakeClock()
    const limiter = createLimiter({ limits: seeds, clock, store: remote(clock) })
    const answers = await Promise.all(
      Array.from({ length: 40 }, async () => limiter.reserve({ user: 'u' }, { tokens: 1 })),
    )
    expect(answers.filter(({ granted }) => granted)).toHaveLength(30)
    for (const answer of answers) if (answer.granted) answer.release()
    await Promise.resolve()
    expect((await limiter.snapshot({ user: 'u' })).buckets[1]?.available).toBe(30)
  })

  test('a call that was aborted while the store decided gives back what it got', async () => {
    const clock = createFakeClock()
    const controller = new AbortController()
    const memory = createMemoryLimitStore(clock)
    const store = remote(clock, {
      reserve: async (request) => {
        controller.abort()
        return memory.reserve(request)
      },
      settle: async (buckets, counters) => memory.settle(buckets, counters),
      read: async (buckets, counters) => memory.read(buckets, counters),
    })
    const limiter = createLimiter({ limits: seeds, clock, store })
    await expect(
      limiter.reserveOrWait({ user: 'u' }, {}, { signal: controller.signal }),
    ).rejects.toMatchObject({
      kind: 'aborted',
    })
    expect((await limiter.snapshot({ user: 'u' })).buckets[1]?.available).toBe(30)
    expect(limiter.stats().open).toBe(0)
  })

  test('a settlement that fails is counted and breaks nothing', async () => {
    const clock = createFakeClock()
    const failing = [
      () => {
        throw new Error('down')
      },
      async () => {
        throw new Error('down')
      },
    ]
    for (const settle of failing) {
      const limiter = createLimiter({ limits: seeds, clock, store: remote(clock, { settle }) })
      const held = await limiter.reserveOrWait({ user: 'u' }, { tokens: 50 })
      held.settle({ totalTokens: 1 })
      await new Promise((resolve) => setImmediate(resolve))
      expect(limiter.stats()).toMatchObject({ storeFailures: 1, open: 0 })
    }
  })
})
