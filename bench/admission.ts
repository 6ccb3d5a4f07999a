import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { circuitBreaker, ConsecutiveBreaker, handleAll } from 'cockatiel'
import { promise as fastq } from 'fastq'
import CircuitBreaker from 'opossum'
import PQueue from 'p-queue'
import { RateLimiterMemory } from 'rate-limiter-flexible'
import { createClient } from 'redis'
import { systemClock } from '../src/core/clock.ts'
import { createLimiter, type LimitKeys } from '../src/limits/index.ts'
import { createRedisLimitStore } from '../src/persistence/redis/index.ts'
import { createQueue, type Slot } from '../src/queue/index.ts'
import { createBreakers } from '../src/resilience/index.ts'

// What admission costs by itself: limits in memory and on Redis, the queue by its length, breakers. CPU of this process
// in microseconds per operation, garbage collection included: the best of rounds in which the subjects alternate, as
// others share the machine. Run it with `node bench/admission.ts`.

const ROUNDS = 7

interface Subject {
  readonly name: string
  /** Does so many operations. */
  readonly run: (count: number) => unknown
  readonly count: number
}

/** CPU of one operation of each subject, in microseconds. */
async function measure(subjects: readonly Subject[], rounds = ROUNDS): Promise<Map<string, number>> {
  const times = new Map(subjects.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < rounds + 2; round++)
    for (const { name, run, count } of subjects) {
      const before = process.cpuUsage()
      await run(count)
      const { user, system } = process.cpuUsage(before)
      // The first rounds warm up.
      if (round >= 2) times.get(name)?.push((user + system) / count)
    }
  return new Map([...times].map(([name, all]) => [name, Math.min(...all)]))
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

let broken = 0

function row(title: string, figure: string, bar = '', holds?: boolean): void {
  if (holds === false) broken++
  const verdict = holds === undefined ? '' : holds ? 'holds' : 'DOES NOT HOLD'
  console.log(`| ${title} | ${figure} | ${bar} | ${verdict} |`)
}

const micros = (value: number | undefined): string => `${(value ?? Number.NaN).toFixed(2)} µs`
const perSecond = (value: number | undefined): string =>
  `${Math.round(1e6 / (value ?? Number.NaN) / 1000)} 000/s`
const MUCH = 1e12
const LAYERS = {
  global: { requestsPerMinute: MUCH, tokensPerMinute: MUCH },
  user: { requestsPerMinute: MUCH, tokensPerMinute: MUCH },
  conversation: { requestsPerMinute: MUCH },
}
const callers: readonly LimitKeys[] = Array.from({ length: 1_000 }, (_item, index) => ({
  user: `user-${index}`,
  conversation: `conversation-${index}`,
}))

async function limiter(): Promise<void> {
  const ours = createLimiter({ limits: LAYERS })
  const peer = new RateLimiterMemory({ points: MUCH, duration: 60 })
  const check = (count: number, settle: boolean): void => {
    for (let turn = 0; turn < count; turn++) {
      const answer = ours.reserve(callers[turn % 1_000] ?? {}, { tokens: 100 })
      if (answer instanceof Promise || !answer.granted) throw new Error('refused')
      if (settle) answer.settle({ totalTokens: 80 })
    }
  }
  const figures = await measure([
    { name: 'check', count: 100_000, run: (count) => check(count, false) },
    { name: 'settled', count: 100_000, run: (count) => check(count, true) },
  ])
  const peers = await measure([
    {
      name: 'one',
      count: 50_000,
      run: async (count) => {
        for (let turn = 0; turn < count; turn++) await peer.consume(`user-${turn % 1_000}`, 1)
      },
    },
    {
      name: 'five',
      count: 20_000,
      run: async (count) => {
        for (let turn = 0; turn < count; turn++) {
          const id = turn % 1_000
          await peer.consume('global', 1)
          await peer.consume('global-tokens', 100)
          await peer.consume(`user-${id}`, 1)
          await peer.consume(`user-tokens-${id}`, 100)
          await peer.consume(`conversation-${id}`, 1)
        }
      },
    },
  ])
  const checks = 1e6 / (figures.get('check') ?? Infinity)
  row('limiter: a check of five layers', perSecond(figures.get('check')), '500 000/s', checks >= 500_000)
  row('limiter: checked and settled', perSecond(figures.get('settled')))
  row('rate-limiter-flexible: one layer', perSecond(peers.get('one')))
  row('rate-limiter-flexible: five layers, not in one step', perSecond(peers.get('five')))
}

async function overRedis(): Promise<void> {
  const port = 20_000 + (process.pid % 20_000)
  const server = spawn('redis-server', ['--port', `${port}`, '--save', '', '--appendonly', 'no'], {
    stdio: 'ignore',
  })
  server.on('error', () => undefined)
  await pause(500)
  if (server.pid === undefined) return row('Redis', 'redis-server is not installed')
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const store = createRedisLimitStore({ client, onDown: 'fail-closed', timeoutMs: 10_000 })
    const five = createLimiter({ limits: LAYERS, store })
    const one = createLimiter({ limits: { user: { requestsPerMinute: MUCH } }, store })
    await five.reserve(callers[0] ?? {}, { tokens: 1 })
    await client.sendCommand(['CONFIG', 'RESETSTAT'])
    for (let turn = 0; turn < 100; turn++) await five.reserve(callers[turn] ?? {}, { tokens: 1 })
    const trips = await roundTrips(client)
    row('Redis: round trips per admission of five layers', (trips / 100).toFixed(2), '1', trips === 100)
    const alone = (action: () => unknown) => async () => {
      const times: number[] = []
      for (let turn = 0; turn < 1_000; turn++) {
        const from = performance.now()
        await action()
        times.push(performance.now() - from)
      }
      return median(times) * 1_000
    }
    const ping = await alone(() => client.ping())()
    row('Redis: PING, one at a time', micros(ping))
    for (const [name, limits] of [
      ['one bucket', one],
      ['five buckets', five],
    ] as const) {
      const reserve = async (turn: number) => limits.reserve(callers[turn % 1_000] ?? {}, { tokens: 1 })
      let turn = 0
      const single = await alone(() => reserve(turn++))()
      row(
        `Redis: a check of ${name}, one at a time`,
        `${micros(single)} (${micros(single - ping)} over PING)`,
      )
      const from = performance.now()
      for (let batch = 0; batch < 100; batch++)
        await Promise.all(Array.from({ length: 100 }, (_item, index) => reserve(batch * 100 + index)))
      const rate = 10_000 / ((performance.now() - from) / 1_000)
      row(`Redis: checks of ${name}, a hundred at a time`, `${Math.round(rate / 100) * 100}/s`)
    }
    await store.close()
  } finally {
    client.destroy()
    server.kill('SIGKILL')
    await once(server, 'exit')
  }
}

async function roundTrips(client: { sendCommand(command: string[]): Promise<unknown> }): Promise<number> {
  const stats = String(await client.sendCommand(['INFO', 'commandstats']))
  // What scripts do inside is counted by its own name.
  const outside = /cmdstat_(evalsha|eval):calls=(\d+)/g
  return [...stats.matchAll(outside)].reduce((sum, [, , calls]) => sum + Number(calls), 0)
}

/** Something that lets one call run at a time, with `depth` calls that wait. */
interface Waiting {
  /** Ends the running call, and waits until the next one has started. */
  next(): Promise<void>
  add(): void
}

function ourQueue(users: number): Waiting & { cancel(id: string): boolean; readonly last: () => number } {
  const queue = createQueue({ queue: { concurrency: 1, maxPending: Infinity } })
  let started = Promise.withResolvers<Slot>()
  let held = started
  let id = 0
  return {
    last: () => id,
    add: () => {
      id++
      queue.acquire({ requestId: `${id}`, user: `${id % users}` }).then(
        (slot) => started.resolve(slot),
        () => undefined,
      )
    },
    next: async () => {
      held = started
      const slot = await held.promise
      started = Promise.withResolvers<Slot>()
      slot.release()
      await started.promise
    },
    cancel: (one) => queue.cancel(one),
  }
}

function peerQueue(make: (work: () => Promise<void>) => () => unknown): Waiting {
  let started = Promise.withResolvers<() => void>()
  const push = make(() => new Promise<void>((resolve) => started.resolve(resolve)))
  return {
    add: () => void push(),
    next: async () => {
      const end = await started.promise
      started = Promise.withResolvers<() => void>()
      end()
      await started.promise
    },
  }
}

const makers: Readonly<Record<string, () => Waiting>> = {
  'our queue': () => ourQueue(100),
  fastq: () =>
    peerQueue((work) => {
      const queue = fastq(work, 1)
      return () => queue.push(undefined)
    }),
  'p-queue': () =>
    peerQueue((work) => {
      const queue = new PQueue({ concurrency: 1 })
      return () => queue.add(work)
    }),
}
const MOST = 100_000
const DEPTHS = [1_000, MOST] as const

async function queues(): Promise<void> {
  for (const [name, make] of Object.entries(makers)) {
    // As many calls for both, so that both pay for collecting what they leave behind.
    const filling = DEPTHS.map((depth) => ({
      name: `${depth}`,
      count: MOST,
      run: (count: number) => {
        for (let joined = 0; joined < count; joined += depth) {
          const queue = make()
          for (let call = 0; call < depth; call++) queue.add()
        }
      },
    }))
    compared(`${name}: a call joins`, await measure(filling, 5), name === 'our queue')
    const churning = DEPTHS.map((depth) => {
      const queue = make()
      for (let call = 0; call < depth; call++) queue.add()
      const run = async (count: number): Promise<void> => {
        for (let turn = 0; turn < count; turn++) {
          queue.add()
          await queue.next()
        }
      }
      return { name: `${depth}`, count: 5_000, run }
    })
    compared(`${name}: one ends, one starts, one joins`, await measure(churning), name === 'our queue')
  }
  const cancelling = DEPTHS.map((depth) => {
    const queue = ourQueue(100)
    for (let call = 0; call < depth; call++) queue.add()
    let turn = 0
    const run = (count: number): void => {
      for (let round = 0; round < count; round++) {
        // Anyone of those that wait, and a new one in its place.
        const back = 1 + ((turn++ * 7_919) % (depth - 2))
        queue.cancel(`${queue.last() - back}`)
        queue.add()
      }
    }
    return { name: `${depth}`, count: 5_000, run }
  })
  compared('our queue: one is cancelled, one joins', await measure(cancelling), true)
}

function compared(title: string, figures: Map<string, number>, judged: boolean): void {
  const [few = 0, many = 0] = DEPTHS.map((depth) => figures.get(`${depth}`) ?? Number.NaN)
  const ratio = many / few
  const figure = `${micros(few)} at 1 000, ${micros(many)} at 100 000: ${ratio.toFixed(2)}×`
  if (judged) row(title, figure, '3×', ratio <= 3)
  else row(title, figure)
}

async function breakers(): Promise<void> {
  const ours = createBreakers({ clock: systemClock })
  const cockatiel = circuitBreaker(handleAll, { halfOpenAfter: 10_000, breaker: new ConsecutiveBreaker(5) })
  const work = async (): Promise<number> => 1
  const bare = new CircuitBreaker(work)
  const loop = (one: () => Promise<unknown>) => async (count: number) => {
    for (let turn = 0; turn < count; turn++) await one()
  }
  const guarded = async (): Promise<number> => {
    const permit = ours.tryAcquire('a/m')
    if (!('succeed' in permit)) throw new Error('open')
    const result = await work()
    permit.succeed(1)
    return result
  }
  const figures = await measure([
    { name: 'none', count: 50_000, run: loop(work) },
    { name: 'ours', count: 50_000, run: loop(guarded) },
    { name: 'cockatiel', count: 50_000, run: loop(() => cockatiel.execute(work)) },
    { name: 'opossum', count: 20_000, run: loop(() => bare.fire()) },
  ])
  const over = (name: string): number => (figures.get(name) ?? Number.NaN) - (figures.get('none') ?? 0)
  row('breaker: ours over none', micros(over('ours')), "cockatiel's", over('ours') <= over('cockatiel'))
  row('breaker: cockatiel over none', micros(over('cockatiel')))
  row('breaker: bare opossum over none', micros(over('opossum')))
  ours.close()
  bare.shutdown()
}

console.log(`Node ${process.version}\n\n| what | measured | bar | |\n|---|---|---|---|`)
await limiter()
await queues()
await breakers()
await overRedis()
process.exit(broken > 0 ? 1 : 0)
