import { Cluster as IoRedisCluster, Redis as IoRedisClient } from 'ioredis'
import { createClient, createCluster } from 'redis'
import type { ListeningRedisClient, RedisClient } from 'llm-switchyard/redis'

/** A client of either library, with a bare way to send any command. */
export interface TestClient extends AsyncDisposable {
  readonly client: ListeningRedisClient
  send(...command: readonly [string, ...string[]]): Promise<unknown>
}

export type Library = 'node-redis' | 'ioredis'
export const libraries: readonly Library[] = ['node-redis', 'ioredis']

interface Address {
  readonly port: number
}

/** Connects with one of the two libraries, as its readme says. */
export async function connectRedis(library: Library, server: Address): Promise<TestClient> {
  const started = startClient(library, server)
  await started.send('PING')
  return started
}

/** The same without waiting: for a server that is down. */
export function startClient(library: Library, { port }: Address): TestClient {
  return library === 'node-redis' ? startNodeRedis(port) : startIoRedis(port)
}

function startNodeRedis(port: number): TestClient {
  const client = createClient({ socket: { host: '127.0.0.1', port } })
  client.on('error', () => undefined)
  client.connect().catch(() => undefined)
  return {
    client,
    send: (...command) => client.sendCommand([...command]),
    [Symbol.asyncDispose]: async () => client.destroy(),
  }
}

function startIoRedis(port: number): TestClient {
  const client = new IoRedisClient({ host: '127.0.0.1', port })
  client.on('error', () => undefined)
  return {
    client,
    send: (...command) => client.call(...command),
    [Symbol.asyncDispose]: async () => client.disconnect(),
  }
}

/** The cluster client of a library. */
export async function connectCluster(
  library: Library,
  { port }: Address,
): Promise<AsyncDisposable & { readonly client: RedisClient }> {
  if (library === 'ioredis') {
    const client = new IoRedisCluster([{ host: '127.0.0.1', port }])
    return { client, [Symbol.asyncDispose]: async () => client.disconnect() }
  }
  const client = createCluster({ rootNodes: [{ socket: { host: '127.0.0.1', port } }] })
  await client.connect()
  return { client, [Symbol.asyncDispose]: async () => client.destroy() }
}
