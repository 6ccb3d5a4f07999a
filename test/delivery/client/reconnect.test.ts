import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { make, OK, RUN } from './made.ts'
import { content, DONE, frame, liveBody, scriptedFetch, settle, streamOf } from './scripted.ts'

describe('a lost connection', () => {
  const pieces = ['Grüße ', '🙂 ', 'and ', 'more']
  const bytes = new TextEncoder().encode(
    OK + pieces.map((piece, at) => content(piece, `${at + 1}.1`)).join('') + DONE,
  )
  /** What the server would send after a position. */
  const rest = (after: string | undefined): string => {
    const had = after === undefined ? 0 : Number(/(\d+)\.1$/.exec(after)?.[1])
    return (
      OK +
      pieces
        .map((piece, at) => content(piece, `${at + 1}.1`))
        .slice(had)
        .join('') +
      DONE
    )
  }

  test('at every byte: the text is whole, nothing twice', async () => {
    for (let at = 0; at <= bytes.length; at++) {
      const live = liveBody(RUN)
      const net = scriptedFetch(live.respond, ({ headers }) => streamOf(rest(headers['last-event-id'])))
      const { client, clock } = make(net)
      const answered = client.send('go')
      await settle()
      live.write(bytes.slice(0, at))
      await settle()
      live.cut()
      await clock.advanceAsync(1_000)
      expect((await answered)?.text, `cut at ${at}`).toBe(pieces.join(''))
      if (net.sent.length > 1) expect(net.asked[1]).toBe('GET /chat/r/stream')
      client.dispose()
    }
  })

  test('any number of cuts, and a server that repeats itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(bytes.length), { maxLength: 6 }),
        fc.boolean(),
        async (cuts, repeats) => {
          const lives = cuts.map(() => liveBody(RUN))
          const net = scriptedFetch(...lives.map(({ respond }) => respond))
          const { client, clock } = make(net)
          const answered = client.send('go')
          for (const [index, live] of lives.entries()) {
            await settle()
            const after = net.sent[index]?.headers['last-event-id']
            const text = repeats ? rest(undefined) : rest(after)
            live.write(new TextEncoder().encode(text).slice(0, cuts[index]))
            await settle()
            live.cut()
            await clock.advanceAsync(1_000)
          }
          net.answer(({ headers }) => streamOf(rest(repeats ? undefined : headers['last-event-id'])))
          await clock.advanceAsync(10_000)
          expect((await answered)?.text).toBe(pieces.join(''))
          client.dispose()
        },
      ),
      { numRuns: 60 },
    )
  })

  test('three tries, one, two and three seconds apart; then a clear error', async () => {
    const live = liveBody(RUN)
    const { client, net, clock, states } = make(scriptedFetch(live.respond))
    const answered = client.send('go')
    await settle()
    live.write(content('half', '1.1'))
    await settle()
    live.cut()
    await settle()
    const tries = [1]
    for (let second = 1; second <= 7; second++) {
      await clock.advanceAsync(1_000)
      tries.push(net.sent.length)
    }
    expect(tries).toEqual([1, 2, 2, 3, 3, 3, 4, 4])
    expect(await answered).toMatchObject({ status: 'failed', text: 'half' })
    expect(client.getState().error).toMatchObject({ kind: 'network' })
    expect(client.getState().error?.message).toContain('server cannot be reached')
    const waits = states.flatMap(({ connection }) => (connection.state === 'waiting' ? [connection] : []))
    expect(waits[0]).toMatchObject({ attempt: 1, of: 3, error: { kind: 'network' } })
    expect(clock.pending).toBe(0)
    // The server is back: the same answer goes on.
    net.answer(({ headers }) => streamOf(content(` after ${headers['last-event-id']}`, '2.1') + DONE, RUN))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'half after r:1.1' })
    expect(client.getState().messages).toHaveLength(2)
  })

  test('an opened connection starts the count anew', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(content('a', '1.1'), RUN)))
    const answered = client.send('go')
    for (let round = 2; round < 5; round++) {
      const down = new TypeError('down')
      net.answer(down, down, streamOf(content('a', `${round}.1`), RUN))
      await clock.advanceAsync(6_000)
    }
    net.answer(streamOf(DONE))
    await clock.advanceAsync(1_000)
    expect(await answered).toMatchObject({ status: 'complete', text: 'aaaa' })
  })

  test('one that opens and never brings anything comes to an end', async () => {
    const net = scriptedFetch(...Array.from({ length: 50 }, () => streamOf(OK, RUN)))
    const { client, clock } = make(net)
    const answered = client.send('go')
    await clock.advanceAsync(60_000)
    expect(await answered).toMatchObject({ status: 'failed' })
    expect(net.sent.length).toBeLessThan(15)
  })

  test('a request that may have arrived is not sent again before the server was asked', async () => {
    const found = Response.json({ streamId: 'r', status: 'streaming' })
    const net = scriptedFetch(new TypeError('lost'), found, streamOf(content('once', '1.1') + DONE, RUN))
    const { client, clock } = make(net)
    const answered = client.send('go')
    await clock.advanceAsync(1_000)
    expect(await answered).toMatchObject({ text: 'once' })
    expect(net.asked).toEqual(['POST /chat', 'GET /chat/c/status', 'GET /chat/r/stream'])
  })

  test('it is sent again where the server never saw it, also when it still holds the stream before', async () => {
    const net = scriptedFetch(streamOf(content('one', '1.1') + DONE, RUN))
    const { client, clock } = make(net)
    await client.send('go')
    net.answer(
      new TypeError('lost'),
      Response.json({ streamId: 'r' }),
      streamOf(content('two', '1.1') + DONE),
    )
    const second = client.send('on')
    await clock.advanceAsync(1_000)
    expect(await second).toMatchObject({ text: 'two' })
    expect(net.asked.slice(1)).toEqual(['POST /chat', 'GET /chat/c/status', 'POST /chat'])
  })

  test('a server that forgot the stream: told at once; retry asks anew', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(content('half', '1.1'), RUN)))
    net.answer(new Response(null, { status: 204 }))
    const answered = client.send('go')
    await clock.advanceAsync(1_000)
    expect(await answered).toMatchObject({ status: 'failed', text: 'half', error: { kind: 'stream-broken' } })
    net.answer(streamOf(content('new', '1.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'new' })
    expect(net.asked.at(-1)).toBe('POST /chat')
  })

  test('retry after a restart: the stream is gone, so it asks anew by itself', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(content('half', '1.1'), RUN)))
    const answered = client.send('go')
    await clock.advanceAsync(10_000)
    expect(await answered).toMatchObject({ status: 'failed', error: { kind: 'network' } })
    net.answer(new Response(null, { status: 204 }), streamOf(content('new', '1.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'new' })
    expect(client.getState().messages.map(({ text }) => text)).toEqual(['go', 'new'])
  })

  test('an access that expires: the rest comes with the new one', async () => {
    const expired = frame({ type: 'error', error: { code: 'unauthorized', message: 'expired' } }, '2.1')
    const end = 'id: r:end\ndata: [DONE]\n\n'
    const { client, net } = make(scriptedFetch(streamOf(content('half', '1.1') + expired + end, RUN)))
    expect(await client.send('go')).toMatchObject({ status: 'failed', error: { kind: 'unauthorized' } })
    net.answer(({ headers }) => streamOf(content(` ${headers['last-event-id']}`, '2.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'half r:1.1' })
  })

  test('a run whose server has died is told as such; retry asks for a new answer', async () => {
    const lost = { code: 'stream-broken', reason: 'run-lost', message: 'The rest of the answer is lost.' }
    const { client, net } = make(
      scriptedFetch(streamOf(content('half', '1.1') + frame({ type: 'error', error: lost }, '2.1'), RUN)),
    )
    expect(await client.send('go')).toMatchObject({
      status: 'failed',
      text: 'half',
      error: { kind: 'stream-broken', message: 'The rest of the answer is lost.' },
    })
    expect(client.getState().error).toMatchObject({ kind: 'stream-broken', code: 'run-lost' })
    net.answer(streamOf(content('new', '1.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'new' })
  })

  test('a server that cannot read its streams now is told as such, and the rest comes later', async () => {
    const down = { code: 'overloaded', reason: 'stream-log-down', message: 'Try again later.' }
    const { client, net } = make(
      scriptedFetch(streamOf(content('half', '1.1') + frame({ type: 'error', error: down }, '2.1'), RUN)),
    )
    await client.send('go')
    expect(client.getState().error).toMatchObject({ kind: 'overloaded', code: 'stream-log-down' })
    net.answer(({ headers }) => streamOf(content(` ${headers['last-event-id']}`, '2.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'half r:1.1' })
  })

  test('without resume a broken answer fails, and is never asked for twice', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(content('half', '1.1'), RUN)), {
      resume: false,
    })
    const answered = client.send('go')
    await clock.advanceAsync(10_000)
    expect(await answered).toMatchObject({ status: 'failed', text: 'half', error: { kind: 'stream-broken' } })
    expect(net.sent).toHaveLength(1)
  })

  test('a silent connection is taken for lost', async () => {
    const live = liveBody(RUN)
    const { client, clock } = make(
      scriptedFetch(live.respond, () => streamOf(content('b', '2.1') + DONE)),
      { silenceMs: 10_000 },
    )
    const answered = client.send('go')
    await settle()
    live.write(content('a', '1.1'))
    await clock.advanceAsync(8_000)
    live.write(': ping\n\n')
    await clock.advanceAsync(9_000)
    expect(live.cancelled).toBe(false)
    await clock.advanceAsync(2_100)
    expect(live.cancelled).toBe(true)
    expect(await answered).toMatchObject({ text: 'ab', status: 'complete' })
  })

  test('a server that is full says when to come again', async () => {
    const refusal = Response.json(
      { error: { code: 'limit-exceeded', message: 'later' } },
      { status: 429, headers: { 'retry-after': '20' } },
    )
    const { client, net, clock } = make(scriptedFetch(refusal, streamOf(DONE)))
    const answered = client.send('go')
    await clock.advanceAsync(19_000)
    expect(net.sent).toHaveLength(1)
    expect(client.getState().connection).toMatchObject({
      state: 'waiting',
      error: { kind: 'limit-exceeded' },
    })
    await clock.advanceAsync(1_000)
    expect(await answered).toMatchObject({ status: 'complete' })
    expect(net.asked).toEqual(['POST /chat', 'POST /chat'])
  })

  test('one that says it makes no sense, or asks for too long, is believed', async () => {
    for (const headers of [{ 'x-should-retry': 'false' }, { 'retry-after': '600' }]) {
      const { client, net } = make(scriptedFetch(new Response('{}', { status: 429, headers })))
      expect(await client.send('go')).toMatchObject({ status: 'failed', error: { kind: 'rate-limited' } })
      expect(net.sent).toHaveLength(1)
    }
  })
})
