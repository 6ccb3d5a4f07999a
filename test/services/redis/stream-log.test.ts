import { describe, expect, onTestFinished, test } from 'vitest'
import { createRedisStreamLog, type RedisStreamLog, type RedisStreamLogOptions } from 'llm-switchyard/redis'
import { checkLogLaws, headOf } from '../../delivery/runs/log-laws.ts'
import { finish, text } from '../../delivery/runs/sources.ts'
import { patience } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries, type TestClient } from './clients.ts'
import { until } from './time.ts'

const server = useRedis()
const all = { maxBatches: 1_000, maxBytes: 1_000_000 }

describe.each(libraries)('a log over Redis (%s)', (library) => {
  async function makeLog(options: Partial<RedisStreamLogOptions> = {}): Promise<RedisStreamLog & TestClient> {
    const connected = await connectRedis(library, server())
    const log = createRedisStreamLog({ timeoutMs: 20_000, ...options, client: connected.client })
    onTestFinished(async () => {
      await log.close()
      await connected[Symbol.asyncDispose]()
    })
    return Object.assign(log, connected)
  }

  describe('for its writer', () => {
    checkLogLaws((bounds) => makeLog(bounds))
  })

  // The same through a second process's eyes: the writer's own memory has no part in it.
  describe('for others', () => {
    checkLogLaws(async (bounds) => {
      const [writer, other] = [await makeLog(bounds), await makeLog(bounds)]
      const { create, append, end } = writer
      const bound = { create: create.bind(writer), append: append.bind(writer), end: end.bind(writer) }
      return new Proxy<RedisStreamLog>(other, {
        get: (target, name) => {
          const own = name in bound ? bound[name as keyof typeof bound] : undefined
          const value: unknown = own ?? Reflect.get(target, name)
          return typeof value === 'function' && own === undefined ? value.bind(target) : value
        },
      })
    })
  })

  test('the run of a crashed writer is lost for its readers, which are notified, and for itself', async () => {
    const [writer, reader] = [await makeLog({ leaseMs: 300 }), await makeLog({ leaseMs: 300 })]
    const head = headOf()
    await writer.create(head)
    await writer.append(head.id, [[text('a')]])
    let woken = 0
    const unwatch = reader.watch(head.id, () => void woken++)
    onTestFinished(unwatch)
    expect(await reader.read(head.id, { after: 0, ...all })).toMatchObject({ state: 'running', last: 1 })
    await writer.close()
    await until(async () => (await reader.read(head.id, { after: 0, ...all }))?.state === 'lost')
    expect(woken).toBeGreaterThan(0)
    expect(await reader.cancel(head.id, 'late')).toBe(false)
  })

  test('a lease is renewed while its process lives, and the figures with it', async () => {
    const leaseMs = 1_000 * patience
    const [writer, reader] = [await makeLog({ leaseMs }), await makeLog({ leaseMs })]
    let tokens = 0
    const head = headOf({ figures: () => ({ tokens }) })
    await writer.create(head)
    tokens = 7
    await until(async () => (await reader.info(head.id))?.figures['tokens'] === 7)
    await new Promise((resolve) => setTimeout(resolve, 2.3 * leaseMs))
    expect(await reader.info(head.id)).toMatchObject({ state: 'running' })
    await writer.append(head.id, [[text('still here')]])
    await writer.end(head.id, { type: 'done' })
    expect(await reader.info(head.id)).toMatchObject({ state: 'ended', last: 1 })
  })

  test('a batch that is sent twice, as after a lost connection, is kept once', async () => {
    const connected = await connectRedis(library, server())
    const names = new Set(['eval', 'evalSha', 'evalsha'])
    const client = new Proxy(connected.client, {
      get: (target, name) => {
        const value: unknown = Reflect.get(target, name)
        if (typeof value !== 'function') return value
        const call = (...args: readonly unknown[]): unknown => Reflect.apply(value, target, args)
        if (!names.has(String(name))) return call
        return async (...args: readonly unknown[]) => {
          const first = await call(...args)
          expect(await call(...args)).toBe(first)
          return first
        }
      },
    })
    const log = createRedisStreamLog({ client, timeoutMs: 20_000 })
    onTestFinished(async () => {
      await log.close()
      await connected[Symbol.asyncDispose]()
    })
    const head = headOf()
    await log.create(head)
    await log.append(head.id, [[text('a')], [text('b')]])
    await log.append(head.id, [[finish]])
    await log.end(head.id, { type: 'done' })
    const page = await (await makeLog()).read(head.id, { after: 0, ...all })
    expect(page).toMatchObject({ last: 3, state: 'ended' })
    expect(page?.entries).toHaveLength(3)
  })

  test('every key has an end', async () => {
    const prefix = `ends-${library}`
    const writer = await makeLog({ prefix, ttlMs: 60_000 })
    await writer.send('FLUSHALL')
    const head = headOf({ key: 'chat' })
    await writer.create(head)
    await writer.append(head.id, [[text('a')], [finish]])
    await writer.end(head.id, { type: 'done' })
    const keys = (await writer.send('KEYS', `{${prefix}}:*`)) as string[]
    expect(keys).toHaveLength(3)
    for (const key of keys) {
      const left = Number(await writer.send('PTTL', key))
      expect(left).toBeGreaterThan(0)
      expect(left).toBeLessThanOrEqual(60_000)
    }
  })

  test('options that are wrong are refused by name', async () => {
    const { client } = await makeLog()
    for (const options of [{ leaseMs: 1 }, { onDown: 'maybe' as never }, { maxBytes: 0 }, { prefix: '{x}' }])
      expect(() => createRedisStreamLog({ client, ...options })).toThrow(
        expect.objectContaining({
          kind: 'misconfigured',
          message: expect.stringContaining(Object.keys(options)[0] ?? ''),
        }),
      )
    for (const none of [{}, undefined, { evalSha: client.duplicate }])
      expect(() => createRedisStreamLog({ client: none as never })).toThrow(/client (must be|is missing)/)
  })
})

describe('a log whose Redis goes down', () => {
  const make = async (options: Partial<RedisStreamLogOptions>): Promise<RedisStreamLog> => {
    const connected = await connectRedis('node-redis', server())
    const log = createRedisStreamLog({ client: connected.client, timeoutMs: 100, ...options })
    onTestFinished(async () => {
      await log.close()
      await connected[Symbol.asyncDispose]()
    })
    return log
  }

  test('fail-open: runs continue for readers in this process', async () => {
    const log = await make({})
    const head = headOf()
    await log.create(head)
    await log.append(head.id, [[text('a')]])
    server().freeze()
    onTestFinished(() => server().thaw())
    await log.append(head.id, [[text('b')]])
    const other = headOf()
    await log.create(other)
    await log.append(other.id, [[text('c')]])
    expect(log.stats()).toMatchObject({ up: false, writing: 2, alone: 2 })
    expect((await log.read(head.id, { after: 0, ...all }))?.entries).toHaveLength(2)
    const unwatch = log.watch(head.id, () => undefined)
    await log.end(head.id, { type: 'done' })
    expect(await log.read(head.id, { after: 2, ...all })).toMatchObject({ state: 'ended' })
    unwatch()
    expect((await log.read(other.id, { after: 0, ...all }))?.entries).toHaveLength(1)
    await expect(log.info('elsewhere')).rejects.toMatchObject({ kind: 'overloaded', code: 'stream-log-down' })
  })

  test('fail-closed: what cannot be written is refused', async () => {
    const log = await make({ onDown: 'fail-closed' })
    const head = headOf()
    await log.create(head)
    server().freeze()
    onTestFinished(() => server().thaw())
    const down = { kind: 'overloaded', code: 'stream-log-down', retryAfterMs: expect.any(Number) }
    await expect(log.append(head.id, [[text('a')]])).rejects.toMatchObject(down)
    await expect(log.create(headOf())).rejects.toMatchObject(down)
    expect(log.stats()).toMatchObject({ writing: 1, alone: 0 })
  })
})
