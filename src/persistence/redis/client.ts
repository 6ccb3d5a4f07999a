import { createHash } from 'node:crypto'

interface ScriptCall {
  keys: string[]
  arguments: string[]
}

/** The part of a connected node-redis client (`redis` 5 or newer), pool or cluster that the stores use. */
export interface NodeRedis {
  evalSha(sha1: string, call: ScriptCall): Promise<unknown>
  eval(script: string, call: ScriptCall): Promise<unknown>
}

/** The part of an ioredis client (5 or newer) or cluster that the stores use. */
export interface IoRedis {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** A client that the application creates, connects and closes. The application must listen to its `error` events. */
export type RedisClient = NodeRedis | IoRedis

/** A client that can also open a second connection for subscriptions. */
export type ListeningRedisClient =
  | (NodeRedis & { duplicate(): NodeRedisListener })
  | (IoRedis & { duplicate(): IoRedisListener })

interface NodeRedisListener {
  on(event: string, listener: () => void): unknown
  connect(): Promise<unknown>
  subscribe(channel: string, listener: (message: string, channel: string) => void): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  destroy(): void
}
interface IoRedisListener {
  on(event: string, listener: (channel: string, message: string) => void): unknown
  subscribe(channel: string): Promise<unknown>
  unsubscribe(channel: string): Promise<unknown>
  disconnect(): void
}

/** Default `prefix` and `timeoutMs` of all Redis stores. */
export const DEFAULT_PREFIX = 'switchyard'
export const DEFAULT_TIMEOUT_MS = 500

/** A Lua script, and the hash by which Redis caches it. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/** Creates a script from its text. */
export function defineScript(text: string): Script {
  return Object.freeze({ text, sha1: createHash('sha1').update(text).digest('hex') })
}

/** Runs a script in one round trip. If the server has lost it, a second one sends the text again. */
export type RunScript = (script: Script, keys: string[], args: string[]) => Promise<unknown>

/** Returns a function that runs scripts on the client, which was checked to be of one of the two libraries. */
export function scriptRunner(client: RedisClient): RunScript {
  const call = scriptCaller(client)
  const sent = new Set<string>()
  return async (script, keys, args) => {
    // The first run sends the text. Later runs on the connection find the script cached.
    const by = sent.has(script.sha1) ? 'sha1' : 'text'
    sent.add(script.sha1)
    try {
      return await call(by, script, { keys, arguments: args })
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return call('text', script, { keys, arguments: args })
    }
  }
}

function scriptCaller(client: RedisClient) {
  if ('evalSha' in client)
    return (by: keyof Script, script: Script, call: ScriptCall): Promise<unknown> =>
      by === 'sha1' ? client.evalSha(script.sha1, call) : client.eval(script.text, call)
  return (by: keyof Script, script: Script, { keys, arguments: args }: ScriptCall): Promise<unknown> =>
    by === 'sha1'
      ? client.evalsha(script.sha1, keys.length, ...keys, ...args)
      : client.eval(script.text, keys.length, ...keys, ...args)
}

/** Returns the namespace of the keys. Its braces keep all keys of a cluster on one node, as a script requires. */
export function keySpace(prefix: string, use: string): string {
  return `{${prefix}}:${use}`
}

/**
 * Subscribes to a channel on a second connection. Calls `ready` after each subscription, the first one and those after
 * a lost connection, because earlier messages were missed. Returns a function that closes the connection.
 */
export function listen(
  client: ListeningRedisClient,
  channel: string,
  on: { readonly message: (message: string) => void; readonly ready: () => void },
): () => void {
  // The client reconnects by itself, and the application sees faults on the client that it created.
  const ignore = (): void => undefined
  if ('evalSha' in client) {
    const connection = client.duplicate()
    connection.on('error', ignore)
    connection.on('ready', () => void connection.subscribe(channel, on.message).then(on.ready, ignore))
    connection.connect().catch(ignore)
    return () => connection.destroy()
  }
  const connection = client.duplicate()
  connection.on('error', ignore)
  connection.on('message', (_channel, message) => on.message(message))
  connection.on('ready', () => void connection.subscribe(channel).then(on.ready, ignore))
  // A client with `lazyConnect` connects on its first command only.
  connection.subscribe(channel).catch(ignore)
  return () => connection.disconnect()
}
