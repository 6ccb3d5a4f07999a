import { request as ask, type ServerResponse, createServer, type Server } from 'node:http'
import { serve as serveHono } from '@hono/node-server'
import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler, toNodeHandler, type OpenAIHandlerOptions } from 'llm-switchyard/http'
import { describe, expect, test } from 'vitest'
import { chunk, DONE, serve, SSE, text } from '../../loopback.ts'
import { stopwatch } from '../../proof.ts'
import { listen, shut, until } from './gateway.ts'

const chat = { model: 'openai/m', messages: [{ role: 'user', content: 'Hi' }] }
const requests: readonly (readonly [string, string, object])[] = [
  ['chat, streamed', '/v1/chat/completions', { ...chat, stream: true }],
  ['chat, whole', '/v1/chat/completions', chat],
  ['responses, streamed', '/v1/responses', { model: 'openai/m', input: 'Hi', stream: true }],
  ['responses, whole', '/v1/responses', { model: 'openai/m', input: 'Hi' }],
  ['messages, streamed', '/v1/messages', { ...chat, max_tokens: 9, stream: true }],
  ['messages, whole', '/v1/messages', { ...chat, max_tokens: 9 }],
  ['embeddings', '/v1/embeddings', { model: 'openai/m', input: 'Hi' }],
]

type Kind = 'node:http' | '@hono/node-server'

/** The handler on a server of this kind, over an upstream that answers so. */
async function yard(
  kind: Kind,
  answer: (response: ServerResponse) => void,
  options: Partial<OpenAIHandlerOptions> = {},
) {
  let asked = 0
  const upstream = await serve((_request, response) => {
    asked++
    answer(response)
  })
  const orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'key', baseUrl: `${upstream.url}/v1` } },
  })
  const handler = createOpenAIHandler(orchestrator, { authorize: 'open', ...options })
  const listener = toNodeHandler(handler)
  const server =
    kind === 'node:http'
      ? createServer((request, response) => void listener(request, response))
      : (serveHono({ fetch: handler, port: 0, hostname: '127.0.0.1' }) as Server)
  if (kind !== 'node:http') await until(() => server.listening)
  const url = kind === 'node:http' ? await listen(server) : addressOf(server)
  return {
    url,
    upstream,
    orchestrator,
    asked: () => asked,
    [Symbol.asyncDispose]: async () => {
      await shut(server)
      await orchestrator.close({ drainMs: 0 })
      await upstream[Symbol.asyncDispose]()
    },
  }
}

function addressOf(server: Server): string {
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
}

/** A client on a socket of its own, which breaks off when told. */
function client(url: string, path: string, body: object) {
  const asked = ask(url + path, { method: 'POST', headers: { 'content-type': 'application/json' } })
  let first = false
  asked.on('error', () => undefined)
  asked.on('response', (response) => {
    response.on('error', () => undefined)
    response.once('data', () => (first = true)).resume()
  })
  asked.end(JSON.stringify(body))
  return { began: () => first, leave: () => void asked.destroy() }
}

const begin = (response: ServerResponse): void => {
  response.writeHead(200, SSE)
  response.write(text('Hello'))
}
const silent = (): void => undefined

describe.each(['node:http', '@hono/node-server'] as const)('a client that leaves, on %s', (kind) => {
  test.each(requests)('%s: the upstream sees it', async (_name, path, body) => {
    const streams = 'stream' in body
    await using there = await yard(kind, streams ? begin : silent)
    const leaver = client(there.url, path, body)
    await until(streams ? leaver.began : () => there.asked() > 0)
    const took = stopwatch()
    leaver.leave()
    await there.upstream.left()
    took.atMost(100)
    await until(() => there.orchestrator.stats().active === 0)
  })

  test.each(requests.filter(([, , body]) => 'stream' in body))(
    '%s, before its first content',
    async (_name, path, body) => {
      await using there = await yard(kind, silent)
      const leaver = client(there.url, path, body)
      await until(() => there.asked() > 0)
      const took = stopwatch()
      leaver.leave()
      await there.upstream.left()
      took.atMost(100)
    },
  )

  test.each([true, false])(
    'with the policy to finish, the answer comes to its end and is told: streamed %s',
    async (stream) => {
      let upstream: ServerResponse | undefined
      const ends: unknown[] = []
      await using there = await yard(
        kind,
        (response) => {
          upstream = response
          if (stream) begin(response)
        },
        {
          onClientGone: 'finish',
          onEnd: ({ answer, error, endpoint }) => ends.push([endpoint, answer.text, error?.kind]),
        },
      )
      const leaver = client(there.url, '/v1/chat/completions', { ...chat, stream })
      await until(stream ? leaver.began : () => there.asked() > 0)
      leaver.leave()
      await new Promise((resolve) => setTimeout(resolve, 50))
      expect(there.upstream.open()).toBe(1)
      if (stream) upstream?.end(text(' there') + chunk({}, 'stop') + DONE)
      else {
        upstream?.writeHead(200, { 'content-type': 'application/json' })
        const message = { role: 'assistant', content: 'Hello there' }
        upstream?.end(JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }] }))
      }
      await until(() => ends.length > 0)
      expect(ends).toEqual([['chat-completions', 'Hello there', undefined]])
    },
  )

  test('what came before it left is told once, with why it ended', async () => {
    const ends: unknown[] = []
    await using there = await yard(kind, begin, {
      onEnd: ({ answer, error, model }) =>
        ends.push([model, answer.text, error?.kind, answer.usage.estimated]),
    })
    const leaver = client(there.url, '/v1/chat/completions', { ...chat, stream: true })
    await until(leaver.began)
    leaver.leave()
    await until(() => ends.length > 0)
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(ends).toEqual([['openai/m', 'Hello', 'aborted', true]])
  })
})
