import { describe, expect, test } from 'vitest'
import { make, RUN } from './made.ts'
import { content, DONE, liveBody, scriptedFetch, settle, streamOf, type ScriptedFetch } from './scripted.ts'

const whole = (text: string): Response => streamOf(content(text, '1.1') + DONE)
const newest = ({ sent }: ScriptedFetch): unknown[] =>
  sent.map(({ body }) => (body['messages'] as { content: string }[]).at(-1)?.content)

describe('messages in order', () => {
  test('those sent meanwhile wait for the answer under way', async () => {
    const live = liveBody(RUN)
    const { client, net } = make(scriptedFetch(live.respond, whole('two'), whole('three')))
    const answers = ['a', 'b', 'c'].map((text) => client.send(text))
    await settle()
    expect(client.getState().queue.map(({ text, status }) => [text, status])).toEqual([
      ['b', 'queued'],
      ['c', 'queued'],
    ])
    live.write(content('one', '1.1') + DONE)
    expect((await Promise.all(answers)).map((answer) => answer?.text)).toEqual(['one', 'two', 'three'])
    expect(newest(net)).toEqual(['a', 'b', 'c'])
    expect(client.getState().messages.map(({ text }) => text)).toEqual(['a', 'one', 'b', 'two', 'c', 'three'])
  })

  test('offline they wait; back online they go, in order', async () => {
    const { client, net, page } = make(scriptedFetch(whole('1'), whole('2')))
    page.set({ online: false })
    const answers = [client.send('a'), client.send('b')]
    await settle()
    expect(net.sent).toEqual([])
    expect(client.getState()).toMatchObject({ status: 'idle', connection: { state: 'offline' } })
    expect(client.getState().queue).toHaveLength(2)
    page.set({ online: true })
    await Promise.all(answers)
    expect(newest(net)).toEqual(['a', 'b'])
    expect(client.getState()).toMatchObject({ queue: [], connection: { state: 'closed' } })
  })

  test('a network that goes in mid-stream costs no try, and the answer goes on when it is back', async () => {
    const live = liveBody(RUN)
    const { client, net, page, clock } = make(scriptedFetch(live.respond))
    const answered = client.send('go')
    await settle()
    live.write(content('a', '1.1'))
    await settle()
    page.set({ online: false })
    live.cut()
    await clock.advanceAsync(600_000)
    expect(client.getState()).toMatchObject({ status: 'streaming', connection: { state: 'offline' } })
    expect(net.sent).toHaveLength(1)
    net.answer(streamOf(content('b', '2.1') + DONE))
    page.set({ online: true })
    expect(await answered).toMatchObject({ text: 'ab', status: 'complete' })
    expect(net.sent[1]?.headers['last-event-id']).toBe('r:1.1')
  })

  test('the throttle spaces them out, in order', async () => {
    const net = scriptedFetch(...['1', '2', '3', '4', '5'].map(whole))
    const { client, clock } = make(net, { throttle: { messages: 2, perMs: 60_000 } })
    const answers = ['a', 'b', 'c', 'd', 'e'].map((text) => client.send(text))
    await settle()
    expect(newest(net)).toEqual(['a', 'b'])
    const { connection } = client.getState()
    expect(connection).toMatchObject({ state: 'throttled', untilMs: clock.epochMs() + 60_000 })
    await clock.advanceAsync(59_999)
    expect(net.sent).toHaveLength(2)
    await clock.advanceAsync(1)
    expect(newest(net)).toEqual(['a', 'b', 'c', 'd'])
    await clock.advanceAsync(60_000)
    await Promise.all(answers)
    expect(newest(net)).toEqual(['a', 'b', 'c', 'd', 'e'])
    expect(clock.pending).toBe(0)
  })

  test('a message may be taken back', async () => {
    const { client, net, page, clock } = make(scriptedFetch(whole('1')), {
      throttle: { messages: 1, perMs: 10 },
    })
    page.set({ online: false })
    const answers = [client.send('a'), client.send('b')]
    const [first, second] = client.getState().queue
    expect(client.cancelQueued(first?.id ?? '')).toBe(true)
    expect(client.cancelQueued(first?.id ?? '')).toBe(false)
    expect(await answers[0]).toBe(undefined)
    page.set({ online: true })
    await answers[1]
    expect(newest(net)).toEqual(['b'])
    void client.send('c')
    expect(client.cancelQueued(client.getState().queue[0]?.id ?? '')).toBe(true)
    expect(client.getState().connection.state).toBe('closed')
    expect(clock.pending).toBe(0)
    expect(second?.text).toBe('b')
  })

  test('after a failure they wait until somebody says so', async () => {
    const { client, net } = make(scriptedFetch(new Response('{}', { status: 400 })))
    const answers = [client.send('a'), client.send('b')]
    await answers[0]
    await settle()
    expect(client.getState()).toMatchObject({ status: 'error' })
    expect(net.sent).toHaveLength(1)
    net.answer(whole('1'), whole('2'))
    await client.retry()
    await answers[1]
    expect(newest(net)).toEqual(['a', 'a', 'b'])
  })
})

describe('the page', () => {
  test('hidden: by default the answer goes on', async () => {
    const live = liveBody(RUN)
    const { client, page } = make(scriptedFetch(live.respond))
    const answered = client.send('go')
    await settle()
    page.set({ visible: false })
    live.write(content('a', '1.1') + DONE)
    expect(await answered).toMatchObject({ text: 'a', status: 'complete' })
  })

  test('hidden with `pause`: the connection is closed, not the answer; it goes on when the tab is back', async () => {
    const live = liveBody(RUN)
    const { client, net, page, clock } = make(scriptedFetch(live.respond), { whenHidden: 'pause' })
    const answered = client.send('go')
    await settle()
    live.write(content('a', '1.1'))
    await settle()
    page.set({ visible: false })
    await settle()
    expect(live.cancelled).toBe(true)
    expect(client.getState()).toMatchObject({ status: 'streaming', connection: { state: 'paused' } })
    expect(clock.pending).toBe(0)
    net.answer(streamOf(content('b', '2.1') + DONE))
    page.set({ visible: true })
    expect(await answered).toMatchObject({ text: 'ab' })
    expect(net.asked).toEqual(['POST /chat', 'GET /chat/r/stream'])
  })

  test('pause and resume by hand', async () => {
    const live = liveBody(RUN)
    const { client, net } = make(scriptedFetch(live.respond))
    client.pause()
    const answered = client.send('go')
    await settle()
    expect(net.sent).toEqual([])
    client.resume()
    await settle()
    live.write(content('a', '1.1'))
    await settle()
    client.pause()
    await settle()
    expect(live.cancelled).toBe(true)
    net.answer(streamOf(content('b', '2.1') + DONE))
    client.resume()
    expect(await answered).toMatchObject({ text: 'ab' })
  })

  test('a tab that comes back does not wait for the next try, but for what a server asked for', async () => {
    const { client, net, page, clock } = make(scriptedFetch(streamOf(content('a', '1.1'), RUN)))
    const answered = client.send('go')
    await clock.advanceAsync(3_500)
    expect(client.getState().connection).toMatchObject({ state: 'waiting', attempt: 3 })
    net.answer(streamOf(content('b', '2.1') + DONE))
    page.set({ visible: false })
    page.set({ visible: true })
    expect(await answered).toMatchObject({ text: 'ab' })
    net.answer(new Response('{}', { status: 429, headers: { 'retry-after': '30' } }))
    void client.send('on')
    await settle()
    page.set({ visible: false })
    page.set({ visible: true })
    await settle()
    expect(client.getState().connection.state).toBe('waiting')
    expect(net.sent).toHaveLength(5)
  })
})

test('a listener that sends at once sends after the message that it saw', async () => {
  const { client, net } = make(
    scriptedFetch(streamOf(content('a', '1.1') + DONE), streamOf(content('b', '1.1') + DONE)),
  )
  let second: Promise<unknown> | undefined
  let isSent = false
  client.subscribe(({ messages }) => {
    if (isSent || messages.length !== 1) return
    isSent = true
    second = client.send('second')
  })
  expect(await client.send('first')).toMatchObject({ text: 'a', status: 'complete' })
  expect(await second).toMatchObject({ text: 'b', status: 'complete' })
  expect(net.asked).toEqual(['POST /chat', 'POST /chat'])
  expect(client.getState().messages.map(({ text }) => text)).toEqual(['first', 'a', 'second', 'b'])
})
