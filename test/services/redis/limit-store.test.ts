import { describe, expect, test } from 'vitest'
import { createRedisLimitStore } from 'llm-switchyard/redis'
import {
  createMemoryLimitStore,
  periodAt,
  type BucketCharge,
  type CounterCharge,
} from '../../../src/limits/index.ts'
import { limitPrelude } from '../../../src/persistence/redis/limit-scripts.ts'
import { limitStoreLaws } from 'llm-switchyard/testing'
import { elapsed } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import { connectCluster, connectRedis, libraries, type TestClient } from './clients.ts'
import { pause } from './time.ts'

const server = useRedis()

async function fresh(library: (typeof libraries)[number] = 'node-redis') {
  const connected = await connectRedis(library, server())
  await connected.send('FLUSHALL')
  const store = createRedisLimitStore({ client: connected.client, onDown: 'fail-closed', timeoutMs: 20_000 })
  return { ...connected, store, [Symbol.asyncDispose]: () => connected[Symbol.asyncDispose]() }
}

const bucket = (key: string, cost: number, refillPerMs = 0.01): BucketCharge => ({
  key,
  capacity: 10,
  refillPerMs,
  cost,
})
const counter = (key: string, cost: number, per: CounterCharge['per'] = 'hour'): CounterCharge => ({
  key,
  per,
  limit: 10,
  cost,
})

describe.each(libraries)('the Redis store with %s', (library) => {
  test.each(limitStoreLaws)('$name', async ({ check }) => {
    await using redis = await fresh(library)
    await check(() => ({ store: redis.store, pass: pause, exact: false }))
  })
})

describe('what a step costs', () => {
  const request = {
    buckets: ['a', 'b', 'c', 'd', 'e', 'f'].map((key) => bucket(key, 0.1, 1e-9)),
    counters: [counter('x', 0.1), counter('y', 0.1, 'month')],
    maxWaitMs: 0,
  }

  /** How often clients asked for each command since the last reset; what scripts do inside is not among them. */
  async function commands({ send }: TestClient): Promise<Record<string, number>> {
    const lines = String(await send('INFO', 'commandstats')).split('\r\n')
    const counts = lines.flatMap((line) => {
      const [, name = '', calls = ''] = /^cmdstat_([^:]+):calls=(\d+)/.exec(line) ?? []
      return name === '' ? [] : [[name, Number(calls)] as const]
    })
    const inside = new Set(['time', 'get', 'set', 'del', 'info', 'config|resetstat'])
    return Object.fromEntries(counts.filter(([name]) => !inside.has(name)))
  }

  test.each(libraries)('one round trip, however many layers there are (%s)', async (library) => {
    await using redis = await fresh(library)
    const first = await redis.store.reserve(request)
    await redis.store.settle([{ ...bucket('a', 0), delta: 1, at: 1 }], [])
    await redis.send('CONFIG', 'RESETSTAT')
    for (let call = 0; call < 10; call++) expect((await redis.store.reserve(request)).granted).toBe(true)
    expect(await commands(redis)).toEqual({ evalsha: 10 })

    const { at = 0, periods = [] } = first.granted ? first : {}
    const buckets = request.buckets.map((charge) => ({ ...charge, delta: -0.1, at }))
    const counters = request.counters.map((charge, i) => ({ ...charge, delta: 0.1, period: periods[i] ?? 0 }))
    for (let call = 0; call < 5; call++) await redis.store.settle(buckets, counters)
    expect(await commands(redis)).toEqual({ evalsha: 15 })
  })

  test.each(libraries)(
    'a server that has forgotten the scripts receives them again (%s)',
    async (library) => {
      await using redis = await fresh(library)
      await redis.store.reserve(request)
      await redis.send('SCRIPT', 'FLUSH')
      await redis.send('CONFIG', 'RESETSTAT')
      for (let call = 0; call < 3; call++) expect((await redis.store.reserve(request)).granted).toBe(true)
      expect(await commands(redis)).toEqual({ evalsha: 3, eval: 1 })
    },
  )
})

describe('keys', () => {
  test('every one has an end; what is full or over is gone', async () => {
    await using redis = await fresh()
    const quick = bucket('quick', 10, 1)
    await redis.store.reserve({
      buckets: [quick, bucket('slow', 10, 0.001)],
      counters: [counter('c', 1, 'month')],
      maxWaitMs: 0,
    })
    const keys = (await redis.send('KEYS', '*')) as string[]
    expect(keys).toHaveLength(4)
    const lives = await Promise.all(keys.map((key) => redis.send('PTTL', key)))
    for (const life of lives) expect(life).toBeGreaterThan(0)
    const lifeOf = async (key: string): Promise<number> =>
      Number(await redis.send('PTTL', `{switchyard}:limits:${key}`))
    expect(await lifeOf('b:slow')).toBeLessThan(11_100)
    expect(await lifeOf('c:c')).toBeLessThan(31 * 86_400_000 + 1000)
    await pause(1100)
    expect(await redis.send('KEYS', '*')).not.toContain('{switchyard}:limits:b:quick')
    expect(await redis.send('KEYS', '*')).toHaveLength(3)
  })

  test('a bucket that got everything back leaves none', async () => {
    await using redis = await fresh()
    const taken = await redis.store.reserve({ buckets: [bucket('a', 5, 1e-9)], counters: [], maxWaitMs: 0 })
    const at = taken.granted ? taken.at : 0
    await redis.store.settle([{ ...bucket('a', 0, 1e-9), delta: -5, at }], [])
    expect(await redis.send('KEYS', '*:b:*')).toEqual([])
  })

  test('two prefixes are two stores', async () => {
    await using redis = await fresh()
    const other = createRedisLimitStore({
      client: redis.client,
      prefix: 'other',
      onDown: 'fail-closed',
      timeoutMs: 20_000,
    })
    const all = { buckets: [bucket('a', 10, 1e-9)], counters: [counter('a', 10)], maxWaitMs: 0 }
    expect((await redis.store.reserve(all)).granted).toBe(true)
    expect((await redis.store.reserve(all)).granted).toBe(false)
    expect((await other.reserve(all)).granted).toBe(true)
  })
})

describe("the server's clock", () => {
  const clockKey = '{switchyard}:limits:clock'

  test('when it steps back, nothing is credited and no call waits for it to catch up', async () => {
    await using redis = await fresh()
    const lazy = bucket('a', 10, 0.01)
    const passedMs = elapsed()
    await redis.store.reserve({ buckets: [lazy], counters: [], maxWaitMs: 0 })
    // As if the last step had been taken an hour later than now.
    const [raw = 0] = String(await redis.send('GET', clockKey))
      .split(' ')
      .map(Number)
    const [debt, moment = 0, since = 0] = String(await redis.send('GET', '{switchyard}:limits:b:a'))
      .split(' ')
      .map(Number)
    const hour = 3_600_000_000
    await redis.send('SET', clockKey, `${raw + hour} 0`)
    await redis.send('SET', '{switchyard}:limits:b:a', `${debt} ${moment + hour} ${since + hour}`)

    const refused = await redis.store.reserve({ buckets: [lazy], counters: [], maxWaitMs: 0 })
    expect(refused.granted ? 10 : refused.available[0]).toBeLessThan(0.01 * passedMs() + 0.1)
    await pause(300)
    const { available } = await redis.store.read([lazy], [])
    expect(available[0]).toBeGreaterThanOrEqual(3)
    expect(available[0]).toBeLessThan(0.01 * passedMs() + 0.1)
  })

  test('a lost clock credits nothing either', async () => {
    await using redis = await fresh()
    const lazy = bucket('a', 10, 0.01)
    const now = Date.now() * 1000
    await redis.send('SET', '{switchyard}:limits:b:a', `1000 ${now + 3_600_000_000} ${now + 3_600_000_000}`)
    expect((await redis.store.read([lazy], [])).available).toEqual([0])
    const later = await redis.store.reserve({ buckets: [bucket('a', 1)], counters: [], maxWaitMs: 5000 })
    expect(later).toMatchObject({ granted: true, waitMs: 100 })
  })

  test('months and the other periods are those of the calendar, on every day until 2110', async () => {
    await using redis = await fresh()
    const body = `${limitPrelude}
      local out = {}
      for i = 2, #ARGV do
        epoch = tonumber(ARGV[i])
        for _, per in ipairs({ 'minute', 'hour', 'day', 'month' }) do
          local from, to = span(per)
          out[#out + 1] = text(from) .. ' ' .. text(to)
        end
      end
      return out`
    const day = 86_400_000
    for (let chunk = 0; chunk < 51_135; chunk += 7305) {
      const moments = Array.from({ length: 7305 }, (_, i) => (chunk + i) * day + ((i * 7919) % day))
      const spans = await redis.send('EVAL', body, '1', clockKey, '0', ...moments.map(String))
      const expected = moments.flatMap((moment) =>
        (['minute', 'hour', 'day', 'month'] as const).map((per) => {
          const { startMs, endMs } = periodAt(per, moment)
          return `${startMs} ${endMs}`
        }),
      )
      expect(spans).toEqual(expected)
    }
  })

  test('a counter restarts with its period, and stays in one that a step back has left', async () => {
    await using redis = await fresh()
    const hourly = counter('c', 4)
    const key = '{switchyard}:limits:c:c'
    const reserve = () => redis.store.reserve({ buckets: [], counters: [hourly], maxWaitMs: 0 })
    const now = Date.now()
    const { startMs, endMs } = periodAt('hour', now)
    await redis.send('SET', key, `10 ${startMs - 3_600_000} ${now - 1}`)
    expect(await reserve()).toMatchObject({ granted: true, periods: [startMs] })
    expect(await redis.send('GET', key)).toBe(`4 ${startMs} ${endMs}`)
    await redis.send('SET', key, `3 ${endMs} ${endMs + 3_600_000}`)
    expect(await reserve()).toMatchObject({ granted: true, periods: [endMs] })
    expect(await redis.send('GET', key)).toBe(`7 ${endMs} ${endMs + 3_600_000}`)
  })
})

describe('in a cluster', () => {
  const node = useRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'])

  test.each(libraries)('all keys of one step live on one node (%s)', async (library) => {
    await using plain = await connectRedis(library, node())
    const says = async (text: string): Promise<boolean> =>
      String(await plain.send('CLUSTER', 'INFO')).includes(text)
    if (await says('slots_assigned:0')) await plain.send('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
    while (!(await says('cluster_state:ok'))) await pause(10)
    await using cluster = await connectCluster(library, node())
    const store = createRedisLimitStore({
      client: cluster.client,
      prefix: library,
      onDown: 'fail-closed',
      timeoutMs: 20_000,
    })
    const request = {
      buckets: ['a', '{b}', 'c{d}'].map((key) => bucket(key, 6, 1e-9)),
      counters: [counter('e', 1)],
      maxWaitMs: 0,
    }
    expect(await store.reserve(request)).toMatchObject({ granted: true })
    expect(await store.reserve(request)).toMatchObject({ granted: false, used: [1] })
    await store.reset(['a', '{b}', 'c{d}'])
    expect(await store.reserve(request)).toMatchObject({ granted: true })
  })
})

describe('options', () => {
  const client = { evalSha: async () => '', eval: async () => '' }
  test.each([
    [
      'a client that is none',
      { client: {}, onDown: 'fail-open' },
      'createRedisLimitStore: client must be a client of node-redis',
    ],
    ['no client', { onDown: 'fail-open' }, 'client is missing; must be a client of node-redis'],
    ['no policy', { client }, 'onDown is missing; must be "fail-open" or "fail-closed"'],
    [
      'a fallback that is never used',
      { client, onDown: 'fail-closed', fallback: createMemoryLimitStore() },
      'fallback has no effect with onDown fail-closed: leave it out',
    ],
    [
      'a prefix with braces',
      { client, onDown: 'fail-open', prefix: 'a{b}' },
      'prefix must be text of at least one character, without braces; got "a{b}"',
    ],
    [
      'no time',
      { client, onDown: 'fail-open', timeoutMs: 0 },
      'timeoutMs must be a number of milliseconds above 0, or Infinity; got 0',
    ],
  ])('%s is refused by name', (_name, options, says) => {
    expect(() => createRedisLimitStore(options as never)).toThrow(says)
    expect(() => createRedisLimitStore(options as never)).toThrow(
      expect.objectContaining({ kind: 'misconfigured' }),
    )
  })
})
