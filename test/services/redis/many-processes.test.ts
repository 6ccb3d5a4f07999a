import { describe, expect, test } from 'vitest'
import type { LimitsConfig } from 'llm-switchyard'
import { createRedisLimitStore } from 'llm-switchyard/redis'
import { createLimiter } from '../../../src/limits/index.ts'
import { elapsed } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import type { BurstOptions, BurstResult } from './burst.ts'
import { connectRedis, libraries } from './clients.ts'
import { startProcess } from './processes.ts'

const server = useRedis()

const cases: readonly { name: string; limits: LimitsConfig; refillPerMs: number }[] = [
  {
    name: 'a request limit',
    limits: { global: { requestsPerMinute: 100 }, burst: 1 },
    refillPerMs: 100 / 60_000,
  },
  {
    name: 'a token limit',
    limits: { global: { tokensPerMinute: 5000 }, burst: 1 },
    refillPerMs: 100 / 60_000,
  },
  {
    name: 'both, and a budget',
    limits: {
      global: { requestsPerMinute: 5000, tokensPerMinute: 600_000 },
      budgets: [{ scope: 'global', per: 'month', tokens: 5000 }],
    },
    refillPerMs: 0,
  },
]
const ALLOWED = 100

describe.each(libraries)('663 calls at once in 4 processes (%s)', (library) => {
  test.each(cases)('$name', async ({ limits, refillPerMs }) => {
    await using connected = await connectRedis(library, server())
    await connected.send('FLUSHALL')
    const options = { port: server().port, library, tokens: 50, limits } satisfies Partial<BurstOptions>
    const workers = await Promise.all(
      [166, 166, 166, 165].map((calls) => startProcess('burst', { ...options, calls })),
    )
    const passedMs = elapsed()
    for (const worker of workers) worker.tell('go')
    const results = await Promise.all(workers.map((worker) => worker.hear<BurstResult>()))
    const refilled = passedMs() * refillPerMs
    const granted = results.reduce((sum, result) => sum + result.granted, 0)
    expect(granted).toBeGreaterThanOrEqual(ALLOWED)
    expect(granted).toBeLessThanOrEqual(ALLOWED + refilled)
    const refused = results.flatMap((result) => Object.entries(result.refused))
    expect(new Set(refused.map(([what]) => what))).toEqual(new Set(['limit-exceeded global']))
    expect(granted + refused.reduce((sum, [, count]) => sum + count, 0)).toBe(663)

    // What each process releases is there again for all.
    for (const worker of workers) worker.tell('release')
    for (const worker of workers) expect(await worker.hear()).toBe(0)
    const store = createRedisLimitStore({
      client: connected.client,
      onDown: 'fail-closed',
      timeoutMs: 20_000,
    })
    const { buckets, budgets } = await createLimiter({ limits, store }).snapshot({})
    for (const { available, capacity } of buckets) expect(available).toBeCloseTo(capacity, 6)
    for (const { used } of budgets) expect(used).toBe(0)
    expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([0, 0, 0, 0])
  })
})
