import type { ListeningRedisClient } from './client.ts'

/** Rings for what other processes did. */
export interface LogNotifier {
  /** Calls `ring` for each message on a channel, and whenever messages may have been missed. Returns what ends it. */
  on(channel: string, ring: (message: string | undefined) => void): () => void
  close(): void
}

type Ring = (message: string | undefined) => void

/** Listens on one connection of its own, made with `duplicate()` when the first one asks. */
export function createLogNotifier(client: ListeningRedisClient): LogNotifier {
  return new OneConnection(client)
}

interface Line {
  subscribe(channel: string): void
  unsubscribe(channel: string): void
  close(): void
}

class OneConnection implements LogNotifier {
  readonly #client: ListeningRedisClient
  readonly #rings = new Map<string, Set<Ring>>()
  #line: Line | undefined

  constructor(client: ListeningRedisClient) {
    this.#client = client
  }

  on(channel: string, ring: Ring): () => void {
    const known = this.#rings.get(channel)
    const rings = known ?? new Set<Ring>()
    rings.add(ring)
    if (known === undefined) {
      this.#rings.set(channel, rings)
      if (this.#line === undefined) this.#line = this.#open()
      else this.#line.subscribe(channel)
    }
    return () => {
      if (!rings.delete(ring) || rings.size > 0 || this.#rings.get(channel) !== rings) return
      this.#rings.delete(channel)
      this.#line?.unsubscribe(channel)
    }
  }

  close(): void {
    this.#rings.clear()
    this.#line?.close()
    this.#line = undefined
  }

  #open(): Line {
    const message = (channel: string, text: string): void => this.#ring(channel, text)
    // From now on nothing is missed; what was before has to be looked for.
    const joined = (channel: string): void => this.#ring(channel, undefined)
    return openLine(this.#client, { message, joined, channels: () => [...this.#rings.keys()] })
  }

  #ring(channel: string, message: string | undefined): void {
    for (const ring of this.#rings.get(channel) ?? []) ring(message)
  }
}

interface Ears {
  readonly message: (channel: string, text: string) => void
  readonly joined: (channel: string) => void
  readonly channels: () => readonly string[]
}

// The client connects again by itself, and the host hears of faults from the client it made.
const ignore = (): void => undefined

function openLine(client: ListeningRedisClient, { message, joined, channels }: Ears): Line {
  if ('evalSha' in client) {
    const connection = client.duplicate()
    const hear = (text: string, channel: string): void => message(channel, text)
    const subscribe = (channel: string): void =>
      void connection.subscribe(channel, hear).then(() => joined(channel), ignore)
    connection.on('error', ignore)
    connection.on('ready', () => channels().forEach(subscribe))
    connection.connect().catch(ignore)
    return {
      subscribe,
      unsubscribe: (channel) => void connection.unsubscribe(channel).catch(ignore),
      close: () => connection.destroy(),
    }
  }
  const connection = client.duplicate()
  const subscribe = (channel: string): void =>
    void connection.subscribe(channel).then(() => joined(channel), ignore)
  connection.on('error', ignore)
  connection.on('message', message)
  connection.on('ready', () => channels().forEach(subscribe))
  // One that connects only when it is used has to be used.
  channels().forEach(subscribe)
  return {
    subscribe,
    unsubscribe: (channel) => void connection.unsubscribe(channel).catch(ignore),
    close: () => connection.disconnect(),
  }
}
