import { describe, expect, onTestFinished, test } from 'vitest'
import { createChatHandler } from 'llm-switchyard/http'
import { createRedisStreamLog, type RedisStreamLog } from 'llm-switchyard/redis'
import { createRunHub, type RunEnd, type RunHub, type RunReader } from '../../../src/delivery/runs/index.ts'
import { cutUnderLoad, respondWithName } from '../../delivery/http/chat-handler/cut-load.ts'
import { serveHandler } from '../../delivery/http/chat-handler/served.ts'
import { createUpstream, text as textDelta } from '../../delivery/runs/sources.ts'
import { sized, stopwatch } from '../../proof.ts'
import { useRedis } from '../redis-server.ts'
import { connectRedis, libraries } from './clients.ts'
import { startProcess, type WorkerProcess } from './processes.ts'

const server = useRedis()

describe.each(libraries)('runs over Redis (%s)', (library) => {
  async function makeLog(leaseMs = 5_000): Promise<RedisStreamLog> {
    const connected = await connectRedis(library, server())
    const log = createRedisStreamLog({ client: connected.client, leaseMs, timeoutMs: 20_000 })
    onTestFinished(async () => {
      await log.close()
      await connected[Symbol.asyncDispose]()
    })
    return log
  }

  interface Pair {
    readonly hub: RunHub
    readonly worker: WorkerProcess
    readonly id: string
  }

  async function startPair(leaseMs: number): Promise<Pair> {
    const hub = createRunHub({ log: await makeLog(leaseMs) })
    onTestFinished(() => hub.close())
    const worker = await startProcess('runner', { port: server().port, library, leaseMs })
    return { hub, worker, id: await worker.hear<string>() }
  }

  async function readText(reader: RunReader, piece: (text: string) => void): Promise<void> {
    for await (const { batch } of reader)
      for (const event of batch) if (event.type === 'text-delta') piece(event.text)
  }

  const STREAMS = sized(40, 200)

  test(`${STREAMS} streams on two servers, each connection cut three times and taken up on the other`, async () => {
    const handlers = await Promise.all(
      [1, 2].map(async () => {
        const log = await makeLog()
        const handler = createChatHandler(
          { respond: respondWithName },
          { authorize: 'open', log, onClientGone: 'finish', maxStreamsPerUser: 0 },
        )
        onTestFinished(() => handler.close())
        return handler
      }),
    )
    const urls = await Promise.all(handlers.map(serveHandler))
    await cutUnderLoad(urls, STREAMS)
    for (const { runs } of handlers) expect(runs.stats()).toMatchObject({ running: 0, started: STREAMS / 2 })
  })

  test('many readers elsewhere get all of it; then a cancel from here ends it there', async () => {
    const { hub, worker, id } = await startPair(5_000)
    expect((await hub.find('chat'))?.id).toBe(id)
    const texts = ['', '', '']
    const readers = await Promise.all(texts.map(() => hub.attach(id)))
    const readings = readers.map((reader, index) =>
      readText(reader, (piece) => {
        texts[index] += piece
      }).catch((error: unknown) => error),
    )
    for (const word of ['one ', 'two ', 'three']) worker.tell(word)
    await expect.poll(() => texts).toEqual(Array.from(texts, () => 'one two three'))
    expect(await hub.status(id)).toMatchObject({ status: expect.stringMatching(/waiting|streaming/) })
    expect(await hub.cancel(id, 'seen enough')).toBe(true)
    expect(await worker.hear()).toEqual({ reason: 'cancelled', save: 'partial', text: 'one two three' })
    for (const reading of readings)
      expect(await reading).toMatchObject({ kind: 'aborted', code: 'cancelled', message: 'seen enough' })
    expect(await hub.status(id)).toMatchObject({ status: 'cancelled' })
    expect(await hub.cancel(id)).toBe(false)
    worker.tell('leave')
    expect(await worker.ended()).toBe(0)
  })

  test('a page that reloads at another server keeps its stream alive; when it goes for good, so does the stream', async () => {
    const upstream = createUpstream()
    const ends: RunEnd[] = []
    const owner = createRunHub({
      log: await makeLog(),
      disconnectGraceMs: 150,
      onSave: (end) => void ends.push(end),
    })
    const other = createRunHub({ log: await makeLog() })
    onTestFinished(async () => {
      await other.close()
      await owner.close()
    })
    const { id, ended } = await owner.start({ open: upstream.open })
    const here = await owner.attach(id)
    let text = ''
    const there = await other.attach(id)
    const reading = readText(there, (piece) => {
      text += piece
    })
    upstream.push(textDelta('one '))
    await expect.poll(() => text).toBe('one ')
    here.detach()
    await new Promise((resolve) => setTimeout(resolve, 400))
    expect(upstream.aborted).toBeUndefined()
    upstream.push(textDelta('two'))
    await expect.poll(() => text).toBe('one two')
    there.detach()
    await reading
    expect(await ended).toMatchObject({ reason: 'client-gone', save: 'partial' })
    expect(ends).toHaveLength(1)
  })

  test('a process that dies in mid-run: readers elsewhere are notified in time', async () => {
    const { hub, worker, id } = await startPair(600)
    let text = ''
    const reading = readText(await hub.attach(id), (piece) => {
      text += piece
    }).catch((error: unknown) => error)
    worker.tell('half')
    await expect.poll(() => text).toBe('half')
    const took = stopwatch()
    worker.crash()
    expect(await reading).toMatchObject({ kind: 'stream-broken', code: 'run-lost' })
    took.atMost(3_000)
    expect(await hub.status(id)).toMatchObject({ status: 'lost' })
    expect(await hub.cancel(id)).toBe(false)
  })

  test('what another process has finished can be read here, and its process ends clean', async () => {
    const { hub, worker, id } = await startPair(5_000)
    worker.tell('all ')
    worker.tell('of it')
    worker.tell('finish')
    expect(await worker.hear()).toMatchObject({ reason: 'finished', save: 'complete' })
    worker.tell('leave')
    expect(await worker.ended()).toBe(0)
    let text = ''
    await readText(await hub.attach(id), (piece) => {
      text += piece
    })
    expect(text).toBe('all of it')
    expect(await hub.status(id)).toMatchObject({ status: 'completed', sessionId: 'chat' })
    expect(await hub.metrics(id)).toMatchObject({ errors: 0, totalTokens: 8 })
  })
})
