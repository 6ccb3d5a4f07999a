import { createServer, request as ask, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import express from 'express'
import Fastify from 'fastify'
import { toNodeHandler, type WebHandler } from 'llm-switchyard/http'
import { describe, expect, test } from 'vitest'
import { listen, shut, until } from './gateway.ts'

/** A handler on node:http. */
async function served(handler: WebHandler, onError?: (error: unknown) => void) {
  const listener = toNodeHandler(handler, { onError })
  const pending = new Set<Promise<void>>()
  const server = createServer((request, response) => {
    const work = listener(request, response).finally(() => pending.delete(work))
    pending.add(work)
  })
  const url = await listen(server)
  return { url, server, pending, [Symbol.asyncDispose]: () => shut(server) }
}

const echo: WebHandler = async (request) => {
  const { method, url, headers } = request
  const body = await request.text()
  return Response.json({ method, url, type: headers.get('content-type'), body })
}
const json = (body: unknown): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(body),
})

/** Sends bytes as they are, and gives all that comes back. */
function raw(url: string, bytes: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes))
  return textOf(socket)
}

describe('toNodeHandler', () => {
  test('hands over method, address, headers and body', async () => {
    await using here = await served(echo)
    const reply = await fetch(`${here.url}/a%20b?c=d`, json({ e: 'ü' }))
    expect(await reply.json()).toEqual({
      method: 'POST',
      url: `${here.url}/a%20b?c=d`,
      type: 'application/json',
      body: '{"e":"ü"}',
    })
  })

  test('several cookies stay several', async () => {
    const headers = new Headers([
      ['set-cookie', 'a=1'],
      ['set-cookie', 'b=2'],
    ])
    await using here = await served(() => new Response('', { headers }))
    expect((await fetch(here.url)).headers.getSetCookie()).toEqual(['a=1', 'b=2'])
  })

  test('the head of a stream goes out before its first byte', async () => {
    const gate = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        await gate.promise
        controller.enqueue(new TextEncoder().encode('late'))
        controller.close()
      },
    })
    await using here = await served(() => new Response(body))
    const reply = await fetch(here.url)
    expect(reply.status).toBe(200)
    gate.resolve()
    expect(await reply.text()).toBe('late')
  })

  test('HEAD gets a head, and the body is not read', async () => {
    let cancelled = false
    const body = new ReadableStream({ cancel: () => void (cancelled = true) })
    await using here = await served(() => new Response(body, { headers: { 'x-kept': 'yes' } }))
    const reply = await fetch(here.url, { method: 'HEAD' })
    expect(reply.headers.get('x-kept')).toBe('yes')
    expect(cancelled).toBe(true)
  })

  test('HTTP/1.0 ends a stream with the connection, whatever the handler says', async () => {
    const handler = (): Response =>
      new Response(new Blob(['one two']).stream(), { headers: { connection: 'keep-alive' } })
    await using here = await served(handler)
    const answer = await raw(here.url, 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    const [head = '', body] = answer.split('\r\n\r\n')
    expect(head).toMatch(/connection: close/i)
    expect(head).not.toMatch(/transfer-encoding/i)
    expect(body).toBe('one two')
  })

  test('a Host header that is no host is refused, and so is a method that Request forbids', async () => {
    await using here = await served(echo)
    expect(await raw(here.url, 'GET / HTTP/1.1\r\nHost: a b<>\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400/,
    )
    expect(await raw(here.url, 'GET /a HTTP/1.1\r\nHost: x/b?\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400/,
    )
    expect(await raw(here.url, 'GET //evil/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain(
      '//evil/',
    )
    expect(await raw(here.url, 'TRACE / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toMatch(
      /^HTTP\/1.1 405/,
    )
  })

  test('a handler that fails is a 500 without details, told to the host', async () => {
    const told: unknown[] = []
    const failure = new Error('secret')
    await using here = await served(
      () => Promise.reject(failure),
      (error) => told.push(error),
    )
    const reply = await fetch(here.url)
    expect(reply.status).toBe(500)
    expect(await reply.text()).not.toContain('secret')
    expect(told).toEqual([failure])
  })

  test('a body that fails after the head breaks the connection', async () => {
    const body = (): ReadableStream<Uint8Array> =>
      new ReadableStream({
        pull: (controller) => {
          if (controller.desiredSize === 0) return
          controller.enqueue(new TextEncoder().encode('half'))
          setTimeout(() => controller.error(new Error('broken')), 10)
        },
      })
    const told: unknown[] = []
    await using here = await served(
      () => new Response(body()),
      (error) => told.push(error),
    )
    const reply = await fetch(here.url)
    await expect(reply.text()).rejects.toThrow(/terminated|other side closed/)
    await until(() => told.length === 1)
    await until(() => here.pending.size === 0)
  })

  test('nothing is read of a body that nobody wants, and the connection serves on', async () => {
    await using here = await served(() => new Response('no', { status: 401 }))
    for (let turn = 0; turn < 3; turn++) {
      const reply = await fetch(here.url, { method: 'POST', body: 'x'.repeat(1_000_000) })
      expect([reply.status, await reply.text()]).toEqual([401, 'no'])
    }
  })

  test('a client that leaves while it uploads ends the request', async () => {
    let seen: unknown
    let began = false
    await using here = await served(async (request) => {
      began = true
      await request.text().catch((error: unknown) => (seen = error))
      return new Response('')
    })
    const asked = ask(here.url, { method: 'POST', headers: { 'content-length': 1_000 } })
    asked.on('error', () => undefined)
    asked.write('half')
    await until(() => began)
    asked.destroy()
    await until(() => seen !== undefined)
    await until(() => here.pending.size === 0)
  })

  test('a slow reader slows the source down, and leaving it ends it', async () => {
    let pulled = 0
    let cancelled = false
    const piece = new Uint8Array(16_384)
    const body = new ReadableStream<Uint8Array>(
      {
        pull: (controller) => {
          pulled++
          controller.enqueue(piece)
        },
        cancel: () => void (cancelled = true),
      },
      { highWaterMark: 0 },
    )
    await using here = await served(() => new Response(body))
    const asked = ask(here.url)
    asked.end()
    const response = await new Promise<IncomingMessage>((resolve) => asked.once('response', resolve))
    // Stuck: the same for a hundred looks, and then for a hundred more.
    let [last, looks] = [-1, 0]
    await until(() => {
      looks = pulled === last && pulled > 0 ? looks + 1 : 0
      last = pulled
      return looks > 100
    })
    const stuck = pulled
    await until(() => looks++ > 200)
    expect(pulled).toBe(stuck)
    response.destroy()
    await until(() => cancelled)
    await until(() => here.pending.size === 0)
  })
})

describe('in the frameworks', () => {
  test('Express, behind a body parser and before one', async () => {
    for (const parser of [
      express.json(),
      express.text({ type: '*/*' }),
      express.raw({ type: '*/*' }),
      undefined,
    ]) {
      const app = express()
      if (parser !== undefined) app.use(parser)
      app.use('/llm', toNodeHandler(echo))
      const server = createServer(app)
      const url = await listen(server)
      const reply = (await (await fetch(`${url}/llm/v1/x?y=1`, json({ a: ['ü'] }))).json()) as {
        url: string
        body: string
      }
      expect(reply.body).toBe('{"a":["ü"]}')
      expect(reply.url).toBe(`${url}/v1/x?y=1`)
      await shut(server)
    }
  })

  test('a client that has left before its turn came', async () => {
    let open: (() => void) | undefined
    const signals: boolean[] = []
    const app = express()
    let left = false
    app.use((request, _response, next) => {
      request.on('close', () => (left = true))
      open = next
    })
    const listener = toNodeHandler((request) => {
      signals.push(request.signal.aborted)
      return new Response('late')
    })
    app.use(listener)
    const server = createServer(app)
    const url = await listen(server)
    const asked = ask(url)
    asked.on('error', () => undefined).end()
    await until(() => open !== undefined)
    asked.destroy()
    await until(() => left)
    open?.()
    await until(() => signals.length > 0)
    expect(signals).toEqual([true])
    await shut(server)
  })

  test('a body that was read and not kept is told to the host, and hangs nobody', async () => {
    const told: unknown[] = []
    const app = express()
    app.use((request, _response, next) => {
      request.resume().on('end', next)
    })
    app.use(toNodeHandler(echo, { onError: (error) => told.push(error) }))
    const server = createServer(app)
    const url = await listen(server)
    expect((await fetch(url, json({}))).status).toBe(500)
    expect(String(told[0])).toContain('request body was already consumed by another parser')
    await shut(server)
  })

  test('Fastify, as a route', async () => {
    const app = Fastify()
    app.all('/llm/*', toNodeHandler(echo))
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const reply = (await (await fetch(`${url}/llm/x`, json({ a: 1 }))).json()) as {
      method: string
      body: string
    }
    expect([reply.method, reply.body]).toEqual(['POST', '{"a":1}'])
    expect((await fetch(`${url}/llm/x`)).status).toBe(200)
    await app.close()
  })
})
