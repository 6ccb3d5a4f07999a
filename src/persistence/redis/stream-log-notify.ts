import type { ListeningRedisClient } from './client.ts'

/** Notifies of messages on Redis channels. */
export interface LogNotifier {
  /**
   * Calls `listener` for each message on a channel, and with `undefined` after each subscription, because earlier
   * messages were missed. Returns the unsubscribe function.
   */
  on(channel: string, listener: (message: string | undefined) => void): () => void
  close(): void
}

type Listener = (message: string | undefined) => void

/** Creates a notifier with one connection, made with `duplicate()` on the first subscription. */
export function createLogNotifier(client: ListeningRedisClient): LogNotifier {
  return new SharedSubscription(client)
}

interface Subscription {
  subscribe(channel: string): void
  unsubscribe(channel: string): void
  close(): void
}

class SharedSubscription implements LogNotifier {
  readonly #client: ListeningRedisClient
  readonly #listeners = new Map<string, Set<Listener>>()
  #subscription: Subscription | undefined

  constructor(client: ListeningRedisClient) {
    this.#client = client
  }

  on(channel: string, listener: Listener): () => void {
    const known = this.#listeners.get(channel)
    const listeners = known ?? new Set<Listener>()
    listeners.add(listener)
    if (known === undefined) {
      this.#listeners.set(channel, listeners)
      if (this.#subscription === undefined) this.#subscription = this.#open()
      else this.#subscription.subscribe(channel)
    }
    return () => {
      if (!listeners.delete(listener) || listeners.size > 0 || this.#listeners.get(channel) !== listeners)
        return
      this.#listeners.delete(channel)
      this.#subscription?.unsubscribe(channel)
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#subscription?.close()
    this.#subscription = undefined
  }

  #open(): Subscription {
    const message = (channel: string, text: string): void => this.#notify(channel, text)
    // Messages arrive from now on; the listener has to look for earlier ones.
    const subscribed = (channel: string): void => this.#notify(channel, undefined)
    return openSubscription(this.#client, {
      message,
      subscribed,
      channels: () => [...this.#listeners.keys()],
    })
  }

  #notify(channel: string, message: string | undefined): void {
    for (const listener of this.#listeners.get(channel) ?? []) listener(message)
  }
}

interface SubscriptionEvents {
  readonly message: (channel: string, text: string) => void
  readonly subscribed: (channel: string) => void
  readonly channels: () => readonly string[]
}

// The client reconnects by itself, and the application sees faults on the client that it created.
const ignore = (): void => undefined

function openSubscription(
  client: ListeningRedisClient,
  { message, subscribed, channels }: SubscriptionEvents,
): Subscription {
  if ('evalSha' in client) {
    const connection = client.duplicate()
    const receive = (text: string, channel: string): void => message(channel, text)
    const subscribe = (channel: string): void =>
      void connection.subscribe(channel, receive).then(() => subscribed(channel), ignore)
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
    void connection.subscribe(channel).then(() => subscribed(channel), ignore)
  connection.on('error', ignore)
  connection.on('message', message)
  connection.on('ready', () => channels().forEach(subscribe))
  // A client with `lazyConnect` connects on its first command only.
  channels().forEach(subscribe)
  return {
    subscribe,
    unsubscribe: (channel) => void connection.unsubscribe(channel).catch(ignore),
    close: () => connection.disconnect(),
  }
}
