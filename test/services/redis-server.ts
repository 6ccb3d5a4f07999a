import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { startServer } from '../children.ts'
import { until } from '../patience.ts'

const BINARY = 'redis-server'
const IN_MEMORY = ['--save', '', '--appendonly', 'no']

/** A real Redis of this test run: on a free port, in memory only. */
export interface RedisServer extends AsyncDisposable {
  readonly port: number
  /** Ends it as a crash does, and what it held. */
  kill(): Promise<void>
  /** Starts it again on the same port, empty. */
  start(): Promise<void>
  /** It keeps its connections and answers nothing. */
  freeze(): void
  thaw(): void
}

/**
 * A server for the tests of the file or block it is called in. Where the binary is missing they are skipped, with the
 * reason; in CI they fail then.
 */
export function useRedis(settings: readonly string[] = []): () => RedisServer {
  const missing = isInstalled() ? '' : `${BINARY} is not installed (Debian: apt-get install redis-server)`
  let server: RedisServer | undefined
  beforeAll(async () => {
    if (missing === '') server = await startRedis(settings)
  })
  beforeEach(({ skip }) => {
    if (missing !== '' && process.env['CI'] === 'true') throw new Error(missing)
    skip(missing !== '', missing)
  })
  afterAll(() => server?.[Symbol.asyncDispose]())
  return () => server as RedisServer
}

/** Starts a server and waits until it answers. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'redis-'))
  const where = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder]
  const start = (): Promise<ChildProcess> => launch(port, [...where, ...IN_MEMORY, ...settings])
  let child = await start()
  const kill = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
  }
  return {
    port,
    kill,
    start: async () => {
      child = await start()
    },
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    [Symbol.asyncDispose]: async () => {
      await kill()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function isInstalled(): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, BINARY), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

async function launch(port: number, settings: readonly string[]): Promise<ChildProcess> {
  const child = startServer(BINARY, settings, { stdio: 'ignore' })
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`${BINARY} does not start on port ${port}`)
    return answers(port)
  })
  return child
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('PING\r\n'))
    const end = (answer: boolean): void => {
      socket.destroy()
      resolve(answer)
    }
    socket.on('data', (data) => end(data.toString().startsWith('+PONG')))
    socket.on('error', () => end(false))
    socket.on('end', () => end(false))
  })
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
