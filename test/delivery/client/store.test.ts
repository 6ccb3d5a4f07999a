import { describe, expect, test } from 'vitest'
import {
  webStorage,
  type ChatSnapshot,
  type SnapshotStorage,
  type TextStorage,
} from '../../../src/delivery/client/index.ts'
import { make, RUN, type Made } from './made.ts'
import { content, DONE, liveBody, scriptedFetch, settle, streamOf, usage, type LiveBody } from './scripted.ts'

function textStorage(): TextStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
  }
}
const own = { conversationId: undefined }

describe('over a reload', () => {
  test('the history, its usage and the conversation are there at once', async () => {
    const store = webStorage(textStorage())
    const first = make(scriptedFetch(streamOf(content('one', '1.1') + DONE, RUN)), { store, ...own })
    await first.client.send('go')
    first.client.dispose()
    const second = make(scriptedFetch(), { store, ...own })
    const { messages, conversationId, status, usage: total } = second.client.getState()
    expect(messages.map(({ text }) => text)).toEqual(['go', 'one'])
    expect(conversationId).toBe(first.client.getState().conversationId)
    expect([status, total]).toEqual(['idle', usage])
    expect(second.net.sent).toEqual([])
  })

  test('at every point of an answer: the rest is read, nothing twice', async () => {
    const pieces = ['a', 'b', 'c', 'd']
    for (let at = 0; at <= pieces.length; at++) {
      const store = webStorage(textStorage())
      const live = liveBody(RUN)
      const first = make(scriptedFetch(live.respond), { store, ...own })
      void first.client.send('go')
      await settle()
      for (const [index, piece] of pieces.slice(0, at).entries()) live.write(content(piece, `${index + 1}.1`))
      await settle()
      // As a browser does: told that the page goes, and then nothing more runs.
      first.page.set({ visible: false })
      const net = scriptedFetch(({ headers }) => {
        const had = Number(/(\d+)\.1$/.exec(headers['last-event-id'] ?? '')?.[1] ?? 0)
        return streamOf(
          pieces
            .map((piece, index) => content(piece, `${index + 1}.1`))
            .slice(had)
            .join('') + DONE,
        )
      })
      const second = make(net, { store, ...own })
      expect(second.client.getState().status).toBe(at === 0 ? 'loading' : 'streaming')
      await settle()
      expect(net.asked).toEqual(['GET /chat/r/stream'])
      expect(second.client.getState()).toMatchObject({ status: 'idle', usage })
      expect(second.client.getState().messages.map(({ text }) => text)).toEqual(['go', 'abcd'])
    }
  })

  test('a growing answer is stored once a second, text and position together', async () => {
    const storage = textStorage()
    const live = liveBody(RUN)
    const { client, clock } = make(scriptedFetch(live.respond), { store: webStorage(storage, 'k') })
    void client.send('go')
    await settle()
    const read = (): ChatSnapshot => JSON.parse(storage.kept.get('k') ?? '{}') as ChatSnapshot
    for (let index = 1; index <= 3; index++) {
      live.write(content('x', `${index}.1`))
      await settle()
    }
    expect(read().messages.at(-1)?.text).toBe('')
    await clock.advanceAsync(1_000)
    expect(read()).toMatchObject({ open: { run: { id: 'r', lastEventId: 'r:3.1' } } })
    expect(read().messages.at(-1)?.text).toBe('xxx')
  })

  test('before the server has answered: it is asked before anything is sent again', async () => {
    const store = webStorage(textStorage())
    const first = make(
      scriptedFetch(() => new Promise<Response>(() => undefined)),
      { store, ...own },
    )
    void first.client.send('go')
    await settle()
    const { conversationId } = first.client.getState()
    first.client.dispose()
    const status = Response.json({ streamId: 'r' })
    const second = make(scriptedFetch(status, streamOf(content('a', '1.1') + DONE)), { store, ...own })
    await settle()
    expect(second.net.asked).toEqual([`GET /chat/${conversationId}/status`, 'GET /chat/r/stream'])
    expect(second.client.getState().messages.map(({ text }) => text)).toEqual(['go', 'a'])
  })

  test('messages that wait offline are stored, and sent when the page is back', async () => {
    const store = webStorage(textStorage())
    const first = make(scriptedFetch(), { store, ...own })
    first.page.set({ online: false })
    void first.client.send('a', { body: { model: 'm' } })
    void first.client.send('b')
    first.client.dispose()
    const second = make(scriptedFetch(streamOf(DONE), streamOf(DONE)), { store, ...own })
    await settle()
    expect(second.net.sent.map(({ body }) => body['model'])).toEqual(['m', undefined])
    expect(second.client.getState().messages.map(({ text }) => text)).toEqual(['a', '', 'b', ''])
  })

  test('a stream that is gone meanwhile is an error, and nothing is asked for without leave', async () => {
    const store = webStorage(textStorage())
    const live = liveBody(RUN)
    const first = make(scriptedFetch(live.respond), { store, ...own })
    void first.client.send('go')
    await settle()
    live.write(content('half', '1.1'))
    await settle()
    first.client.dispose()
    const second = make(scriptedFetch(new Response(null, { status: 204 })), { store, ...own })
    await settle()
    expect(second.client.getState()).toMatchObject({ status: 'error', error: { kind: 'stream-broken' } })
    expect(second.net.sent).toHaveLength(1)
    second.client.dispose()
    const third = make(scriptedFetch(streamOf(content('new', '1.1') + DONE)), { store, ...own })
    expect(third.client.getState()).toMatchObject({ status: 'error', error: { kind: 'stream-broken' } })
    await third.client.retry()
    expect(third.client.getState().messages.map(({ text }) => text)).toEqual(['go', 'new'])
  })
})

describe('a store', () => {
  test.each(['', '{', '[]', '{"version":2}', '{"version":1,"conversationId":"c","messages":[{}]}'])(
    'that holds %j holds nothing',
    (text) => {
      const storage = textStorage()
      storage.setItem('k', text)
      const { client } = make(scriptedFetch(), { store: webStorage(storage, 'k'), ...own })
      expect(client.getState().messages).toEqual([])
    },
  )

  test('of another conversation is left alone', async () => {
    const store = webStorage(textStorage())
    const first = make(scriptedFetch(streamOf(DONE)), { store, conversationId: 'x' })
    await first.client.send('go')
    first.client.dispose()
    expect(make(scriptedFetch(), { store, conversationId: 'y' }).client.getState().messages).toEqual([])
  })

  test('that answers late: messages wait for it; the newest write wins', async () => {
    let give: ((snapshot: ChatSnapshot) => void) | undefined
    const saved: ChatSnapshot[] = []
    const store: SnapshotStorage = {
      load: () => new Promise((resolve) => (give = resolve)),
      save: async (snapshot) => {
        await settle()
        saved.push(snapshot)
      },
      clear: async () => undefined,
    }
    const { client, net } = make(scriptedFetch(streamOf(DONE)), { store, ...own })
    const answered = client.send('new')
    await settle()
    expect(net.sent).toEqual([])
    const old = { id: 'm', role: 'user', status: 'complete', text: 'old', parts: [], createdMs: 1 } as const
    give?.({ version: 1, conversationId: 'kept', messages: [old], queue: [] })
    await client.ready
    await answered
    for (let turn = 0; turn < 5; turn++) await settle()
    expect(client.getState().conversationId).toBe('kept')
    expect(client.getState().messages.map(({ text }) => text)).toEqual(['old', 'new', ''])
    expect(saved.at(-1)?.messages.at(-1)?.status).toBe('complete')
  })

  test('that is slow has everything of a chat that is disposed meanwhile', async () => {
    const saved: ChatSnapshot[] = []
    const store: SnapshotStorage = {
      load: () => undefined,
      save: async (snapshot) => {
        await settle()
        saved.push(snapshot)
      },
      clear: async () => undefined,
    }
    const net = scriptedFetch(() => new Promise<Response>(() => undefined))
    const { client } = make(net, { store, ...own })
    void client.send('a')
    void client.send('b')
    client.dispose()
    for (let turn = 0; turn < 5; turn++) await settle()
    expect(saved.at(-1)?.queue.map(({ message }) => message.text)).toEqual(['b'])
    expect(saved.at(-1)?.open).toBeDefined()
  })

  test.each(['kept', 'c', undefined])('that answers late, with %s: a notice before it stays', async (id) => {
    let give: ((snapshot: ChatSnapshot | undefined) => void) | undefined
    const saved: ChatSnapshot[] = []
    const store: SnapshotStorage = {
      load: () => new Promise((resolve) => (give = resolve)),
      save: (snapshot) => void saved.push(snapshot),
      clear: () => undefined,
    }
    const conversationId = id === 'kept' ? undefined : 'c'
    const { client } = make(scriptedFetch(), { store, conversationId })
    const old = { id: 'm', role: 'user', status: 'complete', text: 'old', parts: [], createdMs: 1 } as const
    client.notify({ text: 'first' })
    client.notify({ text: 'newer', id: 'm', role: 'user' })
    expect(saved).toEqual([])
    const conversation = id ?? 'of another'
    give?.({ version: 1, conversationId: conversation, messages: [old], queue: [] })
    await client.ready
    const texts = id === undefined ? ['first', 'newer'] : ['newer', 'first']
    expect(client.getState().messages.map(({ text }) => text)).toEqual(texts)
    expect(saved.at(-1)?.messages.map(({ text }) => text)).toEqual(texts)
  })

  test('that fails harms nothing, and is told', async () => {
    const problems: string[] = []
    const fail = (): never => {
      throw new Error('quota exceeded')
    }
    const store = { load: fail, save: fail, clear: fail }
    const onError = ({ message }: Error): void => void problems.push(message)
    const { client } = make(scriptedFetch(streamOf(DONE)), { store, onError })
    expect(await client.send('go')).toMatchObject({ status: 'complete' })
    client.reset()
    expect(problems[0]).toContain('could not be read: quota exceeded')
    expect(problems.at(-1)).toContain('quota exceeded')
  })

  test('reset forgets everything and stops what runs', async () => {
    const storage = textStorage()
    const live = liveBody(RUN)
    const net = scriptedFetch(live.respond, Response.json({}), streamOf(content('fresh', '1.1') + DONE))
    const { client, clock } = make(net, { store: webStorage(storage, 'k') })
    const answered = client.send('go')
    await settle()
    live.write(content('half', '1.1'))
    await settle()
    client.reset('next')
    expect(await answered).toBe(undefined)
    expect(client.getState()).toMatchObject({ conversationId: 'next', messages: [], status: 'idle' })
    expect(storage.kept.size).toBe(0)
    expect(live.cancelled).toBe(true)
    await settle()
    expect(net.asked[1]).toBe('POST /chat/r/cancel')
    expect(clock.pending).toBe(0)
    expect(await client.send('again')).toMatchObject({ text: 'fresh' })
  })
})

describe('dispose', () => {
  const scenes: Record<string, (made: Made, live: LiveBody) => Promise<void> | void> = {
    idle: () => undefined,
    opening: ({ client }) => void client.send('go'),
    streaming: async ({ client }, live) => {
      void client.send('go')
      await settle()
      live.write(content('a', '1.1'))
      await settle()
    },
    stopping: async ({ client }) => {
      void client.send('go')
      await settle()
      client.stop()
    },
    waiting: async ({ client }, live) => {
      void client.send('go')
      await settle()
      live.cut()
      await settle()
    },
    offline: ({ client, page }) => {
      page.set({ online: false })
      void client.send('go')
    },
    throttled: async ({ client }, live) => {
      void client.send('go')
      await settle()
      live.write(DONE)
      await settle()
      void client.send('on')
    },
  }

  test.each(Object.keys(scenes))('while %s leaves no timer, no listener and no connection', async (name) => {
    const live = liveBody(RUN)
    const made = make(scriptedFetch(live.respond), {
      store: webStorage(textStorage()),
      throttle: { messages: 1, perMs: 1_000 },
    })
    await scenes[name]?.(made, live)
    const { client, clock, page, net, states } = made
    client.dispose()
    client.dispose()
    await settle()
    const seen = states.length
    const asked = net.sent.length
    expect(clock.pending).toBe(0)
    expect(page.watchers).toBe(0)
    for (const { signal } of net.sent) if (signal !== undefined) expect(signal.aborted).toBe(true)
    await clock.advanceAsync(100_000)
    live.write(content('late', '5.1'))
    expect(await client.send('more')).toBe(undefined)
    await settle()
    expect([states.length, net.sent.length]).toEqual([seen, asked])
    client.stop()
    client.pause()
    client.resume()
    expect(await client.retry()).toBe(undefined)
  })

  test('whoever waits is told', async () => {
    const live = liveBody(RUN)
    const { client } = make(scriptedFetch(live.respond))
    const answers = [client.send('a'), client.send('b')]
    await settle()
    client.dispose()
    expect(await Promise.all(answers)).toEqual([undefined, undefined])
  })
})
