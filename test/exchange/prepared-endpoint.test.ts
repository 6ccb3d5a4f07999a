import { createOrchestrator, type ChatRequest, type OrchestratorOptions } from 'llm-switchyard'
import { defineProvider, openaiChat, type HttpRequest, type Transport } from 'llm-switchyard/adapter'
import { afterEach, describe, expect, test, vi } from 'vitest'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const REPLY = { choices: [{ message: { content: 'ok' }, finish_reason: 'stop' }] }
const VECTORS = { data: [{ index: 0, embedding: [1] }], usage: { prompt_tokens: 1, total_tokens: 1 } }
const URL_OF_LAB = 'https://lab.test/v1/chat/completions'

afterEach(() => {
  vi.unstubAllEnvs()
})

/** A transport that records requests and replies to each; the hosts in `down` reply with status 503. */
function recording(requests: HttpRequest[], down: readonly string[]): Transport {
  return {
    send: async (request) => {
      requests.push(request)
      const reply = request.url.includes('/embeddings') ? VECTORS : REPLY
      let bytes: Uint8Array | null = new TextEncoder().encode(JSON.stringify(reply))
      const read = async (): Promise<Uint8Array | null> => {
        const piece = bytes
        bytes = null
        return piece
      }
      const status = down.includes(new URL(request.url).host) ? 503 : 200
      return { status, header: () => undefined, body: { read, cancel: () => undefined } }
    },
  }
}

interface YardOptions extends Omit<OrchestratorOptions, 'providers' | 'transport'> {
  readonly baseUrl?: string
  readonly query?: Readonly<Record<string, string>>
  /** Hosts that reply with status 503. */
  readonly down?: readonly string[]
}

/** An orchestrator with a provider `lab` that counts how often the path of its chat endpoint is computed. */
function yard({ baseUrl = 'https://lab.test/v1', query, down = [], ...options }: YardOptions = {}) {
  const endpoint = vi.fn(openaiChat.endpoint)
  const lab = defineProvider({
    id: 'lab',
    name: 'Lab',
    dialect: { ...openaiChat, endpoint },
    baseUrl,
    query,
    variables: { room: { env: ['LAB_ROOM'] } },
    headers: { 'X-Lab': 'lab' },
    auth: { type: 'bearer' },
    env: ['LAB_API_KEY'],
    docs: 'https://lab.test',
    verifiedOn: '2026-11-30',
  })
  const openai = { apiKey: 'openai-key', baseUrl: 'https://openai.test/v1', headers: { 'X-App': 'app' } }
  const requests: HttpRequest[] = []
  const transport = recording(requests, down)
  const orchestrator = createOrchestrator({ ...options, providers: { lab, openai }, transport })
  /** Makes a chat call and returns the requests that it sent. */
  const sent = async (more: Partial<ChatRequest> = {}): Promise<HttpRequest[]> => {
    const before = requests.length
    const reply = await orchestrator.chatApiCall({ model: 'lab/m', messages, ...more })
    const { text } = 'response' in reply ? await reply.response : reply
    expect(text).toBe('ok')
    return requests.slice(before)
  }
  const urls = async (more?: Partial<ChatRequest>): Promise<string[]> =>
    (await sent(more)).map(({ url }) => url)
  return { orchestrator, endpoint, sent, urls }
}

/** The headers of a request besides those of its format. */
function ownHeaders(request: HttpRequest | undefined): Readonly<Record<string, string>> {
  const { accept: _accept, 'content-type': _type, ...own } = request?.headers ?? {}
  return own
}

describe('an endpoint is computed', () => {
  test('once per target, and again for another model', async () => {
    vi.stubEnv('LAB_API_KEY', 'key')
    const { endpoint, sent } = yard()
    const [first] = await sent()
    const [second] = await sent()
    expect(second).toEqual(first)
    expect(first).toMatchObject({
      url: URL_OF_LAB,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'x-lab': 'lab',
        authorization: 'Bearer key',
      },
    })
    expect(endpoint).toHaveBeenCalledTimes(1)
    await sent({ model: 'lab/other' })
    expect(endpoint).toHaveBeenCalledTimes(2)
  })

  test('once for whole responses and once for streams', async () => {
    const { endpoint, sent } = yard()
    for (const stream of [false, true, false, true]) {
      const [request] = await sent({ apiKey: 'key', stream })
      expect(request).toMatchObject({
        url: URL_OF_LAB,
        headers: { accept: stream ? 'text/event-stream' : 'application/json' },
      })
    }
    expect(endpoint.mock.calls.map(([{ stream }]) => stream)).toEqual([false, true])
  })

  test('for a key that changes, not again: the key is added to every call', async () => {
    const { endpoint, sent } = yard()
    for (const key of ['one', 'two']) {
      vi.stubEnv('LAB_API_KEY', key)
      const [request] = await sent()
      expect(request?.headers).toHaveProperty('authorization', `Bearer ${key}`)
    }
    const [own] = await sent({ apiKey: 'own' })
    expect(own?.headers).toHaveProperty('authorization', 'Bearer own')
    vi.stubEnv('LAB_API_KEY', undefined)
    await expect(sent()).rejects.toMatchObject({ kind: 'misconfigured' })
    expect(endpoint).toHaveBeenCalledTimes(1)
  })
})

describe('a prepared endpoint leaves room for', () => {
  test('headers of one request, in any case', async () => {
    const { sent } = yard()
    const headersOf = async (more: Partial<ChatRequest>) =>
      (await sent({ apiKey: 'key', ...more }))[0]?.headers
    const plain = await headersOf({})
    expect(await headersOf({ headers: { 'X-Trace': '1' } })).toEqual({ ...plain, 'x-trace': '1' })
    expect(await headersOf({ extraHeaders: { 'x-lab': 'own' } })).toEqual({ ...plain, 'x-lab': 'own' })
    expect(await headersOf({})).toEqual(plain)
  })

  test('the base URL of one request', async () => {
    const { urls } = yard()
    const apiKey = 'key'
    expect(await urls({ apiKey })).toEqual([URL_OF_LAB])
    expect(await urls({ apiKey, baseUrl: 'https://other.test/v2/' })).toEqual([
      'https://other.test/v2/chat/completions',
    ])
    expect(await urls({ apiKey })).toEqual([URL_OF_LAB])
  })

  test.each([
    [
      'the base URL',
      { baseUrl: 'https://{room}.lab.test/v1' },
      (room: string) => `https://${room}.lab.test/v1/chat/completions`,
    ],
    ['the query', { query: { room: '{room}' } }, (room: string) => `${URL_OF_LAB}?room=${room}`],
  ])('variables of one request, and of an environment that changes, in %s', async (_name, options, urlOf) => {
    const { urls } = yard(options)
    const apiKey = 'key'
    await expect(urls({ apiKey })).rejects.toMatchObject({ kind: 'misconfigured' })
    for (const room of ['a', 'b']) {
      vi.stubEnv('LAB_ROOM', room)
      expect(await urls({ apiKey })).toEqual([urlOf(room)])
      expect(await urls({ apiKey, variables: { room: 'own' } })).toEqual([urlOf('own')])
      expect(await urls({ apiKey })).toEqual([urlOf(room)])
    }
  })

  test.each([false, true])('a fallback to another provider, stream: %s', async (stream) => {
    vi.stubEnv('LAB_API_KEY', 'key')
    const { endpoint, sent } = yard({ fallback: ['openai/gpt-4.1'], down: ['lab.test'] })
    for (const headers of [undefined, { 'X-Trace': '1' }, undefined]) {
      const trace = headers && { 'x-trace': '1' }
      const [failed, answered] = await sent({ stream, headers })
      expect(failed?.url).toBe(URL_OF_LAB)
      expect(ownHeaders(failed)).toEqual({ 'x-lab': 'lab', authorization: 'Bearer key', ...trace })
      expect(answered?.url).toBe('https://openai.test/v1/chat/completions')
      expect(ownHeaders(answered)).toEqual({ 'x-app': 'app', authorization: 'Bearer openai-key', ...trace })
    }
    // Once for the two calls that add nothing, and once for the call with headers.
    expect(endpoint).toHaveBeenCalledTimes(2)
  })

  test('a key and base URL of one request, which its fallback does not get', async () => {
    const { sent } = yard({ fallback: ['openai/gpt-4.1'], down: ['own.test'] })
    const [failed, answered] = await sent({ apiKey: 'own', baseUrl: 'https://own.test/v1' })
    expect(failed).toMatchObject({
      url: 'https://own.test/v1/chat/completions',
      headers: { authorization: 'Bearer own' },
    })
    expect(answered).toMatchObject({
      url: 'https://openai.test/v1/chat/completions',
      headers: { authorization: 'Bearer openai-key' },
    })
  })

  test('embeddings beside chat on one target', async () => {
    const { orchestrator, endpoint, urls } = yard()
    const embedded: HttpRequest[] = []
    const transport = recording(embedded, [])
    const request = { model: 'lab/m', apiKey: 'key', input: 'Hi', transport }
    for (let round = 0; round < 2; round++) {
      expect((await orchestrator.embed(request)).embedding).toEqual([1])
      expect(await urls({ apiKey: 'key' })).toEqual([URL_OF_LAB])
    }
    expect(embedded.map(({ url }) => url)).toEqual(Array(2).fill('https://lab.test/v1/embeddings'))
    expect(embedded[0]?.headers).toMatchObject({ 'x-lab': 'lab', authorization: 'Bearer key' })
    expect(endpoint).toHaveBeenCalledTimes(1)
  })
})
