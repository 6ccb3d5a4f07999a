import assert from 'node:assert/strict'
import type {
  BucketCharge,
  CounterCharge,
  LimitStore,
  StoreGrant,
  StoreRefusal,
  StoreRequest,
} from '../../limits/index.ts'

/** An empty limit store under test, with its own namespace. */
export interface LimitStoreUnderTest {
  readonly store: LimitStore
  /** Lets `ms` milliseconds pass for the store: by its injected clock if it has one, otherwise in real time. */
  pass(ms: number): void | Promise<void>
  /** Whether time moves only by `pass`. Values are then compared exactly, and long times may pass. */
  readonly exact: boolean
  /** Releases the store after the test. */
  close?(): Promise<void>
}

/** A test of the contract of limit stores. `check` rejects if the store violates it. */
export interface LimitStoreLaw {
  readonly name: string
  check(make: () => LimitStoreUnderTest | Promise<LimitStoreUnderTest>): Promise<void>
}

const HOUR_MS = 3_600_000

/** A bucket that refills so slowly that a real clock changes nothing during a test. */
const slow = (key: string, cost: number, capacity = 10): BucketCharge => ({
  key,
  capacity,
  refillPerMs: capacity / (1000 * HOUR_MS),
  cost,
})
const daily = (key: string, cost: number, limit: number): CounterCharge => ({ key, per: 'day', limit, cost })

const nothing: StoreRequest = { buckets: [], counters: [], maxWaitMs: 0 }

async function granted(store: LimitStore, request: Partial<StoreRequest>): Promise<StoreGrant> {
  const verdict = await store.reserve({ ...nothing, ...request })
  assert(verdict.granted, `refused: ${JSON.stringify(verdict)}`)
  return verdict
}

async function refused(store: LimitStore, request: Partial<StoreRequest>): Promise<StoreRefusal> {
  const verdict = await store.reserve({ ...nothing, ...request })
  assert(!verdict.granted, 'granted, but should have been refused')
  return verdict
}

async function level(store: LimitStore, bucket: BucketCharge): Promise<number> {
  const { available } = await store.read([bucket], [])
  return available[0] ?? Number.NaN
}

async function used(store: LimitStore, counter: CounterCharge): Promise<number> {
  return (await store.read([], [counter])).used[0] ?? Number.NaN
}

function near(actual: number, expected: number, within = 0.01): void {
  assert(Math.abs(actual - expected) <= within, `${actual} is not ${expected}`)
}

interface Law {
  readonly name: string
  readonly run: (under: LimitStoreUnderTest) => Promise<void>
}

const laws: readonly Law[] = [
  {
    name: 'a fresh bucket pays its whole capacity, and no more',
    async run({ store }) {
      for (let paid = 0; paid < 10; paid++) await granted(store, { buckets: [slow('a', 1)] })
      const { available } = await refused(store, { buckets: [slow('a', 1)] })
      near(available[0] ?? 9, 0)
    },
  },
  {
    name: 'a bucket pays all of it at once',
    async run({ store }) {
      await granted(store, { buckets: [slow('a', 10)] })
      near(await level(store, slow('a', 0)), 0)
    },
  },
  {
    name: 'the capacity can be paid in parts that are no binary fractions',
    async run({ store }) {
      const bucket = { key: 'a', capacity: 15, refillPerMs: 7 / (60_000 * 1_000_000), cost: 0.1 }
      for (let paid = 0; paid < 150; paid++) await granted(store, { buckets: [bucket] })
      await refused(store, { buckets: [bucket] })
    },
  },
  {
    name: 'a refusal takes nothing, from no bucket and no counter',
    async run({ store }) {
      await granted(store, { buckets: [slow('empty', 10)] })
      const counters = [daily('c', 1, 5)]
      for (let tries = 0; tries < 20; tries++)
        await refused(store, { buckets: [slow('a', 3), slow('empty', 1), slow('b', 3)], counters })
      near(await level(store, slow('a', 0)), 10)
      near(await level(store, slow('b', 0)), 10)
      assert.equal(await used(store, daily('c', 0, 5)), 0)
    },
  },
  {
    name: 'a full counter refuses, and nothing is taken from the buckets',
    async run({ store }) {
      await granted(store, { counters: [daily('c', 5, 5)] })
      const verdict = await refused(store, { buckets: [slow('a', 1)], counters: [daily('c', 1, 5)] })
      assert.deepEqual(verdict.used, [5])
      const [resetMs = 0] = verdict.resetMs
      assert(resetMs > 0 && resetMs <= 24 * HOUR_MS, `resets in ${resetMs}`)
      near(await level(store, slow('a', 0)), 10)
    },
  },
  {
    name: 'a denied large call leaves room for a small one',
    async run({ store }) {
      await granted(store, { buckets: [slow('a', 6)] })
      await refused(store, { buckets: [slow('a', 5)] })
      await granted(store, { buckets: [slow('a', 4)] })
    },
  },
  {
    name: 'a bucket refills with time, up to its capacity',
    async run({ store, pass }) {
      const bucket = { key: 'a', capacity: 10, refillPerMs: 0.01, cost: 10 }
      await granted(store, { buckets: [bucket] })
      await pass(300)
      const later = await level(store, bucket)
      assert(later > 2.9 && later < 6, `${later} after 300 ms`)
      await pass(900)
      near(await level(store, bucket), 10)
    },
  },
  {
    name: 'asking often while a bucket refills costs nothing of the refill',
    async run({ store, pass, exact }) {
      // With a real clock the bucket must not refill before the last poll, even on a slow machine.
      const [polls, stepMs, refillPerMs] = exact ? [999, 0.7, 1 / 70] : [40, 17, 1 / 7000]
      const bucket = { key: 'a', capacity: 10, refillPerMs, cost: 10 }
      await granted(store, { buckets: [bucket] })
      for (let poll = 0; poll < polls; poll++) {
        await store.reserve({ ...nothing, buckets: [bucket] })
        await pass(stepMs)
      }
      const refilled = await level(store, bucket)
      if (exact) near(refilled, 9.99, 1e-5)
      else assert(refilled >= polls * (stepMs - 1) * refillPerMs, `only ${refilled}`)
    },
  },
  {
    name: 'a call that may wait is granted in advance, in order, with its wait time',
    async run({ store }) {
      const bucket = { key: 'a', capacity: 2, refillPerMs: 1 / 60_000, cost: 2 }
      await granted(store, { buckets: [bucket] })
      const first = await granted(store, { buckets: [{ ...bucket, cost: 1 }], maxWaitMs: 300_000 })
      const second = await granted(store, { buckets: [{ ...bucket, cost: 1 }], maxWaitMs: 300_000 })
      near(first.waitMs, 60_000, 2000)
      near(second.waitMs, 120_000, 2000)
      near(second.waits[0] ?? 0, second.waitMs, 0.001)
      near(await level(store, bucket), -2, 0.1)
    },
  },
  {
    name: 'a call that would wait too long is refused, and keeps no place',
    async run({ store }) {
      const bucket = { key: 'a', capacity: 2, refillPerMs: 1 / 60_000, cost: 2 }
      await granted(store, { buckets: [bucket] })
      await refused(store, { buckets: [{ ...bucket, cost: 1 }], maxWaitMs: 50_000 })
      near(await level(store, bucket), 0, 0.1)
      const { waitMs } = await granted(store, { buckets: [{ ...bucket, cost: 1 }], maxWaitMs: 70_000 })
      near(waitMs, 60_000, 2000)
    },
  },
  {
    name: 'each bucket has its own wait, the longest counts',
    async run({ store }) {
      const quick = { key: 'quick', capacity: 1, refillPerMs: 1 / 10_000, cost: 1 }
      const lazy = { key: 'lazy', capacity: 1, refillPerMs: 1 / 90_000, cost: 1 }
      const idle = { key: 'idle', capacity: 1, refillPerMs: 1 / 1000, cost: 1 }
      await granted(store, { buckets: [quick, lazy] })
      const { waits, waitMs } = await granted(store, { buckets: [quick, idle, lazy], maxWaitMs: 100_000 })
      near(waits[0] ?? 0, 10_000, 2000)
      assert.equal(waits[1], 0)
      near(waitMs, 90_000, 2000)
    },
  },
  {
    name: 'a counter is never waited for',
    async run({ store }) {
      await granted(store, { counters: [daily('c', 5, 5)] })
      await refused(store, { counters: [daily('c', 1, 5)], maxWaitMs: 48 * HOUR_MS })
    },
  },
  {
    name: 'a surcharge may take a bucket below zero',
    async run({ store }) {
      const { at } = await granted(store, { buckets: [slow('a', 8)] })
      const applied = await store.settle([{ ...slow('a', 0), delta: 7, at }], [])
      assert.deepEqual(applied, [7])
      near(await level(store, slow('a', 0)), -5)
      await refused(store, { buckets: [slow('a', 1)] })
    },
  },
  {
    name: 'what is given back can be taken again',
    async run({ store }) {
      const { at } = await granted(store, { buckets: [slow('a', 9)] })
      const [applied = 0] = await store.settle([{ ...slow('a', 0), delta: -7, at }], [])
      near(applied, -7)
      await granted(store, { buckets: [slow('a', 8)] })
      await refused(store, { buckets: [slow('a', 1)] })
    },
  },
  {
    name: 'a bucket is never fuller than its capacity',
    async run({ store }) {
      const { at } = await granted(store, { buckets: [slow('a', 2)] })
      const [applied = 0] = await store.settle([{ ...slow('a', 0), delta: -9, at }], [])
      near(applied, -2)
      near(await level(store, slow('a', 0)), 10)
    },
  },
  {
    name: 'refill that has paid a reservation is not paid out again',
    async run({ store, pass }) {
      const bucket = { key: 'a', capacity: 10, refillPerMs: 0.1, cost: 10 }
      const { at } = await granted(store, { buckets: [bucket] })
      await pass(150)
      await granted(store, { buckets: [{ ...bucket, cost: 10 }] })
      const applied = await store.settle([{ ...bucket, delta: -10, at }], [])
      assert.equal(applied[0], 0)
    },
  },
  {
    name: 'settling a bucket that was never charged changes nothing but a surcharge',
    async run({ store }) {
      const { at } = await granted(store, { buckets: [slow('other', 1)] })
      assert.deepEqual(await store.settle([{ ...slow('a', 0), delta: -3, at }], []), [0])
      near(await level(store, slow('a', 0)), 10)
      await store.settle([{ ...slow('a', 0), delta: 3, at }], [])
      near(await level(store, slow('a', 0)), 7)
    },
  },
  {
    name: 'a counter counts up to its limit and is corrected afterwards',
    async run({ store }) {
      const { periods } = await granted(store, { counters: [daily('c', 0.5, 1)] })
      const period = periods[0] ?? 0
      await store.settle([], [{ key: 'c', per: 'day', delta: -0.25, period }])
      near(await used(store, daily('c', 0, 1)), 0.25, 1e-9)
      await granted(store, { counters: [daily('c', 0.75, 1)] })
      await refused(store, { counters: [daily('c', 0.01, 1)] })
      await store.settle([], [{ key: 'c', per: 'day', delta: 2, period }])
      near(await used(store, daily('c', 0, 1)), 3, 1e-9)
    },
  },
  {
    name: 'ten tenths fill a counter of one',
    async run({ store }) {
      for (let tenth = 0; tenth < 10; tenth++) await granted(store, { counters: [daily('c', 0.1, 1)] })
      await refused(store, { counters: [daily('c', 0.1, 1)] })
    },
  },
  {
    name: 'a counter never goes below zero, and forgets corrections of another period',
    async run({ store }) {
      const { periods } = await granted(store, { counters: [daily('c', 3, 9)] })
      const period = periods[0] ?? 0
      await store.settle([], [{ key: 'c', per: 'day', delta: -2, period: period - 24 * HOUR_MS }])
      assert.equal(await used(store, daily('c', 0, 9)), 3)
      await store.settle([], [{ key: 'c', per: 'day', delta: -7, period }])
      assert.equal(await used(store, daily('c', 0, 9)), 0)
    },
  },
  {
    name: 'every period resets a counter',
    async run({ store, pass, exact }) {
      if (!exact) return
      for (const [per, lengthMs] of [
        ['minute', 60_000],
        ['hour', HOUR_MS],
        ['day', 24 * HOUR_MS],
        ['month', 31 * 24 * HOUR_MS],
      ] as const) {
        const counter: CounterCharge = { key: per, per, limit: 2, cost: 2 }
        await granted(store, { counters: [counter] })
        const { resetMs } = await refused(store, { counters: [counter] })
        assert((resetMs[0] ?? 0) <= lengthMs)
        await pass((resetMs[0] ?? 0) - 1)
        await refused(store, { counters: [counter] })
        await pass(1)
        await granted(store, { counters: [counter] })
      }
    },
  },
  {
    name: 'reset makes buckets full and counters unused, and their old reservations give nothing back',
    async run({ store, pass }) {
      const { at } = await granted(store, {
        buckets: [slow('a', 9), slow('b', 9)],
        counters: [daily('c', 3, 9)],
      })
      await pass(5)
      await store.reset(['a', 'c', 'unknown'])
      near(await level(store, slow('a', 0)), 10)
      near(await level(store, slow('b', 0)), 1)
      assert.equal(await used(store, daily('c', 0, 9)), 0)
      await granted(store, { buckets: [slow('a', 9)] })
      assert.deepEqual(await store.settle([{ ...slow('a', 0), delta: -9, at }], []), [0])
    },
  },
  {
    name: 'reading changes nothing',
    async run({ store }) {
      await granted(store, { buckets: [slow('a', 4)], counters: [daily('c', 4, 9)] })
      for (let reads = 0; reads < 10; reads++)
        await store.read([slow('a', 4), slow('new', 4)], [daily('c', 4, 9)])
      near(await level(store, slow('a', 0)), 6)
      assert.equal(await used(store, daily('c', 0, 9)), 4)
    },
  },
  {
    name: 'keys may hold anything',
    async run({ store }) {
      const keys = ['__proto__', 'constructor', 'a/b:c*?[x]{y}', 'ключ 鍵 🔑', ' ', '\n', 'x'.repeat(500)]
      for (const key of keys) await granted(store, { buckets: [slow(key, 10)], counters: [daily(key, 1, 1)] })
      for (const key of keys) {
        await refused(store, { buckets: [slow(key, 1)] })
        await refused(store, { counters: [daily(key, 1, 1)] })
      }
    },
  },
  {
    name: '663 concurrent calls get exactly what is available',
    async run({ store }) {
      const request = {
        buckets: [slow('requests', 1, 500), slow('tokens', 10, 1000)],
        counters: [daily('c', 1, 5000)],
        maxWaitMs: 0,
      }
      const verdicts = await Promise.all(Array.from({ length: 663 }, async () => store.reserve(request)))
      assert.equal(verdicts.filter(({ granted: yes }) => yes).length, 100)
      near(await level(store, slow('tokens', 0, 1000)), 0)
      near(await level(store, slow('requests', 0, 500)), 400)
      assert.equal(await used(store, daily('c', 0, 5000)), 100)
    },
  },
  {
    name: 'a call with nothing to pay is granted',
    async run({ store }) {
      const { waitMs, waits, periods } = await granted(store, {})
      assert.deepEqual({ waitMs, waits, periods }, { waitMs: 0, waits: [], periods: [] })
    },
  },
]

/** The contract of limit stores. Run each test against a new store. */
export const limitStoreLaws: readonly LimitStoreLaw[] = laws.map(({ name, run }) => ({
  name,
  async check(make) {
    const under = await make()
    try {
      await run(under)
    } finally {
      await under.close?.()
    }
  },
}))
