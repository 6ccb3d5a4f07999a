import { describe, expect, onTestFinished, test } from 'vitest'
import { createChatClient, LlmError } from '../../../src/delivery/client/index.ts'
import { make, OK, RUN } from './made.ts'
import { content, DONE, frame, liveBody, scriptedFetch, settle, streamOf, usage } from './scripted.ts'

// What an async function of plain JavaScript returns where nothing is expected.
const rejected = (message: string): void => Promise.reject(new Error(message)) as unknown as void
const order = (values: readonly string[]): string[] => values.filter((value, at) => value !== values[at - 1])

describe('an answer', () => {
  test('goes from idle over loading and streaming to idle, with usage', async () => {
    const live = liveBody(RUN)
    const { client, net, states } = make(scriptedFetch(live.respond), { body: { model: 'm' } })
    const answered = client.send('Hello', { body: { temperature: 0 } })
    await settle()
    live.write(OK + content('Hi', '1.1'))
    await settle()
    expect(client.getState().run).toEqual({ id: 'r', lastEventId: 'r:1.1' })
    live.write(content(' there', '2.1') + DONE)
    const answer = await answered
    expect(answer).toMatchObject({ text: 'Hi there', status: 'complete', usage, finishReason: 'stop' })
    expect(order(states.map(({ status }) => status))).toEqual(['idle', 'loading', 'streaming', 'idle'])
    expect(order(states.map(({ connection }) => connection.state))).toEqual([
      'closed',
      'opening',
      'open',
      'closed',
    ])
    expect(client.getState()).toMatchObject({ usage, run: undefined, error: undefined, queue: [] })
    expect(net.sent[0]).toMatchObject({
      method: 'POST',
      path: '/chat',
      body: {
        model: 'm',
        temperature: 0,
        conversationId: 'c',
        messages: [{ role: 'user', content: 'Hello' }],
      },
    })
  })

  test('tools, thoughts, sources and their order are in the message, and the next request has them', async () => {
    const text = [
      frame({ type: 'reasoning', content: 'hm' }),
      frame({ type: 'content', content: 'Let me see. ' }),
      frame({ type: 'tool_call_start', id: 't1', name: 'look', args: { at: 1 } }),
      frame({ type: 'tool_call_start', id: 't2', name: 'ask', args: {} }),
      frame({ type: 'tool_result', id: 't1', name: 'look', result: { found: 2 } }),
      frame({ type: 'tool_error', id: 't2', name: 'ask', error: 'nobody home' }),
      frame({ type: 'content', content: 'other', choice: 1 }),
      frame({ type: 'citation', url: 'https://a.example', title: 'A' }),
      frame({ type: 'content', content: 'Two.' }),
    ].join('')
    const { client, net } = make(scriptedFetch(streamOf(text + DONE), streamOf(DONE)))
    const answer = await client.send('go')
    expect(answer).toMatchObject({
      text: 'Let me see. Two.',
      parts: [
        { type: 'reasoning', text: 'hm' },
        { type: 'text', text: 'Let me see. ' },
        { type: 'tool', id: 't1', arguments: { at: 1 }, state: 'completed', result: { found: 2 } },
        { type: 'tool', id: 't2', state: 'failed', error: 'nobody home' },
        { type: 'citation', url: 'https://a.example' },
        { type: 'text', text: 'Two.' },
      ],
    })
    await client.send('on')
    expect(net.sent[1]?.body['messages']).toEqual([
      { role: 'user', content: 'go' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'Let me see. ' },
          { type: 'tool-call', id: 't1', name: 'look', arguments: { at: 1 } },
          { type: 'tool-call', id: 't2', name: 'ask', arguments: {} },
        ],
      },
      { role: 'tool', toolCallId: 't1', name: 'look', content: '{"found":2}' },
      { role: 'tool', toolCallId: 't2', name: 'ask', content: 'nobody home', isError: true },
      { role: 'assistant', content: 'Two.' },
      { role: 'user', content: 'on' },
    ])
  })

  test('a running tool is told as running', async () => {
    const live = liveBody(RUN)
    const { client } = make(scriptedFetch(live.respond))
    void client.send('go')
    await settle()
    live.write(frame({ type: 'tool_call_start', id: 't', name: 'look', args: {} }, '1.1'))
    await settle()
    expect(client.getState()).toMatchObject({ status: 'streaming' })
    expect(client.getState().messages[1]?.parts).toMatchObject([{ type: 'tool', state: 'running' }])
  })

  test('a tool that runs when the answer fails is given up', async () => {
    const call = frame({ type: 'tool_call_start', id: 't', name: 'look', args: {} }, '1.1')
    const error = frame({ type: 'error', error: { code: 'timeout', message: 'late' } }, '2.1')
    const { client } = make(scriptedFetch(streamOf(call + error, RUN)))
    expect(await client.send('go')).toMatchObject({ parts: [{ state: 'failed' }], status: 'failed' })
  })

  test('[DONE] alone is an end, an end without it is none', async () => {
    const { client, net, clock } = make(scriptedFetch(streamOf(`${content('a', '1.1')}data: [DONE]\n\n`)))
    expect(await client.send('one')).toMatchObject({ status: 'complete', text: 'a' })
    net.answer(streamOf(OK + content('b', '1.1'), RUN), streamOf(content('c', '2.1') + DONE))
    const second = client.send('two')
    await clock.advanceAsync(1_000)
    expect(await second).toMatchObject({ status: 'complete', text: 'bc' })
  })

  test.each([
    [400, { error: { code: 'invalid-request', message: 'no turn' } }, 'invalid-request', 'no turn'],
    [403, { error: { code: 'unauthorized', message: 'not you' } }, 'unauthorized', 'not you'],
    [500, '<html>', 'server-failed', 'answered 500'],
    [404, {}, 'not-found', 'answered 404'],
  ])('a refusal with %i is an error that can be read', async (status, body, kind, words) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const { client } = make(scriptedFetch(new Response(text, { status })))
    expect(await client.send('go')).toMatchObject({ status: 'failed', error: { kind } })
    const { error, status: state } = client.getState()
    expect(LlmError.is(error, kind as LlmError['kind'])).toBe(true)
    expect(error?.message).toContain(words)
    expect(state).toBe('error')
    client.dismissError()
    expect(client.getState()).toMatchObject({ status: 'idle', error: undefined })
  })

  test('what is no stream at all is said so', async () => {
    const page = new Response('<html>', { headers: { 'content-type': 'text/html' } })
    const { client } = make(scriptedFetch(page))
    await client.send('go')
    expect(client.getState().error?.message).toContain('text/html in place of an event stream')
  })

  test('an error in the stream ends it, keeps what came, and retry asks anew', async () => {
    const broken = frame({ type: 'error', error: { code: 'overloaded', message: 'busy' }, usage }, '2.1')
    const { client, net } = make(
      scriptedFetch(streamOf(`${content('half', '1.1')}${broken}data: [DONE]\n\n`, RUN)),
    )
    expect(await client.send('go')).toMatchObject({ status: 'failed', text: 'half', usage })
    expect(client.getState().error).toMatchObject({ kind: 'overloaded', message: 'busy' })
    net.answer(streamOf(content('whole', '1.1') + DONE))
    expect(await client.retry()).toMatchObject({ status: 'complete', text: 'whole' })
    expect(client.getState().messages.map(({ text }) => text)).toEqual(['go', 'whole'])
    expect(net.sent[1]?.body['messages']).toEqual([{ role: 'user', content: 'go' }])
  })

  test.each([{}, null, undefined, 5])('%j is no message, and nothing is sent', async (text) => {
    const { client, net } = make(scriptedFetch())
    const thrown: unknown = await client.send(text as never).catch((error: unknown) => error)
    expect(LlmError.is(thrown, 'invalid-request')).toBe(true)
    expect(net.sent).toEqual([])
  })

  test('empty and endless messages are refused, and nobody has to listen', async () => {
    const { client, net } = make(scriptedFetch(), { maxCharacters: 5 })
    await expect(client.send(' \n')).rejects.toMatchObject({ kind: 'invalid-request' })
    await expect(client.send('123456')).rejects.toMatchObject({ kind: 'invalid-request' })
    void client.send('')
    await settle()
    expect(net.sent).toEqual([])
  })

  test('headers are asked for each time; a server that keeps the history gets the newest turn', async () => {
    let token = 0
    const net = scriptedFetch(streamOf(DONE), streamOf(DONE))
    const { client } = make(net, {
      headers: () => ({ authorization: `Bearer ${++token}` }),
      history: 'newest',
      url: 'http://host/chat/?tenant=x',
    })
    await client.send('one')
    await client.send('two')
    expect(net.sent.map(({ headers, body }) => [headers['authorization'], body['message']])).toEqual([
      ['Bearer 1', 'one'],
      ['Bearer 2', 'two'],
    ])
    expect(net.sent[1]?.body).not.toHaveProperty('messages')
  })

  test('listeners and hooks that throw harm nothing', async () => {
    const problems: string[] = []
    const { client } = make(scriptedFetch(streamOf(content('a', '1.1') + DONE)), {
      onError: ({ message }) => void problems.push(message),
      onFrame: () => {
        throw new Error('hook')
      },
    })
    client.subscribe(() => {
      throw new Error('listener')
    })
    expect(await client.send('go')).toMatchObject({ status: 'complete', text: 'a' })
    expect(problems.join()).toContain('listener')
    expect(problems.join()).toContain('hook')
  })

  test('async hooks that reject harm nothing, and neither does an onError that does', async () => {
    const unhandled: unknown[] = []
    const note = (error: unknown): void => void unhandled.push(error)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))
    const problems: string[] = []
    const { client } = make(scriptedFetch(streamOf(content('a', '1.1') + DONE)), {
      onError: ({ message }) => {
        problems.push(message)
        return rejected('the reporter is down')
      },
      onFrame: () => rejected('hook'),
    })
    client.subscribe(() => rejected('listener'))
    expect(await client.send('go')).toMatchObject({ status: 'complete', text: 'a' })
    await settle()
    expect(problems.join()).toContain('listener')
    expect(problems.join()).toContain('hook')
    expect(unhandled).toEqual([])
  })

  test('pushed messages are shown, and never sent', async () => {
    const { client, net } = make(scriptedFetch(streamOf(DONE)))
    client.notify({ text: 'Maintenance at noon' })
    client.notify({ id: 'n', text: 'one' })
    client.notify({ id: 'n', text: 'two' })
    await client.send('go')
    expect(client.getState().messages.map(({ text }) => text)).toEqual([
      'Maintenance at noon',
      'two',
      'go',
      '',
    ])
    expect(net.sent[0]?.body['messages']).toEqual([{ role: 'user', content: 'go' }])
  })

  test('wrong options are named', () => {
    expect(() => createChatClient({ url: '/relative' })).toThrow('url')
    expect(() => createChatClient({ url: 'http://a', reconnect: { retries: -1 } })).toThrow('retries')
    expect(() => createChatClient({ url: 'http://a', throttle: { messages: 0, perMs: 1 } })).toThrow(
      'throttle',
    )
  })
})
