import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSocketServer, type AddressInfo, type Server as SocketServer } from 'node:net'
import { LlmError } from '../core/error.ts'
import type { FakeRequestLog, Recorder } from './request-log.ts'
import { createResponder, type FakeOptions, type Responder } from './responder.ts'
import type { FakeScript } from './script.ts'
import { perform, type Sink } from './steps.ts'
import { wires } from './wires/index.ts'

export interface FakeProviderOptions extends FakeOptions {
  /** What the model answers. Default: a text that greets. */
  readonly script?: FakeScript | undefined
  /** Default 0: any free port. */
  readonly port?: number | undefined
}

/** A provider on a loopback port that answers by a script. Close it, or hold it with `await using`. */
export interface FakeProvider extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string
  /**
   * Base URL of a wire format, with its version part: `openai-chat`, `anthropic-messages` or `gemini`. The SDKs of
   * Anthropic and Google add the version themselves: give those `${url}/anthropic` and `${url}/gemini`.
   */
  baseUrl(dialect: string): string
  /**
   * Base URL of a port that takes connections and never says a word. It is an `https` one, so that a client waits for the
   * connection itself. For the connect timeout; the requests never arrive, so the log has none of them.
   */
  silentUrl(dialect: string): Promise<string>
  /** Every request so far, in order of arrival. */
  readonly log: readonly FakeRequestLog[]
  /** Breaks off what is still running, and closes all sockets. May be called more than once. */
  close(): Promise<void>
}

/**
 * Starts a fake provider: a real HTTP server that speaks the wire formats of OpenAI, Anthropic and Google, streamed and
 * whole, checks requests as strictly as those do, and answers by your script.
 *
 * ```ts
 * await using provider = await createFakeProvider({ script: 'Hello from the fake!' })
 * const reply = await chatApiCall({
 *   model: 'openai/gpt-4.1-mini',
 *   baseUrl: provider.baseUrl('openai-chat'),
 *   apiKey: 'any',
 *   messages: [{ role: 'user', content: 'Hi' }],
 * })
 * expect(reply.text).toBe('Hello from the fake!')
 * expect(provider.log[0]?.request?.prompt).toBe('Hi')
 * ```
 */
export async function createFakeProvider(options: FakeProviderOptions = {}): Promise<FakeProvider> {
  const responder = createResponder(options.script ?? 'Hello from the fake provider.', options)
  const closing = new AbortController()
  const server = createServer((request, response) => {
    serve({ request, response, responder, closing: closing.signal }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  const port = await listen(server, options.port ?? 0)
  const silent = createSilence()
  let closed: Promise<void> | undefined
  const close = async (): Promise<void> => {
    closing.abort()
    await Promise.all([shut(server), silent.close()])
  }
  const url = `http://127.0.0.1:${port}`
  const provider: FakeProvider = {
    url,
    log: responder.log,
    baseUrl: (dialect) => `${url}/${mountOf(dialect)}`,
    silentUrl: async (dialect) => `https://127.0.0.1:${await silent.port()}/${mountOf(dialect)}`,
    close: () => (closed ??= close()),
    [Symbol.asyncDispose]: () => provider.close(),
  }
  return provider
}

function mountOf(dialect: string): string {
  const wire = wires.find((known) => known.dialect === dialect)
  if (wire !== undefined) return wire.mount
  const known = wires.map((each) => each.dialect).join(', ')
  throw new LlmError('misconfigured', `the fake provider does not speak "${dialect}"; it speaks ${known}`)
}

interface Served {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly responder: Responder
  readonly closing: AbortSignal
}

async function serve({ request, response, responder, closing }: Served): Promise<void> {
  const gone = new AbortController()
  const leave = (): void => gone.abort()
  closing.addEventListener('abort', leave, { once: true })
  response.once('close', () => {
    closing.removeEventListener('abort', leave)
    leave()
  })
  const body = await readBody(request)
  const { method = 'GET', url = '/' } = request
  const answering = await responder.answer({ method, path: url, headers: headersOf(request), body })
  const { steps, recorder } = answering
  const over = (): void =>
    recorder.close(response.writableFinished || closing.aborted ? 'finished' : 'aborted')
  if (response.destroyed) return over()
  response.once('close', over)
  await perform({ steps, sink: socketSink(response, recorder), clock: responder.clock, gone: gone.signal })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  return Buffer.concat(pieces).toString('utf8')
}

function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const entries = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value] as const],
  )
  return Object.fromEntries(entries)
}

function socketSink(response: ServerResponse, recorder: Recorder): Sink {
  return {
    head: (status, headers) => {
      recorder.head(status)
      response.writeHead(status, headers)
      response.flushHeaders()
    },
    send: (data) => {
      recorder.sent(data.length)
      return response.write(data) ? undefined : drained(response)
    },
    end: () => {
      if (response.headersSent) return void response.end()
      recorder.close('finished')
      response.socket?.end()
    },
    reset: () => {
      recorder.close('finished')
      response.socket?.resetAndDestroy()
    },
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}

function listen(server: Server | SocketServer, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })
}

function shut(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** A port that takes connections and stays silent; opened when first asked for. */
function createSilence(): { port(): Promise<number>; close(): Promise<void> } {
  let opened: Promise<number> | undefined
  const sockets = new Set<{ destroy(): unknown }>()
  const server = createSocketServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
    socket.once('close', () => sockets.delete(socket))
  })
  return {
    port: () => (opened ??= listen(server, 0)),
    close: async () => {
      if (opened === undefined) return
      await opened
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}
