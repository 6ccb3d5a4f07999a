import { describe, expect, test } from 'vitest'
import { type Clock } from 'llm-switchyard'
import { systemClock } from 'llm-switchyard/adapter'
import { createRedisSlots, type RedisSlotsOptions, type SlotLease } from 'llm-switchyard/redis'
import { patience } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries, type Library } from './clients.ts'
import type { HolderOptions } from './holder.ts'
import { startProcess } from './processes.ts'
import { pause, until } from './time.ts'

const server = useRedis()

// A living process renews its leases in time, also where it gets little of the machine.
const LEASE_MS = 1_200 * patience

async function yard(library: Library, options: Partial<RedisSlotsOptions> = {}) {
  const connected = await connectRedis(library, server())
  await connected.send('FLUSHALL')
  const slots = createRedisSlots({
    client: connected.client,
    onDown: 'fail-closed',
    timeoutMs: 20_000,
    ...options,
  })
  return {
    slots,
    send: connected.send,
    [Symbol.asyncDispose]: async () => {
      await slots.close()
      await connected[Symbol.asyncDispose]()
    },
  }
}

/** Takes what there must be. */
async function held(taken: ReturnType<ReturnType<typeof createRedisSlots>['take']>): Promise<SlotLease> {
  const answer = await taken
  if (!answer.taken) throw new Error(`refused: ${answer.used.join()}`)
  return answer
}

describe.each(libraries)('slots over Redis (%s)', (library) => {
  const holder = (options: Partial<HolderOptions>) =>
    startProcess('holder', { port: server().port, library, calls: 1, leaseMs: 30_000, ...options })

  test('663 calls at once in 4 processes hold as many as there are', async () => {
    await using redis = await yard(library)
    const caps = [
      { key: 'total', limit: 50 },
      { key: 'provider/openai', limit: 20 },
    ]
    const holders = await Promise.all([166, 166, 166, 165].map((calls) => holder({ calls, caps })))
    for (const each of holders) each.tell('take')
    const counts = await Promise.all(holders.map((each) => each.hear<number>()))
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(20)
    expect(await redis.slots.take([{ key: 'total', limit: 50 }])).toMatchObject({ taken: true })
    expect(await redis.slots.take(caps)).toEqual({ taken: false, used: [21, 20] })
    for (const each of holders) each.tell('release')
    for (const each of holders) expect(await each.ended()).toBe(0)
    for (let call = 0; call < 20; call++) await held(redis.slots.take(caps))
    expect((await redis.slots.take(caps)).taken).toBe(false)
  })

  test('all caps or none; given back once', async () => {
    await using redis = await yard(library)
    const [a, b] = [
      { key: 'a', limit: 2 },
      { key: 'b', limit: 1 },
    ]
    const first = await held(redis.slots.take([a, b]))
    expect(await redis.slots.take([a, b])).toEqual({ taken: false, used: [1, 1] })
    const second = await held(redis.slots.take([a]))
    expect(await redis.slots.take([a])).toEqual({ taken: false, used: [2] })
    first.release()
    first.release()
    await held(redis.slots.take([b]))
    await held(redis.slots.take([a]))
    expect(await redis.slots.take([a])).toEqual({ taken: false, used: [2] })
    second.release()
    expect(redis.slots.stats()).toMatchObject({ held: 2, taken: 4, refused: 3 })
  })

  test('a release is heard of in the other processes', async () => {
    await using redis = await yard(library)
    const cap = { key: 'a', limit: 1 }
    const other = await holder({ caps: [cap] })
    other.tell('take')
    await other.hear()
    let freed = 0
    const leave = redis.slots.onFree(() => freed++)
    await until(() => freed > 0)
    expect((await redis.slots.take([cap])).taken).toBe(false)
    const before = freed
    other.tell('release')
    await until(() => freed > before)
    await held(redis.slots.take([cap]))
    leave()
    const after = freed
    await redis.send('PUBLISH', '{switchyard}:slots:free', '')
    await pause(30)
    expect(freed).toBe(after)
  })

  test('the slots of a process that crashed fall free; those of a living one never', async () => {
    await using redis = await yard(library, { leaseMs: LEASE_MS })
    const [crashed, living] = [
      { key: 'crashed', limit: 1 },
      { key: 'living', limit: 1 },
    ]
    const doomed = await holder({ caps: [crashed], leaseMs: LEASE_MS })
    doomed.tell('take')
    expect(await doomed.hear()).toBe(1)
    await held(redis.slots.take([living]))
    await pause(1.5 * LEASE_MS)
    expect((await redis.slots.take([crashed])).taken).toBe(false)
    doomed.crash()
    expect((await redis.slots.take([crashed])).taken).toBe(false)
    await until(async () => (await redis.slots.take([crashed])).taken)
    await pause(1.5 * LEASE_MS)
    expect((await redis.slots.take([living])).taken).toBe(false)
  })

  test('nothing is left: no key, no timer', async () => {
    let timers = 0
    const clock: Clock = {
      ...systemClock,
      setTimer: (action, delayMs) => {
        timers++
        return systemClock.setTimer(() => {
          timers--
          action()
        }, delayMs)
      },
      clearTimer: (timer) => {
        if (timer !== undefined) timers--
        systemClock.clearTimer(timer)
      },
    }
    await using redis = await yard(library, { clock })
    const lease = await held(redis.slots.take([{ key: 'a', limit: 1 }]))
    expect(timers).toBe(1)
    expect(await redis.send('PTTL', '{switchyard}:slots:a')).toBeGreaterThan(0)
    lease.release()
    await until(() => timers === 0)
    expect(await redis.send('DBSIZE')).toBe(0)
    await held(redis.slots.take([{ key: 'a', limit: 1 }]))
    await redis.slots.close()
    expect(timers).toBe(0)
    expect(await redis.send('DBSIZE')).toBe(0)
  })

  test.each(['fail-open', 'fail-closed'] as const)('an outage: %s', async (onDown) => {
    await using redis = await yard(library, { onDown, timeoutMs: 100 })
    const cap = { key: 'a', limit: 2 }
    const first = await held(redis.slots.take([cap]))
    await server().kill()
    if (onDown === 'fail-open') {
      await held(redis.slots.take([cap]))
      expect(await redis.slots.take([cap])).toEqual({ taken: false, used: [2] })
      first.release()
      await held(redis.slots.take([cap]))
    } else {
      const refusal = { kind: 'overloaded', code: 'slots-down' }
      await expect(redis.slots.take([cap])).rejects.toMatchObject(refusal)
      await expect(redis.slots.take([cap])).rejects.toMatchObject(refusal)
    }
    const count = redis.slots.stats().held
    let free = 0
    redis.slots.onFree(() => free++)
    await server().start()
    await until(() => redis.slots.stats().up)
    await until(() => free > 0)
    // A Redis that has forgotten all learns again what is held.
    await until(async () => (await redis.send('ZCARD', '{switchyard}:slots:a')) === count)
    expect((await redis.slots.take([cap])).taken).toBe(count < 2)
  })

  test('a slot that was granted too late is given back', async () => {
    await using redis = await yard(library, { timeoutMs: 100 })
    await held(redis.slots.take([{ key: 'warm', limit: 1 }]))
    server().freeze()
    await expect(redis.slots.take([{ key: 'a', limit: 1 }])).rejects.toMatchObject({ code: 'slots-down' })
    server().thaw()
    await until(() => redis.slots.stats().up)
    await until(async () => (await redis.send('EXISTS', '{switchyard}:slots:a')) === 0)
    await held(redis.slots.take([{ key: 'a', limit: 1 }]))
  })
})

test.each([
  ['no policy', { onDown: undefined }, 'createRedisSlots: onDown is missing'],
  ['a lease of no length', { leaseMs: 0 }, 'createRedisSlots: leaseMs must be'],
])('%s is refused by name', (_name, options, says) => {
  const client = { evalSha: async () => '', eval: async () => '', duplicate: () => client }
  const all = { client, onDown: 'fail-open', ...options } as never
  expect(() => createRedisSlots(all)).toThrow(says)
})

describe('a slot that Redis gave too late', () => {
  test('is given back, also where the same read says that Redis is back', async () => {
    const asked: { readonly text: string; readonly args: string[]; answer(reply: string): void }[] = []
    const ask = (text: string, call: { arguments: string[] }): Promise<unknown> =>
      new Promise((resolve) => asked.push({ text, args: call.arguments, answer: resolve }))
    const connection = { evalSha: ask, eval: ask }
    const client = { ...connection, duplicate: () => Promise.reject(new Error('nobody listens')) as never }
    const slots = createRedisSlots({ client, onDown: 'fail-closed', timeoutMs: 20 })
    await expect(slots.take([{ key: 'total', limit: 1 }])).rejects.toMatchObject({ code: 'slots-down' })
    // It is looked for after a while.
    await until(() => asked.length === 2)
    for (const { answer } of asked) answer('taken')
    await until(() => asked.length === 3)
    const [take, , release] = asked
    expect(release?.text).toContain('ZREM')
    expect(release?.args[0]).toBe(take?.args[0])
    release?.answer('')
    await slots.close()
  })
})
