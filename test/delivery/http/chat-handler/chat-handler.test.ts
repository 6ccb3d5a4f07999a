import { describe, expect, onTestFinished, test } from 'vitest'
import { createOrchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createFakeClock, createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import { createChatHandler, type ChatHandlerOptions } from '../../../../src/delivery/http/index.ts'
import { stopwatch } from '../../../proof.ts'
import { createUpstream, finish, start, text } from '../../runs/sources.ts'
import { JSON_HEADERS, newPage, post, readInto, serveHandler } from './served.ts'

const url = 'http://any/api/chat'

async function overProvider(
  script: FakeScript,
  options: Partial<ChatHandlerOptions> = {},
  host: OrchestratorOptions = {},
) {
  const provider = await createFakeProvider({ script })
  const orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'sk-test', baseUrl: provider.baseUrl('openai-chat') } },
    ...host,
  })
  const handler = createChatHandler(orchestrator, {
    authorize: 'open',
    defaults: { model: 'openai/gpt-4.1-mini' },
    ...options,
  })
  onTestFinished(async () => {
    await handler.close()
    await orchestrator.close()
    await provider.close()
  })
  return { provider, orchestrator, handler }
}

function overUpstream(options: Partial<ChatHandlerOptions> = {}) {
  const upstream = createUpstream()
  const handler = createChatHandler(
    { respond: (_input, { signal }) => upstream.open(signal) },
    { authorize: 'open', ...options },
  )
  onTestFinished(() => handler.close())
  return { upstream, handler }
}

describe('asking', () => {
  test('message, content or messages; streamed or whole; the conversation is told', async () => {
    const { handler, provider } = await overProvider('Hello.', { allow: { settings: ['temperature'] } })
    for (const asked of [
      { message: 'Hi' },
      { content: 'Hi' },
      { messages: [{ role: 'user', content: 'Hi' }], conversation_id: 'mine', temperature: 0.5 },
    ]) {
      const streamed = await handler(post(url, asked))
      expect(streamed.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
      expect(streamed.headers.get('cache-control')).toContain('no-cache')
      expect(streamed.headers.get('x-accel-buffering')).toBe('no')
      expect(streamed.headers.get('connection')).toBe('keep-alive')
      expect(streamed.headers.get('access-control-allow-origin')).toBeNull()
      const id = streamed.headers.get('x-conversation-id')
      expect(id).toMatch('conversation_id' in asked ? /^mine$/ : /^conv_/)
      const page = newPage()
      await readInto(page, streamed)
      expect(page.text).toBe('Hello.')
      const whole = await handler(post(url, { ...asked, stream: false }))
      expect(whole.status).toBe(200)
      expect(await whole.json()).toMatchObject({
        text: 'Hello.',
        finishReason: 'stop',
        conversationId: expect.any(String),
        usage: { totalTokens: expect.any(Number) },
      })
    }
    expect(provider.log).toHaveLength(6)
    expect(provider.log.at(-1)?.body).toMatchObject({ temperature: 0.5 })
  })

  test('what is wrong with a request is a status, and no stream begins', async () => {
    const allow = { settings: true, maxTokens: true } as const
    const { handler, provider } = await overProvider('Hello.', { allow })
    for (const [body, path] of [
      [{}, 'messages'],
      [{ message: ' ' }, 'message'],
      [{ messages: 'Hi' }, 'messages'],
      [{ messages: [{ role: 'nobody', content: 'Hi' }] }, 'messages.0'],
      [{ message: 'Hi', conversationId: 7 }, 'conversationId'],
      [{ message: 'Hi', conversationId: 'a\nb' }, 'conversationId'],
      [{ message: 'Hi', temperature: 'hot' }, 'temperature'],
      [{ message: 'Hi', maxTokens: -1 }, 'maxTokens'],
    ] as const) {
      const response = await handler(post(url, body))
      expect(response.status).toBe(400)
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      expect(error.code).toBe('invalid-request')
      expect(error.message).toContain(path)
    }
    const notJson = new Request(url, { method: 'POST', headers: JSON_HEADERS, body: '{' })
    expect((await handler(notJson)).status).toBe(400)
    expect((await handler(post(`${url}?protocol=morse`, { message: 'Hi' }))).status).toBe(400)
    expect(provider.log).toHaveLength(0)
    expect(handler.runs.stats().started).toBe(0)
  })

  test('a page cannot bring keys, addresses, headers or another user', async () => {
    const { handler, provider } = await overProvider('Hello.')
    const evil = {
      apiKey: 'theirs',
      baseUrl: 'http://127.0.0.1:1/v1',
      headers: { 'x-evil': '1' },
      extraHeaders: { 'x-evil': '1' },
      extraBody: { evil: 1 },
      userId: 'admin',
      provider: 'groq',
    }
    const response = await handler(post(url, { message: 'Hi', ...evil }))
    expect(await response.text()).toContain('Hello.')
    expect(provider.log[0]?.headers['authorization']).toBe('Bearer sk-test')
    expect(JSON.stringify(provider.log[0])).not.toContain('evil')
  })

  test('who may call, what they may ask for, and as whom they are counted', async () => {
    const { handler, provider } = await overProvider(
      'Hello.',
      {
        authorize: (request) =>
          request.headers.get('authorization') === 'Bearer good'
            ? { userId: 'ann', limits: { models: ['openai/gpt-4.1-mini'], maxTokens: 100 } }
            : undefined,
      },
      { limits: { user: { requestsPerMinute: 2 }, burst: 1 } },
    )
    const auth = { authorization: 'Bearer good' }
    expect((await handler(post(url, { message: 'Hi' }))).status).toBe(401)
    const other = await handler(post(url, { message: 'Hi', model: 'openai/o9' }, auth))
    expect(other.status).toBe(400)
    const first = await handler(post(url, { message: 'Hi', maxTokens: 5_000 }, auth))
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBeDefined()
    await first.text()
    expect(JSON.stringify(provider.log[0]?.body)).toContain(':100')
    await (await handler(post(url, { message: 'Hi' }, auth))).text()
    const refused = await handler(post(url, { message: 'Hi' }, auth))
    expect(refused.status).toBe(429)
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await refused.json()).toMatchObject({ error: { code: 'limit-exceeded', scope: 'user' } })
  })

  test('a user has ten streams at once', async () => {
    const handler = createChatHandler(
      { respond: (_input, { signal }) => createUpstream().open(signal) },
      { authorize: () => ({ userId: 'ann' }), onClientGone: 'finish' },
    )
    onTestFinished(() => handler.close())
    for (let stream = 0; stream < 10; stream++)
      expect((await handler(post(url, { message: 'Hi' }))).status).toBe(200)
    const refused = await handler(post(url, { message: 'Hi' }))
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({ error: { code: 'limit-exceeded', scope: 'user-streams' } })
  })

  test('with holdMs a refusal of the provider is a status, too', async () => {
    const { handler } = await overProvider(
      { error: { kind: 'rate-limited', retryAfterMs: 7_000 } },
      {
        holdMs: 5_000,
      },
    )
    const response = await handler(post(url, { message: 'Hi' }))
    expect(response.status).toBe(429)
    expect(await response.json()).toMatchObject({ error: { code: 'rate-limited' } })
  })
})

describe('streaming', () => {
  test('the first bytes go at once; heartbeats while it is silent', async () => {
    const clock = createFakeClock()
    const { handler, upstream } = overUpstream({ clock, heartbeatMs: 1_000, idleMs: 0 })
    const response = await handler(post(url, { message: 'Hi' }))
    const reader = (response.body as ReadableStream<Uint8Array>)
      .pipeThrough(new TextDecoderStream())
      .getReader()
    const read = async (): Promise<string> => (await reader.read()).value ?? ''
    expect(await read()).toBe(':ok\n\n')
    const beat = read()
    await clock.advanceAsync(1_000)
    expect(await beat).toMatch(/^: ?\w+\n\n$/)
    const content = read()
    upstream.push(text('a'))
    expect(await content).toContain('"content":"a"')
    await reader.cancel()
    expect(upstream.aborted).toMatchObject({ code: 'client-gone' })
    await handler.close()
    expect(clock.pending).toBe(0)
  })

  test('frames around it on request', async () => {
    const { handler, upstream } = overUpstream({ streamFrames: true })
    upstream.push(start, text('a'), finish)
    upstream.end()
    const body = await (await handler(post(url, { message: 'Hi', conversationId: 'c' }))).text()
    const events = [...body.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name)
    expect(events).toEqual(['stream_start', 'stream_end'])
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('the upstream sees that the client has gone', async () => {
    const script: FakeScript = { text: 'word '.repeat(500), chunks: 'words', pacing: { betweenMs: 10 } }
    const { handler, provider } = await overProvider(script)
    const base = `${await serveHandler(handler)}/api/chat`
    const body = JSON.stringify({ message: 'Hi', conversationId: 'c' })
    const leave = new AbortController()
    const response = await fetch(base, { method: 'POST', headers: JSON_HEADERS, body, signal: leave.signal })
    await response.body?.getReader().read()
    const other = new AbortController()
    const resumed = await fetch(`${base}/c/stream`, { signal: other.signal })
    await resumed.body?.getReader().read()
    // The one that is left keeps it alive.
    leave.abort()
    await expect.poll(() => handler.runs.stats().readers).toBe(1)
    expect(provider.log[0]?.abortedAt).toBeUndefined()
    const took = stopwatch()
    other.abort()
    await provider.log[0]?.closed
    took.atMost(100)
    expect(provider.log[0]?.abortedAt).toBeDefined()
  })

  test('with finish, a client that has gone changes nothing but its own place', async () => {
    const saved = Promise.withResolvers<object>()
    const { handler } = await overProvider(
      { text: 'all of it', chunks: 3, pacing: { betweenMs: 20 } },
      { onClientGone: 'finish', onSave: saved.resolve },
    )
    const response = await handler(post(url, { message: 'Hi', conversationId: 'c' }))
    await response.body?.cancel()
    expect(await saved.promise).toMatchObject({
      reason: 'finished',
      save: 'complete',
      response: { text: 'all of it' },
    })
  })

  test('access that expires ends the stream with a word', async () => {
    const clock = createFakeClock()
    const { handler, upstream } = overUpstream({
      clock,
      heartbeatMs: 0,
      authorize: () => ({ userId: 'ann', expiresAtMs: clock.epochMs() + 1_000 }),
    })
    upstream.push(text('a'))
    const reading = (await handler(post(url, { message: 'Hi' }))).text()
    await clock.advanceAsync(1_000)
    const body = await reading
    expect(body).toContain('"code":"unauthorized"')
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(upstream.aborted).toBeDefined()
  })

  test('200 clients that do not read cost little and hold nobody back', async () => {
    const piece = 'x'.repeat(1_000)
    const handler = createChatHandler(
      {
        respond: ({ conversationId }) => ({
          async *batches() {
            const pieces = conversationId === 'quick' ? 20 : 1_000
            for (let count = 0; count < pieces; count++) yield [text(piece)]
            yield [finish]
          },
        }),
      },
      { authorize: 'open', onClientGone: 'finish', maxStreamsPerUser: 0, onSave: () => undefined },
    )
    onTestFinished(() => handler.close())
    const stuck = await Promise.all(Array.from({ length: 200 }, () => handler(post(url, { message: 'Hi' }))))
    const page = newPage()
    await readInto(page, await handler(post(url, { message: 'Hi', conversationId: 'quick' })))
    expect(page.text).toHaveLength(20_000)
    await expect.poll(() => handler.runs.stats().running).toBe(0)
    expect(handler.runs.stats().readers).toBe(200)
    for (const response of stuck) await response.body?.cancel()
    expect(handler.runs.stats().readers).toBe(0)
  })
})

describe('routes', () => {
  test('status, metrics and test-sse; what is not there is 404, another method 405', async () => {
    const { handler, upstream } = overUpstream({ allow: { maxTokens: 10 } })
    const response = await handler(post(url, { message: 'Hi', conversationId: 'c 1', maxTokens: 10 }))
    const id = response.headers.get('x-stream-id') ?? ''
    upstream.push(start, text('12345678'))
    await expect.poll(async () => (await handler.runs.info(id))?.last).toBe(1)
    const get = (path: string, method = 'GET'): Promise<Response> =>
      handler(new Request(`${url}/${path}`, { method }))
    const status = { streamId: id, sessionId: 'c 1', status: 'streaming', tokensGenerated: 2, progress: 0.2 }
    for (const name of ['c%201', id]) {
      expect(await (await get(`${name}/status`)).json()).toMatchObject(status)
      expect(await (await get(`${name}/metrics`)).json()).toMatchObject({ streamId: id, errors: 0 })
    }
    expect((await get('none/status')).status).toBe(404)
    expect((await get('none/stop', 'POST')).status).toBe(404)
    expect((await get('c%201/stop')).status).toBe(405)
    expect((await get('c%201/stream', 'DELETE')).status).toBe(200)
    expect(await response.text()).toContain('"code":"aborted"')
  })

  test('test-sse: ten events, 100 ms apart, then DONE', async () => {
    const clock = createFakeClock()
    const { handler } = overUpstream({ clock })
    const response = await handler(new Request(`${url}/test-sse`))
    const reading = response.text()
    await clock.advanceAsync(999)
    expect(clock.pending).toBe(1)
    await clock.advanceAsync(1)
    const body = await reading
    expect(body.startsWith(':ok\n\n')).toBe(true)
    expect([...body.matchAll(/^data: \{/gm)]).toHaveLength(10)
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
    const left = await handler(new Request(`${url}/test-sse`))
    await left.body?.cancel()
    expect(clock.pending).toBe(0)
  })

  test('under a path of its own it serves nothing else', async () => {
    const { handler, upstream } = overUpstream({ basePath: '/v2/talk/' })
    upstream.push(text('a'), finish)
    upstream.end()
    const at = (path: string): Promise<Response> => handler(post(`http://any${path}`, { message: 'Hi' }))
    expect((await at('/v2/talk')).status).toBe(200)
    for (const path of ['/v2/talks', '/v2', '/', '/v2/talk/a/b/stop', '/v2/talk/other'])
      expect((await at(path)).status).toBe(404)
  })

  test('options that are wrong are refused where the handler is made', () => {
    const respond = () => createUpstream()
    expect(() => createChatHandler({ respond }, {} as ChatHandlerOptions)).toThrow('authorize')
    expect(() => createChatHandler({} as never, { authorize: 'open' })).toThrow('orchestrator')
    expect(() => createChatHandler({ respond }, { authorize: 'open', protocol: 'morse' as never })).toThrow(
      'protocol',
    )
    expect(() => createChatHandler({ respond }, { authorize: 'open', goneGraceMs: -1 })).toThrow(
      'goneGraceMs',
    )
  })
})
