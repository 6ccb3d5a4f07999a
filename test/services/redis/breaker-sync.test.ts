import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError, type OrchestratorEvent } from 'llm-switchyard'
import { type BreakerOpening } from 'llm-switchyard/resilience'
import { createRedisBreakerSync } from 'llm-switchyard/redis'
import { fakeFetch } from 'llm-switchyard/testing'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries, startClient, type Library } from './clients.ts'
import { startProcess } from './processes.ts'
import { pause, until } from './time.ts'
import type { TripOptions } from './trip.ts'

const server = useRedis()

/** One process's end of the line, with what it has heard. */
async function member(library: Library, prefix = 'switchyard') {
  const connected = await connectRedis(library, server())
  const sync = createRedisBreakerSync({ client: connected.client, prefix })
  const heard: BreakerOpening[] = []
  const leave = sync.subscribe((trip) => heard.push(trip))
  return {
    sync,
    heard,
    leave,
    send: connected.send,
    [Symbol.asyncDispose]: async () => {
      await sync.close()
      await connected[Symbol.asyncDispose]()
    },
  }
}

/** Until `count` members listen. */
async function listening(
  { send }: { send(...command: [string, ...string[]]): Promise<unknown> },
  count: number,
) {
  // Each receives a message that it ignores, and Redis counts the receivers.
  await until(async () => (await send('PUBLISH', '{switchyard}:trips:news', 'no trip')) === count)
}

describe.each(libraries)('breakers over Redis (%s)', (library) => {
  test('a trip in one process opens the same target in another, and only that', async () => {
    await using connected = await connectRedis(library, server())
    await connected.send('FLUSHALL')
    const worker = await startProcess('trip', { port: server().port, library } satisfies TripOptions)
    const breakerSync = createRedisBreakerSync({ client: connected.client })
    const fetch = fakeFetch('Hello')
    const events: OrchestratorEvent[] = []
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'any', fetch } },
      breaker: {},
      breakerSync,
      onEvent: (event) => events.push(event),
    })
    const call = (model: string) =>
      orchestrator.chatApiCall({ model, messages: [{ role: 'user', content: 'Hi' }] })
    await listening(connected, 2)
    expect((await call('openai/fails')).text).toBe('Hello')

    worker.tell('fail')
    expect(await worker.hear()).toMatchObject([{ target: 'openai/fails', state: 'open', openMs: 60_000 }])
    await until(() => events.length > 0)
    expect(events).toMatchObject([
      { type: 'breaker', target: 'openai/fails', state: 'open', reason: 'shared' },
    ])
    const refused = await call('openai/fails').catch((error: unknown) => error)
    expect(LlmError.is(refused, 'breaker-open')).toBe(true)
    expect((await call('openai/works')).text).toBe('Hello')
    expect(fetch.log).toHaveLength(2)
    // It was published once, by the process that found it.
    expect(breakerSync.stats()).toMatchObject({ published: 0, heard: 1 })

    worker.tell('end')
    expect(await worker.ended()).toBe(0)
    await orchestrator.close()
    await breakerSync.close()
  })

  test('a process that starts later learns of open breakers, with the remaining time', async () => {
    await using first = await member(library)
    await first.send('FLUSHALL')
    first.sync.publish({ target: 'a/long', openMs: 60_000, reason: 'timeout' })
    first.sync.publish({ target: 'a/short', openMs: 50 })
    await until(() => first.sync.stats().published === 2)
    expect(await first.send('PTTL', '{switchyard}:trips')).toBeGreaterThan(50_000)
    await pause(100)
    await using second = await member(library)
    await until(() => second.heard.length > 0)
    expect(second.heard[0]?.target).toBe('a/long')
    expect(second.heard[0]?.openMs).toBeLessThanOrEqual(60_000 - 100)
    expect(second.heard[0]?.openMs).toBeGreaterThan(50_000)
    await pause(50)
    expect(new Set(second.heard.map(({ target }) => target))).toEqual(new Set(['a/long']))
  })

  test('the keys go when the last breaker may close', async () => {
    await using only = await member(library)
    await only.send('FLUSHALL')
    only.sync.publish({ target: 'a/b', openMs: 40 })
    await until(() => only.sync.stats().published === 1)
    await until(async () => (await only.send('DBSIZE')) === 0)
  })

  test('no process receives its own messages, those of another prefix, or any after it unsubscribed; nonsense is ignored', async () => {
    await using one = await member(library)
    await using other = await member(library)
    await using stranger = await member(library, 'another')
    await one.send('FLUSHALL')
    await listening(one, 2)
    await one.send('PUBLISH', '{switchyard}:trips:news', '{"target":1,"openMs":"x"}')
    one.sync.publish({ target: 'a/b', openMs: 60_000 })
    await until(() => other.heard.length > 0)
    expect(other.heard).toMatchObject([{ target: 'a/b', openMs: 60_000 }])
    other.leave()
    one.sync.publish({ target: 'c/d', openMs: 60_000 })
    await until(() => one.sync.stats().published === 2)
    await pause(50)
    expect(other.heard).toHaveLength(1)
    expect([one.heard, stranger.heard]).toEqual([[], []])
  })

  test('an outage is survived: what happens meanwhile is not published, what comes after it is', async () => {
    await using one = await member(library)
    await using other = await member(library)
    await listening(one, 2)
    await server().kill()
    const late: BreakerOpening[] = []
    await using newcomer = startClient(library, server())
    const lateSync = createRedisBreakerSync({ client: newcomer.client })
    lateSync.subscribe((trip) => late.push(trip))
    one.sync.publish({ target: 'a/lost', openMs: 60_000 })
    await until(() => one.sync.stats().unpublished === 1)
    one.sync.publish({ target: 'a/lost', openMs: 60_000 })
    await until(() => one.sync.stats().unpublished === 2)
    await server().start()
    await until(() => one.sync.stats().up)
    await listening(one, 3)
    one.sync.publish({ target: 'a/new', openMs: 60_000 })
    await until(() => [other.heard, late].every((heard) => heard.some(({ target }) => target === 'a/new')))
    expect(late.filter(({ target }) => target === 'a/new')).toHaveLength(1)
    await lateSync.close()
  })
})

test('breakerSync without a breaker is refused', () => {
  const breakerSync = {
    publish: () => undefined,
    subscribe: () => () => undefined,
    close: async () => undefined,
  }
  expect(() => createOrchestrator({ breakerSync })).toThrow('breakerSync shares breakers, and there are none')
})
