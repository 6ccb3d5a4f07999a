import { describe, expect, test } from 'vitest'
import { createRedisLimitStore, type RedisLimitEvent } from 'llm-switchyard/redis'
import type { BucketCharge, CounterCharge, StoreGrant } from '../../../src/limits/index.ts'
import { elapsed, patience } from '../../patience.ts'
import { proving } from '../../proof.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries } from './clients.ts'
import { until } from './time.ts'
import { startProcess, type WorkerProcess } from './processes.ts'
import type { StormOptions, StormReport } from './storm.ts'

const server = useRedis()
type Outage = readonly [name: string, goDown: () => unknown, comeBack: () => unknown]
const killed: Outage = ['killed and started again', () => server().kill(), () => server().start()]
const outages: readonly Outage[] = [
  killed,
  ['frozen and thawed', () => server().freeze(), () => server().thaw()],
]

describe.each(libraries)('Redis %s under load', (library) => {
  const LIMIT = 120

  const count = ({ ended }: StormReport, what: string): number => ended[what] ?? 0
  const all = ({ ended }: StormReport): number => Object.values(ended).reduce((sum, calls) => sum + calls, 0)

  /** Until the load has gone so far. */
  async function reached(worker: WorkerProcess, far: (report: StormReport) => boolean): Promise<StormReport> {
    let report: StormReport | undefined
    await until(async () => {
      worker.tell('report')
      report = await worker.hear<StormReport>()
      return far(report)
    })
    return report as StormReport
  }

  /** A load that loses Redis and gets it back; `enough` ends the time without. */
  async function storm(
    onDown: 'fail-open' | 'fail-closed',
    [, goDown, comeBack]: Outage,
    enough: (report: StormReport) => boolean,
  ) {
    await using connected = await connectRedis(library, server())
    await connected.send('FLUSHALL')
    const options: StormOptions = { port: server().port, library, onDown, requestsPerMinute: LIMIT }
    const worker = await startProcess('storm', options)
    const passedMs = elapsed()
    await reached(worker, (report) => count(report, 'ok') >= LIMIT)
    await goDown()
    const during = await reached(worker, (report) => !report.stats.up && enough(report))
    await comeBack()
    const back = await reached(worker, ({ stats }) => stats.up)
    await reached(worker, ({ started }) => started > back.started + 100)
    worker.tell('stop')
    const end = await worker.hear<StormReport>()
    const refilled = (passedMs() * LIMIT) / 60_000
    expect(await worker.ended()).toBe(0)

    expect(all(end)).toBe(end.started)
    if (proving) expect(end.slowestMs).toBeLessThan(3000)
    expect(end.stats).toMatchObject({ up: true, outages: 1, owed: 0 })
    expect(end.lines).toEqual(['warn: Redis is down', 'info: Redis is up again'])
    return { during, end, refilled }
  }

  test.each(outages)('%s: fail-open holds the same limits in the process', async (...outage) => {
    const enough = (report: StormReport): boolean => report.stats.local > 2 * LIMIT
    const { during, end, refilled } = await storm('fail-open', outage, enough)
    expect(Object.keys(end.ended).toSorted()).toEqual(['limit-exceeded global', 'ok'])
    // The process has its own for the time between; Redis is full again where it was killed.
    expect(count(during, 'ok')).toBeGreaterThanOrEqual(2 * LIMIT)
    expect(count(during, 'ok')).toBeLessThanOrEqual(2 * LIMIT + refilled)
    expect(count(end, 'ok')).toBeLessThanOrEqual(3 * LIMIT + refilled)
    expect(end.stats.refused).toBe(0)
  })

  test('killed and started again: fail-closed refuses until it is back', async () => {
    const down = 'overloaded limit-store-down'
    const { during, end, refilled } = await storm(
      'fail-closed',
      killed,
      (report) => count(report, down) > 100,
    )
    expect(Object.keys(end.ended).toSorted()).toEqual(['limit-exceeded global', 'ok', down])
    expect(count(during, 'ok')).toBeLessThanOrEqual(LIMIT + refilled)
    expect(count(end, 'ok')).toBeGreaterThan(LIMIT)
    expect(count(end, down)).toBe(end.stats.refused)
    expect(end.stats.local).toBe(0)
  })
})

describe('what is under way when Redis goes down', () => {
  const bucket: BucketCharge = { key: 'a', capacity: 20, refillPerMs: 1e-9, cost: 6 }
  const counter: CounterCharge = { key: 'c', per: 'month', limit: 100, cost: 40 }
  const request = { buckets: [bucket], counters: [counter], maxWaitMs: 0 }
  const settlement = ({ at, periods }: StoreGrant, share: number) =>
    [
      [{ ...bucket, delta: share * bucket.cost, at }],
      [{ ...counter, delta: share * counter.cost, period: periods[0] ?? 0 }],
    ] as const

  async function outage(library: (typeof libraries)[number], onDown: 'fail-open' | 'fail-closed') {
    const connected = await connectRedis(library, server())
    await connected.send('FLUSHALL')
    const events: RedisLimitEvent[] = []
    const observe = (event: RedisLimitEvent): void => void events.push(event)
    const store = createRedisLimitStore({
      client: connected.client,
      onDown,
      timeoutMs: 1_000 * patience,
      observe,
    })
    const reserve = async (): Promise<StoreGrant> => {
      const verdict = await store.reserve(request)
      if (!verdict.granted) throw new Error(JSON.stringify(verdict))
      return verdict
    }
    return {
      store,
      events,
      reserve,
      [Symbol.asyncDispose]: async () => {
        await store.close()
        await connected[Symbol.asyncDispose]()
      },
    }
  }

  test.each(libraries)('settlements wait for it and are paid when it is back (%s)', async (library) => {
    await using redis = await outage(library, 'fail-closed')
    const held = await redis.reserve()
    server().freeze()
    await expect(redis.store.reserve(request)).rejects.toMatchObject({
      kind: 'overloaded',
      code: 'limit-store-down',
      retryAfterMs: expect.any(Number),
      message: expect.stringContaining(`no answer within ${1_000 * patience} ms`),
    })
    expect(await redis.store.settle(...settlement(held, -0.5))).toEqual([0])
    expect(redis.store.stats()).toMatchObject({ up: false, owed: 1, lost: 0, refused: 1 })
    await expect(redis.store.read([bucket], [])).rejects.toMatchObject({ code: 'limit-store-down' })
    await expect(redis.store.reset(['a'])).rejects.toMatchObject({ code: 'limit-store-down' })
    server().thaw()
    // Redis did the second reservation after all: no call holds it, so it is refunded too.
    await until(async () => redis.store.stats().up && redis.store.stats().owed === 0)
    await until(async () => (await redis.store.read([], [counter])).used[0] === 20)
    expect((await redis.store.read([bucket], [])).available[0]).toBeCloseTo(17, 3)
    expect(redis.events).toEqual([
      { type: 'down', reason: `no answer within ${1_000 * patience} ms`, onDown: 'fail-closed' },
      { type: 'up', downMs: expect.any(Number), owed: expect.any(Number) },
    ])
  })

  test.each(libraries)('what the process granted alone is settled there (%s)', async (library) => {
    await using redis = await outage(library, 'fail-open')
    server().freeze()
    const local = await redis.reserve()
    expect(redis.store.stats()).toMatchObject({ up: false, local: 1 })
    expect((await redis.store.read([bucket], [counter])).available[0]).toBeCloseTo(14, 6)
    expect(await redis.store.settle(...settlement(local, -0.5))).toEqual([-3])
    expect((await redis.store.read([bucket], [counter])).used).toEqual([20])
    const second = await redis.reserve()
    server().thaw()
    await until(() => redis.store.stats().up)
    await until(async () => (await redis.store.read([], [counter])).used[0] === 0)
    expect(await redis.store.settle(...settlement(second, 1))).toEqual([6])
    const reading = await redis.store.read([bucket], [counter])
    expect(reading.available[0]).toBeCloseTo(20, 6)
    expect(reading.used).toEqual([0])
  })
})
