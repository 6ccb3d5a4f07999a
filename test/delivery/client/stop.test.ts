import { describe, expect, test } from 'vitest'
import { make, OK, RUN } from './made.ts'
import { content, DONE, frame, liveBody, scriptedFetch, settle, streamOf, usage } from './scripted.ts'

const CANCELLED = (): Response => Response.json({ streamId: 'r', cancelled: true })
const LAST_WORDS =
  frame(
    { type: 'error', error: { code: 'aborted', message: 'the client stopped the stream' }, usage },
    '3.1',
  ) + 'id: r:end\ndata: [DONE]\n\n'

describe('stop', () => {
  test('tells the server, takes its last words, and is idle again', async () => {
    const live = liveBody(RUN)
    const { client, net, clock, states } = make(scriptedFetch(live.respond, CANCELLED))
    const answered = client.send('go')
    await settle()
    live.write(OK + content('half', '1.1'))
    await settle()
    client.stop()
    client.stop()
    expect(client.getState().status).toBe('stopping')
    await settle()
    live.write(content(' more', '2.1') + LAST_WORDS)
    expect(await answered).toMatchObject({ status: 'stopped', text: 'half more', usage, error: undefined })
    expect(net.asked).toEqual(['POST /chat', 'POST /chat/r/cancel'])
    expect(client.getState()).toMatchObject({ status: 'idle', error: undefined, usage })
    expect(
      states.filter(({ status }, at) => status === 'idle' && states[at - 1]?.status === 'stopping'),
    ).toHaveLength(1)
    expect(clock.pending).toBe(0)
  })

  test('before the server has answered: it is told as soon as the stream has a name', async () => {
    const live = liveBody(RUN)
    let open: (() => void) | undefined
    const late = new Promise<void>((resolve) => (open = resolve))
    const net = scriptedFetch((sent) => late.then(() => live.respond(sent)), CANCELLED)
    const { client } = make(net)
    const answered = client.send('go')
    await settle()
    client.stop()
    await settle()
    expect(net.sent).toHaveLength(1)
    open?.()
    await settle()
    expect(net.asked[1]).toBe('POST /chat/r/cancel')
    live.write(LAST_WORDS)
    expect(await answered).toMatchObject({ status: 'stopped', text: '' })
  })

  test.each([
    ['never ends', CANCELLED, 2_000],
    ['cannot be told', () => new Response(null, { status: 404 }), 0],
    ['is down', () => Promise.reject(new TypeError('down')), 0],
  ])('a server that %s is left', async (_name, respond, waitMs) => {
    const live = liveBody(RUN)
    const { client, clock } = make(scriptedFetch(live.respond, respond))
    const answered = client.send('go')
    await settle()
    live.write(content('half', '1.1'))
    await settle()
    client.stop()
    await clock.advanceAsync(waitMs)
    expect(await answered).toMatchObject({ status: 'stopped', text: 'half' })
    expect(live.cancelled).toBe(true)
    expect(clock.pending).toBe(0)
  })

  test('while it waits for the next try: at once', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(content('half', '1.1'), RUN)))
    const answered = client.send('go')
    await settle()
    expect(client.getState().connection.state).toBe('waiting')
    client.stop()
    expect(await answered).toMatchObject({ status: 'stopped', text: 'half' })
    expect(net.asked[1]).toBe('POST /chat/r/cancel')
    expect(clock.pending).toBe(0)
    await clock.advanceAsync(60_000)
    expect(net.sent).toHaveLength(2)
  })

  test('an answer that was done already is done', async () => {
    const live = liveBody(RUN)
    const { client } = make(scriptedFetch(live.respond, CANCELLED))
    const answered = client.send('go')
    await settle()
    client.stop()
    live.write(content('all', '1.1') + DONE)
    expect(await answered).toMatchObject({ status: 'complete', text: 'all' })
  })

  test('without an answer under way it does nothing', () => {
    const { client, net } = make(scriptedFetch())
    client.stop()
    expect(client.getState().status).toBe('idle')
    expect(net.sent).toEqual([])
  })

  test('without resume the connection is closed: the server hears that', async () => {
    const live = liveBody()
    const { client, net } = make(scriptedFetch(live.respond), { resume: false })
    const answered = client.send('go')
    await settle()
    live.write(content('half', '1.1'))
    await settle()
    client.stop()
    expect(await answered).toMatchObject({ status: 'stopped', text: 'half' })
    expect(live.cancelled).toBe(true)
    expect(net.sent).toHaveLength(1)
  })
})
