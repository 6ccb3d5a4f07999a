import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import zlib from 'node:zlib'
import { chatApiCall, type Transport } from 'llm-switchyard'
import { createFetchTransport } from 'llm-switchyard/adapter'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { describe, expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'hi' }]
const words = { role: 'assistant', content: 'zipped' }
const whole = JSON.stringify({ choices: [{ index: 0, message: words, finish_reason: 'stop' }] })
const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const streamed = `${chunk({ content: 'zip' })}${chunk({ content: 'ped' })}${chunk({}, 'stop')}data: [DONE]\n\n`

const transports: Readonly<Record<string, () => Transport>> = {
  fetch: () => createFetchTransport(),
  undici: () => createUndiciTransport(),
}
const codings: Readonly<Record<string, (text: string) => Uint8Array>> = {
  identity: (text) => Buffer.from(text),
  gzip: (text) => zlib.gzipSync(text),
  deflate: (text) => zlib.deflateSync(text),
  br: (text) => zlib.brotliCompressSync(text),
  ...(zlib.zstdCompressSync && { zstd: (text: string) => zlib.zstdCompressSync(text) }),
  'gzip, br': (text) => zlib.brotliCompressSync(zlib.gzipSync(text)),
}

async function served(listener: RequestListener) {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    [Symbol.asyncDispose]: () => {
      server.closeAllConnections()
      return new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

async function ask(transport: Transport, baseUrl: string, stream: boolean): Promise<string> {
  const target = {
    provider: 'openai-compatible',
    model: 'm',
    apiKey: 'k',
    baseUrl,
    messages,
    transport,
  } as const
  const reply = await chatApiCall({ ...target, stream })
  return ('response' in reply ? await reply.response : reply).text
}

describe.each(Object.keys(transports))('content codings on %s', (name) => {
  const create = transports[name] as () => Transport

  test.each(Object.keys(codings).flatMap((coding) => [[coding, false] as const, [coding, true] as const]))(
    '%s, streamed: %s',
    async (coding, stream) => {
      await using server = await served((_request, response) => {
        const type = stream ? 'text/event-stream' : 'application/json'
        response.writeHead(200, { 'content-type': type, 'content-encoding': coding })
        response.end(codings[coding]?.(stream ? streamed : whole))
      })
      const transport = create()
      expect(await ask(transport, server.baseUrl, stream)).toBe('zipped')
      await transport.close?.()
    },
  )

  test.each([false, true])('damaged data ends typed, streamed: %s', async (stream) => {
    await using server = await served((_request, response) => {
      const type = stream ? 'text/event-stream' : 'application/json'
      response.writeHead(200, { 'content-type': type, 'content-encoding': 'gzip' })
      response.end('no gzip at all')
    })
    const transport = create()
    const kind = stream ? 'stream-broken' : 'network'
    await expect(ask(transport, server.baseUrl, stream)).rejects.toMatchObject({ kind })
    await transport.close?.()
  })

  test('an error reply is decoded, too', async () => {
    await using server = await served((_request, response) => {
      response.writeHead(429, { 'content-encoding': 'gzip', 'content-type': 'application/json' })
      response.end(zlib.gzipSync(JSON.stringify({ error: { message: 'Slower, please.' } })))
    })
    const transport = create()
    const error = { kind: 'rate-limited', message: expect.stringContaining('Slower, please.') }
    await expect(ask(transport, server.baseUrl, false)).rejects.toMatchObject(error)
    await transport.close?.()
  })
})

describe('codings of the undici transport alone', () => {
  test('data without its two first bytes is read', async () => {
    await using server = await served((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'deflate' })
      response.end(zlib.deflateRawSync(whole))
    })
    const transport = createUndiciTransport()
    expect(await ask(transport, server.baseUrl, false)).toBe('zipped')
    await transport.close()
  })

  test('an unknown coding is named', async () => {
    await using server = await served((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'squeezed' })
      response.end('?')
    })
    const transport = createUndiciTransport()
    const error = { kind: 'reply-malformed', message: expect.stringContaining('"squeezed"') }
    await expect(ask(transport, server.baseUrl, false)).rejects.toMatchObject(error)
    await transport.close()
  })
})

/** A server that answers the first request of every connection, and ends the connection on the next. */
async function forgetful(end: (socket: Socket) => void) {
  const requests: number[] = []
  let connections = 0
  const server = createTcpServer((socket) => {
    const connection = ++connections
    let seen = 0
    socket.on('error', () => undefined)
    socket.on('data', (data) => {
      if (!data.toString('latin1').endsWith('}')) return
      requests.push(connection)
      if (++seen > 1) return end(socket)
      const type = 'content-type: application/json\r\nconnection: keep-alive'
      socket.write(`HTTP/1.1 200 OK\r\n${type}\r\ncontent-length: ${whole.length}\r\n\r\n${whole}`)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { requests, port, close: () => server.close() }
}

describe('a kept connection that the server has closed', () => {
  test.each<[string, string, (socket: Socket) => void]>([
    ['undici', 'reset', (socket) => socket.resetAndDestroy()],
    ['undici', 'ended', (socket) => socket.end()],
    ['fetch', 'ended', (socket) => socket.end()],
  ])('%s, %s: the request goes out once more, over another', async (name, _how, end) => {
    const server = await forgetful(end)
    const transport = transports[name]?.() as Transport
    const baseUrl = `http://127.0.0.1:${server.port}/v1`
    expect(await ask(transport, baseUrl, false)).toBe('zipped')
    // The pool takes a connection back in a later turn of the event loop.
    await new Promise((resolve) => setImmediate(resolve))
    expect(await ask(transport, baseUrl, false)).toBe('zipped')
    expect(server.requests).toEqual([1, 1, 2])
    await transport.close?.()
    server.close()
  })

  test('a new connection that is reset is not tried again', async () => {
    let connections = 0
    const server = createTcpServer((socket) => {
      connections++
      socket.on('error', () => undefined)
      socket.on('data', () => socket.resetAndDestroy())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const transport = createUndiciTransport()
    const asked = ask(transport, `http://127.0.0.1:${port}/v1`, false)
    await expect(asked).rejects.toMatchObject({ kind: 'network' })
    expect(connections).toBe(1)
    await transport.close()
    server.close()
  })
})

test('the undici transport asks for what it can read, unless the call asks for something else', async () => {
  const asked: unknown[] = []
  await using server = await served((request, response) => {
    asked.push(request.headers['accept-encoding'])
    response.setHeader('content-type', 'application/json')
    response.end(whole)
  })
  const transport = createUndiciTransport()
  const call = { model: 'openai/m', apiKey: 'k', baseUrl: server.baseUrl, messages, transport }
  await chatApiCall(call)
  await chatApiCall({ ...call, headers: { 'Accept-Encoding': 'identity' } })
  await transport.close()
  const zstd = zlib.createZstdDecompress === undefined ? '' : ', zstd'
  expect(asked).toEqual([`gzip, deflate, br${zstd}`, 'identity'])
})

describe.each(Object.entries(transports))(
  'a reply that grows when it is decoded, over %s',
  (_name, create) => {
    const bomb = zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '), { level: 9 })

    test.each([
      ['whole', 200, 'application/json', { kind: 'reply-malformed' }],
      ['refused', 400, 'application/json', { kind: 'invalid-request' }],
    ] as const)('%s, is read up to its bound', async (_form, status, type, expected) => {
      await using server = await served((_request, response) => {
        response.writeHead(status, { 'content-type': type, 'content-encoding': 'gzip' })
        response.end(bomb)
      })
      const transport = create()
      const sent = chatApiCall({
        model: 'openai/m',
        apiKey: 'k',
        baseUrl: server.baseUrl,
        messages,
        transport,
        streamLimits: { maxReplyBytes: 1_000_000 },
      })
      await expect(sent).rejects.toMatchObject(expected)
      await transport.close?.()
    })
  },
)
