import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createOpenAIHandler } from 'llm-switchyard/http'
import { createFakeClock } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { gateway, until } from './gateway.ts'

const chat = { model: 'openai/m', messages: [{ role: 'user', content: 'Hi' }] }
const path = '/v1/chat/completions'

describe('authorize', () => {
  test('has to be given', () => {
    const orchestrator = createOrchestrator()
    for (const options of [{}, { authorize: undefined }, undefined, { authorize: 'everyone' }])
      expect(() => createOpenAIHandler(orchestrator, options as never)).toThrow(/authorize/)
  })

  test('decides before the body is read: a Response, an error, nothing at all', async () => {
    const answers: Record<string, () => unknown> = {
      response: () => Response.redirect('https://login.example/', 302),
      error: () => {
        throw new LlmError('unauthorized', 'the key is old')
      },
      nothing: () => undefined,
      no: () => false,
      crash: () => {
        throw new Error('the session store said: password=1234')
      },
    }
    await using here = await gateway({
      authorize: (request) => answers[request.headers.get('x-case') ?? '']?.() as never,
    })
    const ask = async (name: string): Promise<[number, string]> => {
      const reply = await here.post(path, chat, { headers: { 'x-case': name }, redirect: 'manual' })
      expect(reply.headers.get('x-request-id')).toMatch(/^req_/)
      return [reply.status, await reply.text()]
    }
    expect((await ask('response'))[0]).toBe(302)
    const [status, text] = await ask('error')
    expect([status, JSON.parse(text)]).toMatchObject([401, { error: { message: 'the key is old' } }])
    expect((await ask('nothing'))[0]).toBe(401)
    expect((await ask('no'))[0]).toBe(401)
    const [crashed, words] = await ask('crash')
    expect(crashed).toBe(500)
    expect(words).not.toContain('1234')
    expect(here.fake.log).toHaveLength(0)
  })

  test('its user, tenant and tags carry the limits; its own limits bound the request', async () => {
    await using here = await gateway({
      authorize: () => ({
        userId: 'ann',
        tenant: 'acme',
        limits: { maxTokens: 50, maxChoices: 1, models: ['openai/m'] },
      }),
      orchestrator: { limits: { tenant: { requestsPerMinute: 2, burst: 1 }, defaultMaxTokens: 1 } },
    })
    expect((await here.post(path, { ...chat, max_tokens: 500 })).status).toBe(200)
    expect(here.fake.log.at(-1)?.request?.settings.maxTokens).toBe(50)
    expect((await here.post(path, { ...chat, n: 2 })).status).toBe(400)
    expect((await here.post(path, { ...chat, model: 'openai/other' })).status).toBe(404)
    expect((await here.post(path, chat)).status).toBe(200)
    const refused = await here.post(path, chat)
    expect(refused.status).toBe(429)
    expect(await refused.json()).toMatchObject({
      error: { type: 'rate_limit_error', message: expect.stringContaining('tenant') },
    })
  })

  test('an access that runs out ends the stream with unauthorized', async () => {
    const clock = createFakeClock()
    await using here = await gateway({
      clock,
      script: { text: 'one two', pacing: { firstMs: 1, betweenMs: 60_000 } },
      authorize: () => ({ expiresAtMs: clock.epochMs() + 5_000 }),
      heartbeatMs: 0,
    })
    const reply = await here.post(path, { ...chat, stream: true })
    const reading = reply.text()
    clock.advance(5_000)
    const words = await reading
    expect(words).toContain('one')
    expect(words).toContain('the access has expired')
    await until(() => here.fake.log[0]?.abortedAt !== undefined)
    await using late = await gateway({ authorize: () => ({ expiresAtMs: 1 }) })
    expect((await late.post(path, chat)).status).toBe(401)
  })
})

describe('bodies', () => {
  test.each([
    ['no JSON', '{', 400],
    ['empty', '', 400],
    ['a list', '[]', 400],
    ['null', 'null', 400],
  ])('%s', async (_name, body, status) => {
    await using here = await gateway()
    const headers = { 'content-type': 'application/json' }
    for (const place of [path, '/v1/messages', '/v1/responses', '/v1/embeddings']) {
      const reply = await fetch(here.url + place, { method: 'POST', headers, body })
      expect(reply.status).toBe(status)
      expect(await reply.json()).toMatchObject({ error: { type: 'invalid_request_error' } })
    }
  })

  test('too large: by its length, and by what really comes', async () => {
    await using here = await gateway({ maxBodyBytes: 1_000 })
    const large = { ...chat, messages: [{ role: 'user', content: 'x'.repeat(2_000) }] }
    const told = await here.post(path, large)
    expect([told.status, await told.json()]).toMatchObject([413, { error: { code: 'request_too_large' } }])
    const body = new Blob([JSON.stringify(large)]).stream()
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body, duplex: 'half' }
    expect((await fetch(here.url + path, init as RequestInit)).status).toBe(413)
    const anthropic = await here.post('/v1/messages', large)
    expect(await anthropic.json()).toMatchObject({ type: 'error', error: { type: 'request_too_large' } })
    expect((await here.post(path, chat)).status).toBe(200)
  })

  test('ten pictures of 3 MiB pass', async () => {
    const url = `data:image/png;base64,${'A'.repeat(4 * 1024 * 1024)}`
    const content = Array.from({ length: 10 }, () => ({ type: 'image_url', image_url: { url } }))
    await using here = await gateway()
    expect((await here.post(path, { ...chat, messages: [{ role: 'user', content }] })).status).toBe(200)
    expect(here.fake.log[0]?.request?.turns[0]?.media).toHaveLength(10)
  })
})

describe('the request id', () => {
  test('is taken where it is sane, made otherwise, echoed, and goes along', async () => {
    const ids: string[] = []
    await using here = await gateway({ onEnd: ({ requestId }) => ids.push(requestId) })
    const own = await here.post(path, chat, { headers: { 'x-request-id': 'my-id.1' } })
    expect(own.headers.get('x-request-id')).toBe('my-id.1')
    const odd = await here.post(path, chat, { headers: { 'x-request-id': 'a b{}'.repeat(60) } })
    expect(odd.headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{32}$/)
    expect(ids).toEqual(['my-id.1', odd.headers.get('x-request-id')])
    const refused = await here.post('/v1/messages', {}, { headers: { 'x-request-id': 'mine' } })
    expect(refused.headers.get('request-id')).toBe('mine')
    expect(await refused.json()).toMatchObject({ request_id: 'mine' })
  })
})

describe('CORS', () => {
  const origin = 'https://app.example'
  const preflight = (url: string, from = origin): Promise<Response> =>
    fetch(url + path, {
      method: 'OPTIONS',
      headers: {
        origin: from,
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    })

  test('nobody by default, not even with a preflight', async () => {
    await using here = await gateway()
    const asked = await preflight(here.url)
    expect(asked.headers.has('access-control-allow-origin')).toBe(false)
    const reply = await here.post(path, chat, { headers: { origin } })
    expect(reply.status).toBe(403)
    expect(here.fake.log).toHaveLength(0)
  })

  test('named origins, on answers, errors and streams', async () => {
    await using here = await gateway({ cors: { origins: [origin], credentials: true } })
    const asked = await preflight(here.url)
    expect(asked.status).toBe(204)
    expect(Object.fromEntries(asked.headers)).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-credentials': 'true',
      'access-control-allow-methods': 'POST',
      'access-control-allow-headers': 'authorization,content-type',
    })
    expect(
      (await preflight(here.url, 'https://evil.example')).headers.has('access-control-allow-origin'),
    ).toBe(false)
    for (const body of [chat, { ...chat, stream: true }, {}]) {
      const reply = await here.post(path, body, { headers: { origin, 'sec-fetch-site': 'cross-site' } })
      expect(reply.headers.get('access-control-allow-origin')).toBe(origin)
      expect(reply.headers.get('vary')).toBe('Origin')
      expect(reply.headers.get('access-control-expose-headers')).toContain('x-request-id')
      await reply.text()
    }
  })

  test('a star has to be said, and goes with no cookies', async () => {
    await using here = await gateway({ cors: { origins: '*' } })
    const reply = await here.post(path, chat, { headers: { origin } })
    expect(reply.headers.get('access-control-allow-origin')).toBe('*')
    expect(reply.headers.has('access-control-allow-credentials')).toBe(false)
    const both = { authorize: 'open', cors: { origins: '*', credentials: true } } as const
    expect(() => createOpenAIHandler(here.orchestrator, both)).toThrow(/credentials/)
  })
})

describe('CSRF', () => {
  test.each([
    ['no browser', {}, 200],
    ['the same origin', { 'sec-fetch-site': 'same-origin', origin: 'http://SELF' }, 200],
    ['the same host, from an old browser', { origin: 'http://SELF' }, 200],
    ['the same host over another scheme, from an old browser', { origin: 'https://SELF' }, 403],
    ['a page behind a proxy', { origin: 'https://SELF', 'x-forwarded-proto': 'https' }, 200],
    ['a page without TLS', { origin: 'http://SELF', 'x-forwarded-proto': 'https, http' }, 403],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, 403],
    ['another site of the same domain', { 'sec-fetch-site': 'same-site', origin: 'https://a.example' }, 403],
    ['a sandboxed page', { origin: 'null' }, 403],
  ])('a request of %s', async (_name, headers, status) => {
    await using here = await gateway()
    const host = new URL(here.url).host
    const own = Object.fromEntries(
      Object.entries(headers as Record<string, string>).map(([name, value]) => [
        name,
        value.replace('SELF', host),
      ]),
    )
    // A real browser's headers, which fetch would not let us send.
    const request = new Request(here.url + path, { method: 'POST', body: JSON.stringify(chat) })
    for (const [name, value] of Object.entries({ ...own, host, 'content-type': 'application/json' }))
      request.headers.set(name, value)
    expect((await here.handler(request)).status).toBe(status)
  })

  test('a token repeats the cookie', async () => {
    await using here = await gateway({ csrf: { cookie: 'csrf', header: 'x-csrf' } })
    const post = async (headers: Record<string, string>): Promise<number> =>
      (await here.post(path, chat, { headers })).status
    expect(await post({ cookie: 'session=1; csrf=abc', 'x-csrf': 'abc' })).toBe(200)
    expect(await post({ cookie: 'session=1; csrf=abc', 'x-csrf': 'abd' })).toBe(403)
    expect(await post({ cookie: 'session=1; csrf=abc' })).toBe(403)
    expect(await post({ cookie: 'session=1' })).toBe(403)
    expect(await post({})).toBe(200)
  })

  test('can be turned off', async () => {
    await using here = await gateway({ csrf: false })
    const reply = await here.post(path, chat, { headers: { origin: 'https://evil.example' } })
    expect(reply.status).toBe(200)
  })
})

describe('limits in headers', () => {
  const limits = { user: { requestsPerMinute: 2, tokensPerMinute: 1_000, burst: 1 }, defaultMaxTokens: 1 }

  test('what is left, and when to come again', async () => {
    await using here = await gateway({ authorize: () => ({ userId: 'ann' }), orchestrator: { limits } })
    const first = await here.post(path, chat)
    expect(first.headers.get('x-ratelimit-limit-requests')).toBe('2')
    expect(first.headers.get('x-ratelimit-remaining-requests')).toBe('1')
    expect(first.headers.get('x-ratelimit-reset-requests')).toMatch(/^\d+m?s$/)
    expect(Number(first.headers.get('x-ratelimit-remaining-tokens'))).toBeLessThan(1_000)
    const second = await here.post(path, { ...chat, stream: true })
    expect(second.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    await second.text()
    const third = await here.post(path, chat)
    expect(third.status).toBe(429)
    expect(third.headers.get('x-ratelimit-remaining-requests')).toBe('0')
    const seconds = Number(third.headers.get('retry-after'))
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThanOrEqual(30)
    expect(Number(third.headers.get('retry-after-ms'))).toBeLessThanOrEqual(seconds * 1_000)
    const anthropic = await here.post('/v1/messages', { ...chat, max_tokens: 1 })
    expect(anthropic.status).toBe(429)
    expect(anthropic.headers.has('retry-after')).toBe(true)
  })

  test("Anthropic's names at its endpoint, and none where the host wants none", async () => {
    await using here = await gateway({ authorize: () => ({ userId: 'ann' }), orchestrator: { limits } })
    const told = await here.post('/v1/messages', { ...chat, max_tokens: 1 })
    expect(told.headers.get('anthropic-ratelimit-requests-remaining')).toBe('1')
    expect(Date.parse(told.headers.get('anthropic-ratelimit-requests-reset') ?? '')).toBeGreaterThan(0)
    await using quiet = await gateway({ orchestrator: { limits }, rateLimitHeaders: false })
    expect((await quiet.post(path, chat)).headers.has('x-ratelimit-limit-requests')).toBe(false)
  })

  test('a full queue says when to come again', async () => {
    await using here = await gateway({
      script: { text: 'slow', pacing: { firstMs: 300 } },
      orchestrator: { queue: { concurrency: 1, maxPending: 1 } },
    })
    const replies = await Promise.all([1, 2, 3].map(() => here.post(path, chat)))
    const refused = replies.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(1)
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1)
    expect(await refused[0]?.json()).toMatchObject({ error: { code: 'queue_full' } })
  })

  test('more than a limit can ever hold is not worth another try', async () => {
    await using here = await gateway({ authorize: () => ({ userId: 'ann' }), orchestrator: { limits } })
    const reply = await here.post(path, { ...chat, max_tokens: 5_000 })
    expect(reply.status).toBe(429)
    expect(reply.headers.has('retry-after')).toBe(false)
    expect(reply.headers.get('x-should-retry')).toBe('false')
  })
})

test.each([
  [
    'throws',
    () => {
      throw new Error('save failed')
    },
  ],
  ['rejects', (): unknown => Promise.reject(new Error('save failed'))],
])('onEnd that %s is logged, and fails neither the response nor the process', async (_how, onEnd) => {
  const lines: unknown[] = []
  const ignore = (): void => undefined
  const error = (_fields: object, message?: string): void => void lines.push(message)
  const logger = { debug: ignore, info: ignore, warn: ignore, error }
  await using here = await gateway({ onEnd, logger })
  for (const stream of [true, false]) {
    const messages = [{ role: 'user', content: 'Hi' }]
    const answer = await here.post('/v1/chat/completions', { model: 'openai/m', messages, stream })
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('Hello')
  }
  await expect.poll(() => lines).toEqual(['onEnd of the handler failed', 'onEnd of the handler failed'])
})
