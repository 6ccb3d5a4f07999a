import { describe, expect, onTestFinished, test } from 'vitest'
import { createRedisStreamLog, type RedisStreamLogOptions } from 'llm-switchyard/redis'
import { createRunHub, type RunEnd, type RunHub, type RunReader } from '../../../src/delivery/runs/index.ts'
import { createUpstream, finish, text } from '../../delivery/runs/sources.ts'
import { patience } from '../../patience.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries } from './clients.ts'

const server = useRedis()

describe.each(libraries)('runs whose Redis goes down (%s)', (library) => {
  async function makeHub(options: Partial<RedisStreamLogOptions>): Promise<{ hub: RunHub; ends: RunEnd[] }> {
    const connected = await connectRedis(library, server())
    const log = createRedisStreamLog({ client: connected.client, timeoutMs: 1_000 * patience, ...options })
    const ends: RunEnd[] = []
    const hub = createRunHub({ log, onDisconnect: 'finish', onSave: (end) => void ends.push(end) })
    onTestFinished(async () => {
      server().thaw()
      await hub.close()
      await log.close()
      await connected[Symbol.asyncDispose]()
    })
    return { hub, ends }
  }

  const read = async (reader: RunReader): Promise<{ whole: string; error?: unknown }> => {
    let whole = ''
    try {
      for await (const { batch } of reader)
        for (const event of batch) if (event.type === 'text-delta') whole += event.text
      return { whole }
    } catch (error) {
      return { whole, error }
    }
  }

  test('fail-open: the reader in this process notices nothing, the one elsewhere is notified', async () => {
    const [{ hub, ends }, { hub: other }] = [await makeHub({ leaseMs: 900 }), await makeHub({ leaseMs: 900 })]
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    const here = read(await hub.attach(id))
    const there = read(await other.attach(id))
    upstream.push(text('one '))
    await expect.poll(async () => (await other.info(id))?.last).toBe(1)
    server().freeze()
    upstream.push(text('two '))
    upstream.push(text('three'), finish)
    upstream.end()
    expect(await here).toEqual({ whole: 'one two three' })
    expect(await ended).toMatchObject({ reason: 'finished', save: 'complete' })
    expect(ends).toHaveLength(1)
    // Its own look at the log, three times a lease, finds that Redis is down.
    expect(await there).toMatchObject({ whole: 'one ', error: { code: 'stream-log-down' } })
  })

  test('fail-open: a run that went on alone is whole elsewhere when Redis is back in time', async () => {
    const [{ hub }, { hub: other }] = [await makeHub({}), await makeHub({})]
    const [before, during] = [createUpstream(), createUpstream()]
    const first = await hub.start({ open: before.open, conversationId: 'first' })
    before.push(text('one '))
    await expect.poll(async () => (await other.info(first.id))?.last).toBe(1)
    server().freeze()
    before.push(text('two '))
    const second = await hub.start({ open: during.open, conversationId: 'second' })
    during.push(text('all of it'), finish)
    during.end()
    await second.ended
    expect((await hub.find('second'))?.id).toBe(second.id)
    server().thaw()
    await expect.poll(async () => (await other.find('second'))?.state).toBe('ended')
    expect(await read(await other.attach(second.id))).toEqual({ whole: 'all of it' })
    const there = read(await other.attach(first.id))
    before.push(text('three'), finish)
    before.end()
    expect(await there).toEqual({ whole: 'one two three' })
  })

  test('fail-closed: the run ends typed, what came is saved, the upstream is stopped', async () => {
    const { hub, ends } = await makeHub({ onDown: 'fail-closed' })
    const upstream = createUpstream()
    const { id } = await hub.start({ open: upstream.open })
    const reading = read(await hub.attach(id))
    upstream.push(text('one '))
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    server().freeze()
    upstream.push(text('two'))
    expect(await reading).toMatchObject({
      whole: 'one ',
      error: { kind: 'overloaded', code: 'stream-log-down' },
    })
    expect(upstream.aborted).toMatchObject({ code: 'stream-log-down' })
    expect(ends).toMatchObject([{ reason: 'error', save: 'partial', response: { text: 'one two' } }])
  })

  test('a writer that was away for longer than its lease learns that its run is lost', async () => {
    const leaseMs = 1_000 * patience
    const options = { leaseMs, timeoutMs: 20_000 }
    const [{ hub, ends }, { hub: other }] = [await makeHub(options), await makeHub(options)]
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    const there = read(await other.attach(id))
    upstream.push(text('one'))
    await expect.poll(async () => (await other.info(id))?.last).toBe(1)
    server().freeze()
    await new Promise((resolve) => setTimeout(resolve, 2 * leaseMs))
    server().thaw()
    expect(await there).toMatchObject({ whole: 'one', error: { kind: 'stream-broken', code: 'run-lost' } })
    expect(await ended).toMatchObject({ reason: 'lost', save: 'partial' })
    expect(upstream.aborted).toMatchObject({ code: 'run-lost' })
    expect(ends).toHaveLength(1)
  })
})
