import { describe, expect, onTestFinished, test } from 'vitest'
import { LlmError } from '../../../src/core/error.ts'
import type { ChatResponse } from '../../../src/core/response.ts'
import { saveComplete, memoryStreamLog, type RunEnd } from '../../../src/delivery/runs/index.ts'
import { makeHub, textOf } from './hubs.ts'
import { createUpstream, finish, start, text, usage } from './sources.ts'

describe('reading', () => {
  test('every reader gets all, from any place, while it runs and after', async () => {
    const { hub } = makeHub({ onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    const early = textOf(await hub.attach(id))
    upstream.push(start, text('one '))
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    const late = textOf(await hub.attach(id))
    const behind = textOf(await hub.attach(id, { after: 1 }))
    upstream.push(text('two '))
    upstream.push(text('three'), finish)
    upstream.end()
    await ended
    expect([await early, await late, await behind]).toEqual(['one two three', 'one two three', 'two three'])
    expect(await textOf(await hub.attach(id))).toBe('one two three')
    expect(hub.stats()).toMatchObject({ running: 0, readers: 0 })
  })

  test('a reader that leaves gets nothing more, and a read that waits ends', async () => {
    const { hub } = makeHub({ onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id } = await hub.start({ open: upstream.open })
    const reader = await hub.attach(id)
    const waiting = reader.read()
    reader.detach()
    expect(await waiting).toBeNull()
    expect(await reader.read()).toBeNull()
    expect(hub.stats()).toMatchObject({ running: 1, readers: 0 })
    upstream.push(text('on'), finish)
    upstream.end()
  })

  test('what is no longer kept is said, not skipped', async () => {
    const log = memoryStreamLog({ maxBatches: 4 })
    onTestFinished(() => log.close())
    const { hub } = makeHub({ log, onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    for (let piece = 0; piece < 9; piece++) upstream.push(text(`${piece}`))
    upstream.push(finish)
    upstream.end()
    await ended
    await expect(textOf(await hub.attach(id))).rejects.toMatchObject({
      kind: 'conflict',
      code: 'position-gone',
    })
    expect(await textOf(await hub.attach(id, { after: 8 }))).toBe('8')
  })

  test('a stuck reader holds nobody back', async () => {
    const { hub } = makeHub({ onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    await hub.attach(id)
    const quick = textOf(await hub.attach(id))
    for (let piece = 0; piece < 500; piece++) upstream.push(text('x'.repeat(1_000)))
    upstream.push(finish)
    upstream.end()
    await ended
    expect(await quick).toHaveLength(500_000)
  })

  test('a run that is not there is not found', async () => {
    const { hub } = makeHub()
    await expect(hub.attach('none')).rejects.toMatchObject({ kind: 'not-found' })
    expect(await hub.cancel('none')).toBe(false)
    expect(await hub.find('none')).toBeUndefined()
    expect(await hub.status('none')).toBeUndefined()
  })
})

describe('ends', () => {
  const partial = { text: 'so far', usage: { ...usage, estimated: true } } as ChatResponse
  const broken = new LlmError('stream-broken', 'cut')
  const tooLong = new LlmError('reply-malformed', 'too long', { code: 'answer-too-long' })

  test.each<[string, (upstream: ReturnType<typeof createUpstream>) => void, Partial<RunEnd>]>([
    ['finished', (up) => up.push(text('all'), finish), { reason: 'finished', save: 'complete', usage }],
    ['empty', (up) => up.push(start, finish), { reason: 'empty', save: 'never', usage }],
    [
      'only tools',
      (up) => up.push({ type: 'tool-call', id: 'c', name: 'get', arguments: {} }, finish),
      { reason: 'finished', save: 'complete' },
    ],
    ['error before content', (up) => up.fail(broken), { reason: 'error', save: 'never' }],
    [
      'error after content',
      (up) => {
        up.push(text('half'))
        up.fail(broken)
      },
      { reason: 'error', save: 'partial', usage: expect.objectContaining({ estimated: true }) },
    ],
    [
      'too long',
      (up) => {
        up.push(text('long'))
        up.fail(tooLong)
      },
      { reason: 'size', save: 'partial' },
    ],
    [
      'the answer so far, as the call knows it',
      (up) => {
        up.push(text('so'))
        up.fail(broken.with({ partial: { ...partial, reasoning: '' } }))
      },
      { reason: 'error', save: 'partial', usage: partial.usage },
    ],
    [
      'no finish',
      (up) => {
        up.push(text('half'))
        up.end()
      },
      { reason: 'error', save: 'partial' },
    ],
    ['no error of ours', (up) => up.fail(new TypeError('oops')), { reason: 'error', save: 'never' }],
  ])('%s: told once, with what to keep', async (_name, act, expected) => {
    const { hub, ends } = makeHub()
    const upstream = createUpstream()
    const { ended } = await hub.start({
      open: upstream.open,
      conversationId: 'c',
      userId: 'u',
      meta: { a: 1 },
    })
    act(upstream)
    upstream.end()
    const end = await ended
    expect(ends).toEqual([end])
    expect(end).toMatchObject({ conversationId: 'c', userId: 'u', meta: { a: 1 }, ...expected })
    expect(end.usage.totalTokens).toBeGreaterThanOrEqual(0)
  })

  test('a cancel stops the upstream, and readers learn of it', async () => {
    const { hub, ends } = makeHub()
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    const reading = textOf(await hub.attach(id))
    upstream.push(text('half an answer'))
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    expect(await hub.cancel(id, 'enough')).toBe(true)
    await expect(reading).rejects.toMatchObject({
      kind: 'aborted',
      code: 'cancelled',
      message: 'enough',
      partial: { usage: { estimated: true, outputTokens: expect.any(Number) } },
    })
    await ended
    expect(upstream.aborted).toMatchObject({ kind: 'aborted' })
    expect(ends).toMatchObject([
      { reason: 'cancelled', save: 'partial', response: { text: 'half an answer' } },
    ])
    expect(await hub.cancel(id)).toBe(false)
    expect(await hub.status(id)).toMatchObject({ status: 'cancelled', error: 'aborted' })
  })

  test('an upstream that does not hear is left behind', async () => {
    const { hub, clock, ends } = makeHub()
    const upstream = createUpstream({ deaf: true })
    const { id, ended } = await hub.start({ open: upstream.open })
    upstream.push(text('half'))
    await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
    await hub.cancel(id)
    await clock.advanceAsync(500)
    expect((await ended).reason).toBe('cancelled')
    upstream.push(text('too late'))
    upstream.end()
    expect(ends).toHaveLength(1)
    expect(clock.pending).toBe(1)
  })

  test('silence ends a run; content keeps it, and nothing else does', async () => {
    const { hub, clock } = makeHub({ idleMs: 1_000 })
    const upstream = createUpstream()
    const { ended } = await hub.start({ open: upstream.open })
    await clock.advanceAsync(900)
    upstream.push(text('a'))
    await clock.advanceAsync(900)
    upstream.push({ type: 'usage', usage })
    await clock.advanceAsync(99)
    expect(upstream.aborted).toBeUndefined()
    await clock.advanceAsync(1)
    expect(await ended).toMatchObject({
      reason: 'idle',
      error: { kind: 'timeout', phase: 'idle' },
      save: 'partial',
    })
  })

  test('the readers left: cancel at once, cancel after a while, or finish', async () => {
    const { hub, clock, ends } = makeHub({ disconnectGraceMs: 1_000 })
    const begin = async (onDisconnect: 'cancel' | 'finish') => {
      const upstream = createUpstream()
      const { id, ended } = await hub.start({ open: upstream.open, onDisconnect })
      upstream.push(text('a'))
      return { upstream, id, ended }
    }
    const [left, back, finished] = [await begin('cancel'), await begin('cancel'), await begin('finish')]
    for (const { id } of [left, back, finished]) (await hub.attach(id)).detach()
    await clock.advanceAsync(999)
    const again = await hub.attach(back.id)
    await clock.advanceAsync(1)
    expect(await left.ended).toMatchObject({ reason: 'client-gone', save: 'partial' })
    for (const { upstream } of [back, finished]) {
      expect(upstream.aborted).toBeUndefined()
      upstream.push(finish)
      upstream.end()
    }
    await Promise.all([back.ended, finished.ended])
    again.detach()
    expect(ends.map(({ save }) => save)).toEqual(['partial', 'complete', 'complete'])

    const atOnce = makeHub()
    const upstream = createUpstream()
    const { id } = await atOnce.hub.start({ open: upstream.open })
    const [one, two] = [await atOnce.hub.attach(id), await atOnce.hub.attach(id)]
    one.detach()
    one.detach()
    expect(upstream.aborted).toBeUndefined()
    two.detach()
    expect(upstream.aborted).toMatchObject({ code: 'client-gone' })
  })
})

describe('saving', () => {
  test('the end waits for the save, but not for ever', async () => {
    const saved = Promise.withResolvers<void>()
    const { hub, clock } = makeHub({ onSave: () => saved.promise, saveWaitMs: 1_000, onDisconnect: 'finish' })
    const upstream = createUpstream()
    const { id, ended } = await hub.start({ open: upstream.open })
    upstream.push(text('a'), finish)
    upstream.end()
    const reader = await hub.attach(id)
    expect(await reader.read()).toEqual([{ seq: 1, batch: [text('a')] }])
    let told: unknown
    void reader.read().then((page) => (told = page))
    await clock.advanceAsync(999)
    expect(told).toBeUndefined()
    await clock.advanceAsync(1)
    expect(told).toEqual([{ seq: 2, batch: [finish] }])
    expect(await reader.read()).toBeNull()
    await ended
    saved.resolve()
  })

  test('a save that fails is told, and no reader hears of it', async () => {
    const failures: unknown[] = []
    const lines: object[] = []
    const log = (fields: object): void => void lines.push(fields)
    const { hub } = makeHub({
      onSave: () => {
        throw new Error('disk full')
      },
      onSaveFailed: (_id, error) => {
        failures.push(error)
        throw new Error('and this too')
      },
      logger: { debug: log, info: log, warn: log, error: log },
      onDisconnect: 'finish',
    })
    const upstream = createUpstream()
    const { id } = await hub.start({ open: upstream.open })
    upstream.push(text('a'), finish)
    upstream.end()
    expect(await textOf(await hub.attach(id))).toBe('a')
    expect(failures).toEqual([new Error('disk full')])
    expect(lines).toHaveLength(2)
  })

  test('the policy decides; one that fails loses nothing', async () => {
    for (const [savePolicy, save] of [
      [saveComplete, 'never'],
      [
        () => {
          throw new Error('oops')
        },
        'partial',
      ],
    ] as const) {
      const { hub } = makeHub({ savePolicy })
      const upstream = createUpstream()
      const { id, ended } = await hub.start({ open: upstream.open })
      upstream.push(text('half'))
      await expect.poll(async () => (await hub.info(id))?.last).toBe(1)
      await hub.cancel(id)
      expect(await ended).toMatchObject({ reason: 'cancelled', save })
    }
  })
})
