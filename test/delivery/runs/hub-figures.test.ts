import { describe, expect, test } from 'vitest'
import { createRunHub } from '../../../src/delivery/runs/index.ts'
import { makeHub, textOf } from './hubs.ts'
import { createUpstream, finish, start, text } from './sources.ts'

describe('caps, figures, the end of the hub', () => {
  test('a user has so many streams at once, and the process too', async () => {
    const { hub } = makeHub({ maxPerUser: 2, maxRuns: 3 })
    const begin = async (userId?: string) => {
      const upstream = createUpstream()
      await hub.start({ open: upstream.open, userId })
      return upstream
    }
    const first = await begin('u')
    await begin('u')
    const refused = { kind: 'limit-exceeded', scope: 'user-streams', code: 'too-many-streams' }
    await expect(begin('u')).rejects.toMatchObject(refused)
    await begin('v')
    await expect(begin('w')).rejects.toMatchObject({ kind: 'limit-exceeded', scope: 'streams' })
    first.push(text('a'), finish)
    first.end()
    await expect.poll(() => hub.stats().running).toBe(2)
    await begin('u')
    expect(hub.stats()).toMatchObject({ running: 3, started: 4 })
  })

  test('ten at once by default; a start that fails gives its place back', async () => {
    const { hub } = makeHub()
    const begin = (id?: string) => hub.start({ open: createUpstream().open, userId: 'u', id })
    for (let run = 0; run < 9; run++) await begin(`run-${run}`)
    await expect(begin('run-0')).rejects.toMatchObject({ kind: 'conflict' })
    await begin()
    await expect(begin()).rejects.toMatchObject({ kind: 'limit-exceeded' })
  })

  test('status and metrics tell how it goes', async () => {
    const { hub, clock } = makeHub({ onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open, conversationId: 'c', maxTokens: 20 })
    expect(await hub.status(id)).toMatchObject({
      streamId: id,
      sessionId: 'c',
      status: 'waiting',
      progress: 0,
      tokensGenerated: 0,
      completedAt: null,
    })
    clock.advance(500)
    upstream.push(start, text('x'.repeat(40)), { type: 'tool-call-start', id: 't', name: 'get' })
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    expect(await hub.status(id)).toMatchObject({
      status: 'streaming',
      progress: 0.5,
      tokensGenerated: 10,
      provider: 'openai',
      tools: [{ id: 't', name: 'get', state: 'called' }],
    })
    upstream.push({ type: 'tool-result', id: 't', name: 'get', result: 1 })
    upstream.push(finish)
    clock.advance(500)
    upstream.end()
    await ended
    expect(await hub.status(id)).toMatchObject({
      status: 'completed',
      progress: 1,
      tokensGenerated: 5,
      finishReason: 'stop',
      startedAt: 1_700_000_000_000,
      completedAt: 1_700_000_001_000,
      tools: [{ state: 'completed' }],
    })
    expect(await hub.metrics(id)).toMatchObject({
      totalTokens: 8,
      tokensPerSecond: 5,
      latencyMs: 500,
      durationMs: 1_000,
      errors: 0,
    })
    const totals = { runs: 1, completed: 1, failed: 0, cancelled: 0, inputTokens: 3, outputTokens: 5 }
    expect(hub.stats().conversations).toEqual({ c: totals })
  })

  test('close stops and saves what runs, tells the readers, and leaves nothing', async () => {
    const { hub, clock, ends } = makeHub()
    const upstream = createUpstream()
    const { id } = await hub.start({ open: upstream.open })
    const reading = textOf(await hub.attach(id))
    upstream.push(text('half'))
    const seen = reading.catch((error: unknown) => error)
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    await hub.close()
    await hub.close()
    expect(await seen).toMatchObject({ kind: 'aborted', code: 'shutdown' })
    expect(ends).toMatchObject([{ reason: 'shutdown', save: 'partial', response: { text: 'half' } }])
    expect(clock.pending).toBe(0)
    expect(hub.stats()).toMatchObject({ running: 0, readers: 0 })
    await expect(hub.start({ open: upstream.open })).rejects.toMatchObject({ code: 'shutdown' })
  })

  test('close lets runs end for a while', async () => {
    const { hub, clock } = makeHub({ onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { ended } = await hub.start({ open: upstream.open })
    const closing = hub.close({ drainMs: 10_000 })
    upstream.push(text('a'), finish)
    upstream.end()
    expect((await ended).reason).toBe('finished')
    await closing
    expect(clock.pending).toBe(0)
  })

  test('options that are wrong are refused by name', () => {
    for (const options of [{ maxPerUser: -1 }, { idleMs: Number.NaN }, { onDisconnect: 'stay' as never }])
      expect(() => createRunHub(options)).toThrow(
        expect.objectContaining({
          kind: 'misconfigured',
          message: expect.stringContaining(Object.keys(options)[0] ?? ''),
        }),
      )
  })
})
