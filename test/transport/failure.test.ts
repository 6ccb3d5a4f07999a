import { createServer as createHttpServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Transport } from 'llm-switchyard'
import { createFetchTransport } from 'llm-switchyard/adapter'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { Agent, fetch as undiciFetch, ProxyAgent, type Dispatcher } from 'undici'
import { describe, expect, test } from 'vitest'
import { transportError } from '../../src/transport/explain-failure.ts'
import { selfSigned } from './certificate.ts'

const signal = new AbortController().signal

/** Both transports; with a dispatcher, `fetch` uses it too. */
const transports: Readonly<Record<string, (dispatcher?: Dispatcher) => Transport>> = {
  fetch: (dispatcher) =>
    createFetchTransport(
      dispatcher === undefined
        ? undefined
        : (url, init) => undiciFetch(url as string, { ...(init as object), dispatcher }),
    ),
  undici: (dispatcher) => createUndiciTransport({ dispatcher }),
}

async function listening(server: Server): Promise<AsyncDisposable & { readonly port: number }> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function deadPort(): Promise<number> {
  await using server = await listening(createServer())
  return server.port
}

/** The message of the error with which `transport` fails; fails itself if there is none. */
async function failureOf(transport: Transport, url: string): Promise<{ kind: string; message: string }> {
  try {
    const { body } = await transport.send({ url, method: 'POST', headers: {}, body: '{}' }, { signal })
    while ((await body.read()) !== null);
  } catch (error) {
    return { kind: (error as { kind: string }).kind, message: (error as Error).message }
  } finally {
    await transport.close?.()
  }
  throw new Error(`${url} answered`)
}

interface Case {
  readonly name: string
  readonly server?: () => Server
  /** URL of the request, by the server's port. */
  readonly url: (port: number) => string
  readonly message: (port: number) => string
}

const expired = selfSigned({ hostname: 'localhost', notAfter: new Date('2021-01-01') })
const trusted = selfSigned({ hostname: 'localhost' })
const quiet = (server: Server): Server =>
  server
    .on('connection', (socket) => socket.on('error', () => undefined))
    .on('tlsClientError', () => undefined)
const plain = (): Server => quiet(createHttpServer((_request, response) => response.end('{}')))
const secure = (): Server => quiet(createTlsServer(trusted, (_request, response) => response.end('{}')))
/** Reads the first bytes of a connection, then does `act` with it. */
const closing = (act: (socket: Socket) => void): Server =>
  quiet(createServer((socket) => void socket.once('data', () => act(socket))))

const cases: readonly Case[] = [
  {
    name: 'TLS to a plain port',
    server: plain,
    url: (port) => `https://127.0.0.1:${port}/v1`,
    message: (port) =>
      `the server at 127.0.0.1:${port} does not speak TLS: use http://127.0.0.1:${port} in baseUrl`,
  },
  {
    name: 'TLS to a server that closes after the hello',
    server: () => closing((socket) => socket.end()),
    url: (port) => `https://127.0.0.1:${port}/v1`,
    message: (port) =>
      `the server at 127.0.0.1:${port} closed the connection during the TLS handshake: if it does not speak TLS, use http://127.0.0.1:${port} in baseUrl`,
  },
  {
    name: 'HTTP to a TLS port',
    server: secure,
    url: (port) => `http://127.0.0.1:${port}/v1`,
    message: (port) =>
      `the server at 127.0.0.1:${port} closed the connection without an answer: if it expects TLS, use https://127.0.0.1:${port} in baseUrl`,
  },
  {
    name: 'HTTP to a port of another protocol',
    server: () => closing((socket) => socket.end('SSH-2.0-Example\r\n')),
    url: (port) => `http://127.0.0.1:${port}/v1`,
    message: (port) =>
      `the server at 127.0.0.1:${port} does not answer in HTTP: if it speaks TLS, use https://127.0.0.1:${port} in baseUrl, else check the port`,
  },
  {
    name: 'a self-signed certificate',
    server: secure,
    url: (port) => `https://localhost:${port}/v1`,
    message: (port) =>
      `the certificate of https://localhost:${port} is self-signed: name its file in NODE_EXTRA_CA_CERTS to trust it`,
  },
  {
    name: 'a reset connection',
    server: () => closing((socket) => socket.resetAndDestroy()),
    url: (port) => `http://127.0.0.1:${port}/v1`,
    message: (port) =>
      `http://127.0.0.1:${port}: the connection was reset by the server or by the network between`,
  },
  {
    name: 'a reply that breaks off',
    server: () => closing((socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf')),
    url: (port) => `http://127.0.0.1:${port}/v1`,
    message: (port) =>
      `http://127.0.0.1:${port}: the server closed the connection before the reply was complete`,
  },
  {
    name: 'no server at the port',
    url: (port) => `http://127.0.0.1:${port}/v1`,
    message: (port) =>
      `the server at http://127.0.0.1:${port} refused the connection: check that it is running and that baseUrl names its port`,
  },
  {
    name: 'a host name that does not exist',
    url: () => 'http://api.invalid/v1',
    message: () => 'the host name "api.invalid" does not exist: check baseUrl',
  },
]

describe.each(Object.entries(transports))('on %s', (_name, make) => {
  test.each(cases)('$name', async ({ server, url, message }) => {
    await using started = server === undefined ? undefined : await listening(server())
    const port = started?.port ?? (await deadPort())
    expect(await failureOf(make(), url(port))).toEqual({ kind: 'network', message: message(port) })
  })

  // Trusted by the dispatcher, so that the other faults of a certificate show.
  test.each([
    [expired, 'localhost', 'has expired: renew it, or correct the clock of this machine'],
    [trusted, '127.0.0.1', 'is for DNS:localhost: use a host name of the certificate in baseUrl'],
  ])('a certificate that is wrong for the time or the host (%#)', async (pair, host, end) => {
    await using server = await listening(quiet(createTlsServer(pair)))
    const dispatcher = new Agent({ connect: { ca: pair.cert } })
    const { message } = await failureOf(make(dispatcher), `https://${host}:${server.port}/v1`)
    expect(message).toBe(`the certificate of https://${host}:${server.port} ${end}`)
    await dispatcher.close()
  })

  test.each([
    ['a proxy that wants a login', 407, 'requires a login (status 407): put user name and password into'],
    ['a proxy that cannot connect', 502, '(status 502): check the proxy and the address'],
  ])('%s', async (_case, status, part) => {
    const refuse = createHttpServer().on('connect', (_request, socket) => {
      socket.on('error', () => undefined)
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`)
    })
    await using proxy = await listening(refuse)
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${proxy.port}`)
    const { message } = await failureOf(make(dispatcher), 'https://api.example/v1')
    expect(message).toContain('proxy')
    expect(message).toContain('https://api.example')
    expect(message).toContain(part)
    await dispatcher.destroy()
  })

  test('a proxy that is not there', async () => {
    const port = await deadPort()
    const dispatcher = new ProxyAgent(`http://127.0.0.1:${port}`)
    const { message } = await failureOf(make(dispatcher), 'https://api.example/v1')
    expect(message).toBe(
      `the proxy for https://api.example refused the connection at 127.0.0.1:${port}: check HTTP_PROXY and HTTPS_PROXY, or the dispatcher`,
    )
    await dispatcher.destroy()
  })
})

describe('failures that no loopback server can make', () => {
  const failed = (fields: object): unknown =>
    new TypeError('fetch failed', { cause: Object.assign(new Error('as the system says it'), fields) })
  test.each([
    [{ code: 'EAI_AGAIN' }, 'the host name "api.example" could not be looked up'],
    [{ code: 'EHOSTUNREACH' }, 'https://api.example cannot be reached from this machine'],
    [{ code: 'ETIMEDOUT' }, 'https://api.example: the connection timed out'],
    [{ code: 'EPROTO', message: 'wrong version number' }, 'does not speak TLS: use http://api.example'],
    [{ code: 'ERR_SSL_PACKET_LENGTH_TOO_LONG' }, 'does not speak TLS: use http://api.example'],
    [{ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }, 'signed by an authority that this process does not trust'],
    [{ code: 'CERT_NOT_YET_VALID' }, 'is not valid yet: correct the clock of this machine'],
    [{ code: 'ENOTFOUND', hostname: 'proxy.local' }, 'unknown host name, "proxy.local": check HTTP_PROXY'],
    [{ message: 'bad port' }, 'fetch does not connect to port 443 of api.example'],
    [{ code: 'EWHATEVER' }, 'https://api.example: as the system says it'],
  ])('%o', (fields, part) => {
    const error = transportError(failed(fields), 'https://api.example/v1?key=secret', false)
    expect(error.kind).toBe('network')
    expect(error.message).toContain(part)
    expect(error.message).not.toContain('secret')
  })

  test('a TLS error after the head of the response is not taken for a plain port', () => {
    const error = transportError(
      failed({ code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
      'https://api.example',
      true,
    )
    expect(error.message).toBe('https://api.example: as the system says it')
  })
})
