import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSocketServer, type AddressInfo, type Server as SocketServer } from 'node:net'
import { LlmError } from '../core/error.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { number, type Group } from '../core/schema.ts'
import type { FakeRequestLog, Recorder } from './request-log.ts'
import { createResponder, fakeRows, type FakeOptions, type Responder } from './responder.ts'
import { scriptField, type FakeScript } from './script.ts'
import { perform, type Sink } from './steps.ts'
import { wires } from './wires/index.ts'

/** Options of `createFakeProvider`. */
export interface FakeProviderOptions extends FakeOptions {
  /** What the model answers. Default: a greeting. */
  readonly script?: FakeScript | undefined
  /** Port of the loopback server. Default 0: any free port. */
  readonly port?: number | undefined
}

/** The schema of {@link FakeProviderOptions}. */
export const fakeProviderSchema: Group = optionsSchema<FakeProviderOptions>()(() => ({
  ...fakeRows(),
  script: scriptField,
  port: number({ whole: true, min: 0, max: 65_535 }),
}))

/** A fake provider on a loopback port that answers by a script. Close it, or declare it with `await using`. */
export interface FakeProvider extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`, without a trailing slash. */
  readonly url: string
  /**
   * Returns the base URL of a wire format by its dialect id, version part included. The SDKs of Anthropic and Google add
   * the version themselves: give those `${url}/anthropic` and `${url}/gemini`. Throws `misconfigured` for an unknown id.
   */
  baseUrl(dialect: string): string
  /**
   * Resolves with the base URL of a port that accepts connections and never sends a byte, to test connect timeouts. It is
   * `https`, so a client waits in the TLS handshake. No request arrives, so the log stays empty.
   */
  silentUrl(dialect: string): Promise<string>
  /** Every request so far, in order of arrival. */
  readonly log: readonly FakeRequestLog[]
  /** Aborts running responses and closes all sockets. Idempotent. */
  close(): Promise<void>
}

/**
 * Starts a fake provider: a real HTTP server for the wire formats of OpenAI, Anthropic, Google, Cohere, Bedrock, Ollama
 * and Kobold. It checks requests as strictly as the vendor does, and answers by the script, streamed or whole. Rejects with
 * `misconfigured` if an option is unknown or invalid.
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
  checkOptions('createFakeProvider', fakeProviderSchema, options)
  const responder = createResponder(options.script ?? 'Hello from the fake provider.', options)
  const closing = new AbortController()
  const server = createServer((request, response) => {
    serve({ request, response, responder, closing: closing.signal }).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined)
    })
  })
  const port = await listen(server, options.port ?? 0)
  const silent = createSilentServer()
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
  throw new LlmError('misconfigured', `the fake provider has no wire format "${dialect}"; known: ${known}`)
}

interface Served {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly responder: Responder
  readonly closing: AbortSignal
}

async function serve({ request, response, responder, closing }: Served): Promise<void> {
  const gone = new AbortController()
  const onGone = (): void => gone.abort()
  closing.addEventListener('abort', onGone, { once: true })
  response.once('close', () => {
    closing.removeEventListener('abort', onGone)
    onGone()
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
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
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

/** Creates a server that accepts connections and sends nothing. It listens when `port` is first called. */
function createSilentServer(): { port(): Promise<number>; close(): Promise<void> } {
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
