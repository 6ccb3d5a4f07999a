import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { runAtOnce, startServer } from '../children.ts'
import { until } from '../patience.ts'

/** Where Debian puts its releases. */
export const PLACE = '/usr/lib/postgresql'
const USER = 'postgres'

/** A real PostgreSQL of this test run: on a free port, with a folder of its own. */
export interface PostgresServer extends AsyncDisposable {
  readonly connectionString: string
  /** Ends it as a crash does. */
  kill(): Promise<void>
  /** Stops all its processes where they are: connections stay open and nothing answers. */
  freeze(): void
  /** Lets a frozen server go on. */
  thaw(): void
  /** Starts it again on the same port and data. */
  start(): Promise<void>
}

/** The folder of the newest release that is installed. */
export function installed(): string | undefined {
  if (!existsSync(PLACE)) return undefined
  const releases = readdirSync(PLACE).toSorted((a, b) => Number(b) - Number(a))
  return releases
    .map((release) => join(PLACE, release, 'bin'))
    .find((bin) => existsSync(join(bin, 'postgres')))
}

/** Makes a database cluster, starts a server on it and waits until it answers. */
export async function startPostgres(bin: string): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'postgres-'))
  const data = join(folder, 'data')
  mkdirSync(data)
  const account = unprivileged()
  if (account.uid !== undefined)
    for (const path of [folder, data]) chownSync(path, account.uid, account.gid ?? account.uid)
  const initdb = ['-D', data, '-U', USER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync']
  runAtOnce(join(bin, 'initdb'), initdb, { stdio: 'ignore', cwd: folder, ...account })
  const port = await freePort()
  const start = (): Promise<ChildProcess> => launch({ bin, data, folder, port, account })
  let child = await start()
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  return {
    connectionString: addressOf(port),
    kill: () => end('SIGQUIT'),
    freeze: () => signalAll(child, 'SIGSTOP'),
    thaw: () => signalAll(child, 'SIGCONT'),
    start: async () => {
      child = await start()
    },
    [Symbol.asyncDispose]: async () => {
      await end('SIGQUIT')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

// A connection is a process of its own, which goes on without the first one.
function signalAll(child: ChildProcess, signal: NodeJS.Signals): void {
  const found = runAtOnce('ps', ['-o', 'pid=', '--ppid', String(child.pid)])
  child.kill(signal)
  for (const pid of found.trim().split(/\s+/)) process.kill(Number(pid), signal)
}

interface Launch {
  readonly bin: string
  readonly data: string
  readonly folder: string
  readonly port: number
  readonly account: Account
}

async function launch({ bin, data, folder, port, account }: Launch): Promise<ChildProcess> {
  const settings = ['listen_addresses=127.0.0.1', `unix_socket_directories=${folder}`, 'max_connections=100']
  // A crash of a client, not of the machine, is what the tests are about.
  const quick = ['fsync=off', 'full_page_writes=off', 'shared_buffers=64MB']
  const flags = [...settings, ...quick].flatMap((setting) => ['-c', setting])
  const child = startServer(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...flags], {
    stdio: 'ignore',
    cwd: folder,
    ...account,
  })
  await until(async () => {
    if (child.exitCode !== null) throw new Error(`postgres does not start on port ${port}`)
    return answers(port)
  })
  return child
}

interface Account {
  readonly uid?: number
  readonly gid?: number
}

// PostgreSQL refuses to run as root: it then runs as the user that its package has made.
function unprivileged(): Account {
  if (userInfo().uid !== 0) return {}
  const id = (flag: string): number => Number(runAtOnce('id', [flag, USER]))
  return { uid: id('-u'), gid: id('-g') }
}

function addressOf(port: number): string {
  return `postgres://${USER}@127.0.0.1:${port}/postgres`
}

async function answers(port: number): Promise<boolean> {
  const client = new pg.Client({ connectionString: addressOf(port) })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no free port')
  return address.port
}
