import { describe, expect, test } from 'vitest'
import { createOrchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createRedisCooldownSync, createRedisSlots } from 'llm-switchyard/redis'
import { createFakeProvider, fakeFetch, type ScriptedReply } from 'llm-switchyard/testing'
import { patience } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries } from './clients.ts'
import type { CrowdOptions, CrowdReport } from './crowd.ts'
import { startProcess } from './processes.ts'
import { pause, until } from './time.ts'

const server = useRedis()
const messages = [{ role: 'user' as const, content: 'Hi' }]

describe.each(libraries)('a queue whose slots are shared (%s)', (library) => {
  test('four processes run no more at once than the one cap says, and all calls', async () => {
    await using connected = await connectRedis(library, server())
    await connected.send('FLUSHALL')
    const options: CrowdOptions = { port: server().port, library, calls: 60, concurrency: 5 }
    const workers = await Promise.all(Array.from({ length: 4 }, () => startProcess('crowd', options)))
    for (const worker of workers) worker.tell('go')
    const reports = await Promise.all(workers.map((worker) => worker.hear<CrowdReport>()))
    expect(reports.map(({ done }) => done)).toEqual([60, 60, 60, 60])
    expect(Math.max(...reports.map(({ most }) => most))).toBe(5)
    expect(await connected.send('GET', 'in-flight')).toBe('0')
    expect(await connected.send('EXISTS', '{switchyard}:slots:total')).toBe(0)
    for (const worker of workers) worker.tell('end')
    expect(await Promise.all(workers.map((worker) => worker.ended()))).toEqual([0, 0, 0, 0])
  })

  /** An orchestrator as one of several processes has it. */
  async function member(onDown: 'fail-open' | 'fail-closed', script: ScriptedReply, more: object = {}) {
    const connected = await connectRedis(library, server())
    const slots = createRedisSlots({ client: connected.client, onDown, timeoutMs: 1_500 * patience })
    const provider = await createFakeProvider({ script })
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'any', baseUrl: provider.baseUrl('openai-chat') } },
      queue: { concurrency: 1, slots, ...more },
    })
    return {
      ...connected,
      orchestrator,
      slots,
      call: () => orchestrator.chatApiCall({ model: 'openai/m', messages }),
      open: () => orchestrator.chatApiCall({ model: 'openai/m', messages, stream: true }),
      [Symbol.asyncDispose]: async () => {
        await orchestrator.close({ drainMs: 0 })
        await slots.close()
        await provider.close()
        await connected[Symbol.asyncDispose]()
      },
    }
  }

  test('a stream holds its slot until its end, in the other process too', async () => {
    await using one = await member('fail-closed', {
      text: 'Hello there.',
      pacing: { betweenMs: 2_000 * patience },
    })
    await one.send('FLUSHALL')
    await using two = await member('fail-closed', 'Hello there.')
    const stream = await one.open()
    let done = false
    const other = two.call().then(() => (done = true))
    // If a check fails before it is awaited, its own end says nothing new.
    other.catch(() => undefined)
    await until(() => two.slots.stats().refused > 0)
    expect(done).toBe(false)
    expect(two.orchestrator.stats().queue).toMatchObject({ running: 0, pending: 1 })
    for await (const _event of stream);
    await other
    expect(one.slots.stats().held + two.slots.stats().held).toBe(0)
  })

  test('Redis down: by the stated policy, and again with it when it is back', async () => {
    await using open = await member('fail-open', 'Hi', { concurrency: 2 })
    await using closed = await member('fail-closed', 'Hi', { concurrency: 2 })
    await Promise.all([open.call(), closed.call()])
    await server().kill()
    const outcomes = await Promise.allSettled([open.call(), open.call(), open.call(), closed.call()])
    await server().start()
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected'])
    expect(outcomes[3]).toMatchObject({ reason: { kind: 'overloaded', code: 'slots-down' } })
    await until(() => open.slots.stats().up && closed.slots.stats().up)
    await Promise.all([open.call(), closed.call()])
    expect(open.orchestrator.stats().queue).toMatchObject({ running: 0, pending: 0 })
    expect(closed.orchestrator.stats()).toMatchObject({ active: 0, failed: 1, succeeded: 2 })
  })
})

describe.each(libraries)('rests that are shared (%s)', (library) => {
  async function member(
    script: ScriptedReply,
    options: OrchestratorOptions,
    apiKey: string | string[] = 'any',
  ) {
    const connected = await connectRedis(library, server())
    const cooldownSync = createRedisCooldownSync({ client: connected.client })
    const keys: string[] = []
    const fetch = fakeFetch(script)
    const watched: typeof globalThis.fetch = (url, init) => {
      keys.push(new Headers(init?.headers).get('authorization') ?? '')
      return fetch(url, init)
    }
    const orchestrator = createOrchestrator({
      ...options,
      providers: { openai: { apiKey, fetch: watched } },
      cooldownSync,
    })
    return {
      ...connected,
      keys,
      cooldownSync,
      call: () => orchestrator.chatApiCall({ model: 'openai/m', messages }),
      [Symbol.asyncDispose]: async () => {
        await orchestrator.close({ drainMs: 0 })
        await cooldownSync.close()
        await connected[Symbol.asyncDispose]()
      },
    }
  }
  const limited: ScriptedReply = { error: { kind: 'rate-limited' }, headers: { 'retry-after': '60' } }

  test('one 429 is enough for all processes, also for one that starts later', async () => {
    await using one = await member(limited, { quotas: {} })
    await one.send('FLUSHALL')
    await using two = await member('Hello', { quotas: {} })
    await until(async () => (await one.send('PUBLISH', '{switchyard}:rests:news', 'nothing')) === 2)
    expect((await two.call()).text).toBe('Hello')
    await expect(one.call()).rejects.toMatchObject({ kind: 'rate-limited', status: 429 })
    await until(() => two.cooldownSync.stats().heard === 1)
    await expect(two.call()).rejects.toMatchObject({ kind: 'rate-limited', status: undefined })
    expect(two.keys).toHaveLength(1)
    await using late = await member('Hello', { quotas: {} })
    await until(() => late.cooldownSync.stats().heard === 1)
    await expect(late.call()).rejects.toMatchObject({ kind: 'rate-limited' })
    expect(late.keys).toHaveLength(0)
  })

  test('without Redis each rests for itself, and they share again when it is back', async () => {
    await using cleaner = await connectRedis(library, server())
    await cleaner.send('FLUSHALL')
    await using one = await member(limited, { quotas: {} })
    await using two = await member('Hello', { quotas: {} })
    const bothListen = async () => (await one.send('PUBLISH', '{switchyard}:rests:news', 'nothing')) === 2
    await until(bothListen)
    await server().kill()
    await expect(one.call()).rejects.toMatchObject({ kind: 'rate-limited', status: 429 })
    await expect(one.call()).rejects.toMatchObject({ kind: 'rate-limited', status: undefined })
    await until(() => one.cooldownSync.stats().unpublished === 1)
    expect((await two.call()).text).toBe('Hello')
    await server().start()
    await until(() => one.cooldownSync.stats().up && two.cooldownSync.stats().up)
    await until(bothListen)
    // The client may have kept what it could not publish then and send it now. It concerns the same target, so it does no harm.
    one.cooldownSync.publish({ subject: 'openai/m', cooldownMs: 60_000 })
    await until(() => one.cooldownSync.stats().published === 1)
    // As news, or from the list that it reads when it finds Redis again, or as both.
    await until(() => two.cooldownSync.stats().heard >= 1)
    await expect(two.call()).rejects.toMatchObject({ kind: 'rate-limited', status: undefined })
  })

  test('what ended while Redis was away is not published', async () => {
    await using cleaner = await connectRedis(library, server())
    await cleaner.send('FLUSHALL')
    await using one = await member('Hello', { quotas: {} })
    await until(async () => (await one.send('PUBLISH', '{switchyard}:rests:news', 'nothing')) === 1)
    // Its answer comes after that of the first read, which tells the server's time.
    one.cooldownSync.publish({ subject: 'openai/first', cooldownMs: 1 })
    await until(() => one.cooldownSync.stats().published === 1)
    await server().kill()
    // The client keeps both until it is connected again; by then both are as old as Redis was away.
    one.cooldownSync.publish({ subject: 'openai/short', cooldownMs: 300 })
    one.cooldownSync.publish({ subject: 'openai/long', cooldownMs: 60_000 })
    await until(() => one.cooldownSync.stats().unpublished === 2)
    await pause(600)
    await server().start()
    const stored = async () => JSON.stringify(await one.send('ZRANGE', '{switchyard}:rests', '0', '-1'))
    await until(async () => (await stored()).includes('openai/long'))
    expect(await stored()).toBe('["openai/long"]')
  })

  test('a key that rests in one process rests in the others', async () => {
    await using one = await member(limited, {}, ['key-zero', 'key-one'])
    await one.send('FLUSHALL')
    await using two = await member('Hello', {}, ['key-zero', 'key-one', 'key-two'])
    await until(async () => (await one.send('PUBLISH', '{switchyard}:rests:news', 'nothing')) === 2)
    await expect(one.call()).rejects.toMatchObject({ kind: 'rate-limited' })
    await until(() => two.cooldownSync.stats().heard === 2)
    for (let call = 0; call < 3; call++) await two.call()
    expect(two.keys).toEqual(['Bearer key-two', 'Bearer key-two', 'Bearer key-two'])
    expect(JSON.stringify(await one.send('ZRANGE', '{switchyard}:rests', '0', '-1'))).not.toContain('key')
  })
})
