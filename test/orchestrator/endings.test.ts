import type { ServerResponse } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { chatApiCall, type ChatRequest, LlmError, type StreamEvent, type Transport } from 'llm-switchyard'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { chunk, DONE, serve, SSE, text, type Loopback } from '../loopback.ts'
import { patience } from '../patience.ts'

type Answer = (response: ServerResponse) => void

interface Ending {
  readonly events: readonly StreamEvent[]
  readonly error: LlmError | undefined
}

const transports: Readonly<Record<string, () => Transport | undefined>> = {
  fetch: () => undefined,
  undici: () => createUndiciTransport(),
}
const opened: (Transport | undefined)[] = []
afterEach(async () => {
  for (const transport of opened.splice(0)) await transport?.close?.()
})

async function run(
  server: Loopback,
  transportName: string,
  extra: Partial<ChatRequest> = {},
): Promise<Ending> {
  const transport = transports[transportName]?.()
  opened.push(transport)
  const events: StreamEvent[] = []
  const messages = [{ role: 'user' as const, content: 'Hello there, provider' }]
  const request = {
    provider: 'openai',
    model: 'm',
    apiKey: 'k',
    baseUrl: `${server.url}/v1`,
    messages,
    transport,
    ...extra,
  }
  try {
    const stream = await chatApiCall({ ...request, stream: true })
    for await (const event of stream) events.push(event)
    return { events, error: undefined }
  } catch (error) {
    if (!LlmError.is(error)) throw error
    return { events, error }
  }
}

const write =
  (...frames: string[]): Answer =>
  (response) => {
    response.writeHead(200, SSE)
    response.end(frames.join(''))
  }

const MIB = 1024 * 1024

// What the upstream does → kind of the error (or none), and the text that had come.
const endings: readonly [
  name: string,
  answer: Answer,
  kind: string | undefined,
  partial: string,
  extra?: Partial<ChatRequest>,
][] = [
  ['a whole stream', write(text('Hi'), chunk({}, 'stop'), DONE), undefined, 'Hi'],
  ['a reason without the end mark', write(text('Hi'), chunk({}, 'stop')), undefined, 'Hi'],
  ['the end mark without a reason', write(text('Hi'), DONE), undefined, 'Hi'],
  ['a last frame without its blank line', write(text('Hi'), chunk({}, 'stop').trimEnd()), undefined, 'Hi'],
  ['a clean end with neither', write(text('Hi')), 'stream-broken', 'Hi'],
  ['nothing at all', write(''), 'stream-broken', ''],
  ['comments only', write(': ping\n\n', ': ping\n\n'), 'stream-broken', ''],
  ['a cut inside a frame', write(text('Hi'), text('there').slice(0, 40)), 'stream-broken', 'Hi'],
  [
    'a connection that breaks',
    (response) => {
      response.writeHead(200, SSE)
      response.write(text('Hi'))
      setTimeout(() => response.destroy(), 30)
    },
    'stream-broken',
    'Hi',
  ],
  [
    'an error before content',
    write('data: {"error":{"message":"busy","type":"overloaded_error"}}\n\n'),
    'overloaded',
    '',
  ],
  [
    'an error after content',
    write(text('Hi'), 'data: {"error":{"message":"slow down","code":"rate_limit_exceeded"}}\n\n'),
    'rate-limited',
    'Hi',
  ],
  [
    'an event that is no JSON',
    write(text('Hi'), 'data: {oops\n\n', text('lost'), DONE),
    'reply-malformed',
    'Hi',
  ],
  [
    'an HTML page',
    (response) => {
      response.writeHead(200, { 'content-type': 'text/html' })
      response.end('<!doctype html><title>Sign in</title>')
    },
    'reply-malformed',
    '',
  ],
  ['an event of 17 MB', write(text('Hi'), text('x'.repeat(17_000_000)), DONE), 'reply-malformed', 'Hi'],
  [
    'an endless stream',
    (response) => {
      response.writeHead(200, SSE)
      const frame = text('x'.repeat(64 * 1024))
      const more = (): void => {
        while (!response.destroyed && response.write(frame));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    'reply-malformed',
    'x'.repeat(MIB),
    { streamLimits: { maxBytes: MIB } },
  ],
  [
    'a line without end',
    (response) => {
      response.writeHead(200, SSE)
      response.write('data: ')
      const more = (): void => {
        while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
        if (!response.destroyed) response.once('drain', more)
      }
      more()
    },
    'reply-malformed',
    '',
    { streamLimits: { maxEventBytes: MIB } },
  ],
  ['silence before the headers', () => undefined, 'timeout', '', { timeouts: { firstContentMs: 60 } }],
  [
    'pings without content',
    (response) => {
      response.writeHead(200, SSE)
      const timer = setInterval(
        () => response.write(': ping\n\ndata: {"choices":[{"delta":{"role":"assistant"}}]}\n\n'),
        10,
      )
      response.on('close', () => clearInterval(timer))
    },
    'timeout',
    '',
    { timeouts: { firstContentMs: 80 } },
  ],
  [
    'pings after content',
    (response) => {
      response.writeHead(200, SSE)
      response.write(text('Hi'))
      const timer = setInterval(() => response.write(': ping\n\n'), 10)
      response.on('close', () => clearInterval(timer))
    },
    'timeout',
    'Hi',
    { timeouts: { idleMs: 80 } },
  ],
  [
    'a reason, then silence',
    (response) => {
      response.writeHead(200, SSE)
      response.write(text('Hi') + chunk({}, 'stop'))
    },
    undefined,
    'Hi',
    { timeouts: { idleMs: 80 } },
  ],
  [
    'a drip that outlives the total',
    (response) => {
      response.writeHead(200, SSE)
      const timer = setInterval(() => response.write(text('.')), 10)
      response.on('close', () => clearInterval(timer))
    },
    'timeout',
    '.',
    { timeouts: { totalMs: 1_000 * patience } },
  ],
]

describe.each(Object.keys(transports))('every ending of a stream, on %s', (transport) => {
  test.each(endings)('%s', async (...[, answer, kind, partial, extra]) => {
    await using server = await serve((_request, response) => answer(response))
    const { events, error } = await run(server, transport, extra)
    const ends = events.filter(({ type }) => type === 'finish')
    if (kind === undefined) {
      expect(error).toBeUndefined()
      expect(ends).toHaveLength(1)
      const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join('')
      expect(said).toBe(partial)
    } else {
      expect(ends).toHaveLength(0)
      expect(error?.kind).toBe(kind)
      expect(error?.partial?.text ?? '').toContain(partial)
      if (error?.phase !== 'first-content') expect(error?.partial?.usage.estimated).toBe(true)
      expect(error?.attempts).toHaveLength(1)
      await expect.poll(() => server.open()).toBe(0)
    }
  })

  test.each([
    [
      'leaving the loop',
      async (server: Loopback, request: ChatRequest & { stream: true }) => {
        const stream = await chatApiCall(request)
        for await (const event of stream) if (event.type === 'text-delta') break
        await expect(stream.response).rejects.toMatchObject({ kind: 'aborted', partial: { text: 'Hi' } })
        await server.left()
      },
    ],
    [
      'aborting the signal',
      async (server: Loopback, request: ChatRequest & { stream: true }) => {
        const controller = new AbortController()
        const stream = await chatApiCall({ ...request, signal: controller.signal })
        setTimeout(() => controller.abort(), 20)
        await expect(stream.response).rejects.toMatchObject({ kind: 'aborted', partial: { text: 'Hi' } })
        await server.left()
      },
    ],
    [
      'aborting before the headers',
      async (_server: Loopback, request: ChatRequest & { stream: true }) => {
        await expect(chatApiCall({ ...request, signal: AbortSignal.abort() })).rejects.toMatchObject({
          kind: 'aborted',
        })
      },
    ],
    [
      'cancel()',
      async (server: Loopback, request: ChatRequest & { stream: true }) => {
        const stream = await chatApiCall(request)
        stream.cancel()
        await expect(stream.response).rejects.toMatchObject({ kind: 'aborted' })
        await server.left()
      },
    ],
    [
      'disposing',
      async (server: Loopback, request: ChatRequest & { stream: true }) => {
        {
          await using stream = await chatApiCall(request)
          expect(stream.provider).toBe('openai')
        }
        await server.left()
      },
    ],
    [
      'forgetting it until totalMs',
      async (server: Loopback, request: ChatRequest & { stream: true }) => {
        await chatApiCall({ ...request, timeouts: { totalMs: 100 } })
        await server.left()
      },
    ],
  ])('%s closes the upstream', async (_name, leave) => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, SSE)
      response.write(text('Hi'))
    })
    const own = transports[transport]?.()
    opened.push(own)
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await leave(server, {
      provider: 'openai',
      model: 'm',
      apiKey: 'k',
      baseUrl: `${server.url}/v1`,
      messages,
      transport: own,
      stream: true,
    })
  })

  test('a connection serves the next call after a stream has ended', async () => {
    const seen = new Set<unknown>()
    await using server = await serve((request, response) => {
      seen.add(request.socket)
      write(text('Hi'), chunk({}, 'stop'), DONE)(response)
    })
    const own = transports[transport]?.()
    opened.push(own)
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    for (let turn = 0; turn < 5; turn++) {
      const stream = await chatApiCall({
        provider: 'openai',
        model: 'm',
        apiKey: 'k',
        baseUrl: `${server.url}/v1`,
        messages,
        transport: own,
        stream: true,
      })
      expect((await stream.response).text).toBe('Hi')
    }
    expect(seen.size).toBeLessThanOrEqual(2)
  })
})
