import { createHash } from 'node:crypto'
import { LlmError } from '../../core/error.ts'

interface ScriptCall {
  keys: string[]
  arguments: string[]
}

/** What is used of a connected node-redis client (`redis`, 5 or newer), a pool or a cluster of them. */
export interface NodeRedis {
  evalSha(sha1: string, call: ScriptCall): Promise<unknown>
  eval(script: string, call: ScriptCall): Promise<unknown>
}

/** What is used of an ioredis client (5 or newer), or a cluster of them. */
export interface IoRedis {
  evalsha(sha1: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
  eval(script: string, keyCount: number, ...keysAndArguments: string[]): Promise<unknown>
}

/** A client that the host has made, connects and closes; it must listen to the client's `error` events. */
export type RedisClient = NodeRedis | IoRedis

/** A client that can also make a second connection, which then only listens. */
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

/** What all parts of a fleet share unless told otherwise. */
export const DEFAULT_PREFIX = 'switchyard'
export const DEFAULT_TIMEOUT_MS = 500

/** A Lua script, and the name by which Redis knows it once it has seen it. */
export interface Script {
  readonly text: string
  readonly sha1: string
}

/** Makes a script of its text. */
export function defineScript(text: string): Script {
  return Object.freeze({ text, sha1: createHash('sha1').update(text).digest('hex') })
}

/** Runs a script in one round trip; a server that has forgotten it is sent the text in a second one. */
export type RunScript = (script: Script, keys: string[], args: string[]) => Promise<unknown>

/** The client's way to run scripts. Throws `misconfigured` for what is no client. */
export function scriptRunner(client: RedisClient): RunScript {
  const call = scriptCaller(client)
  const sent = new Set<string>()
  return async (script, keys, args) => {
    // The first goes with its text; those behind it on the connection find the script known.
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
  const given: object | null = typeof client === 'object' ? client : null
  if (given !== null && 'evalSha' in client)
    return (by: keyof Script, script: Script, call: ScriptCall): Promise<unknown> =>
      by === 'sha1' ? client.evalSha(script.sha1, call) : client.eval(script.text, call)
  if (given !== null && 'evalsha' in client)
    return (by: keyof Script, script: Script, { keys, arguments: args }: ScriptCall): Promise<unknown> =>
      by === 'sha1'
        ? client.evalsha(script.sha1, keys.length, ...keys, ...args)
        : client.eval(script.text, keys.length, ...keys, ...args)
  throw misconfigured('client', 'takes a client of node-redis (redis 5 or newer) or ioredis (5 or newer)')
}

/** The namespace of every key: in braces, so that a cluster keeps all of them on one node, where one script sees all. */
export function keySpace(prefix: string, use: string): string {
  if (typeof prefix !== 'string' || prefix === '' || /[{}]/.test(prefix))
    throw misconfigured('prefix', 'takes a text without braces; they are put around it')
  return `{${prefix}}:${use}`
}

/**
 * Listens to a channel on a connection of its own. `ready` is called whenever nothing is missed from now on: at first,
 * and again after the connection was lost. Returns what ends it.
 */
export function listen(
  client: ListeningRedisClient,
  channel: string,
  on: { readonly message: (message: string) => void; readonly ready: () => void },
): () => void {
  // The client connects again by itself, and the host hears of faults from the client it made.
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
  // One that connects only when it is used has to be used.
  connection.subscribe(channel).catch(ignore)
  return () => connection.disconnect()
}

/** The error for an option that is wrong. */
export function misconfigured(path: string, problem: string): LlmError {
  return new LlmError('misconfigured', `redis: ${path} ${problem}`, { issues: [{ path, message: problem }] })
}
