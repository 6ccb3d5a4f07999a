import { connectTimeout } from './failure.ts'

interface Observer {
  run<T>(connected: () => void, action: () => T): T
  stop(): void
}

/** Times how long a `fetch` takes to be on a connection. */
export interface ConnectWatch {
  /** Runs `call`; rejects with `timeout` of phase `connect` when its request is on no connection within `connectMs`. */
  run(call: () => Promise<Response>, url: string, connectMs: number): Promise<Response>
  close(): void
}

/**
 * Node's fetch tells through diagnostics channels when a request is made and when its headers are written: the watch
 * ends there. Where there are no such channels nothing is watched. They are looked for at the first use.
 */
export function createConnectWatch(): ConnectWatch {
  let observing: Promise<Observer | undefined> | undefined
  return {
    run: async (call, url, connectMs) => {
      const observer = await (observing ??= observe().catch(() => undefined))
      return observer === undefined ? call() : timed(observer, call, url, connectMs)
    },
    close: () => {
      observing?.then((observer) => observer?.stop()).catch(() => undefined)
      observing = undefined
    },
  }
}

async function timed(
  observer: Observer,
  call: () => Promise<Response>,
  url: string,
  connectMs: number,
): Promise<Response> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(connectTimeout(url, connectMs)), connectMs)
  })
  const stop = (): void => clearTimeout(timer)
  const sent = observer.run(stop, call)
  // The caller aborts the request when this rejects; its own failure is then nobody's.
  sent.catch(() => undefined)
  try {
    return await Promise.race([sent, late])
  } finally {
    stop()
  }
}

async function observe(): Promise<Observer> {
  const { AsyncLocalStorage } = await import('node:async_hooks')
  const { channel } = await import('node:diagnostics_channel')
  const current = new AsyncLocalStorage<() => void>()
  const connected = new WeakMap<object, () => void>()
  const requestOf = (message: unknown): object => (message as { request: object }).request
  const onCreate = (message: unknown): void => {
    const told = current.getStore()
    if (told !== undefined) connected.set(requestOf(message), told)
  }
  const onHeaders = (message: unknown): void => connected.get(requestOf(message))?.()
  const created = channel('undici:request:create')
  const written = channel('undici:client:sendHeaders')
  created.subscribe(onCreate)
  written.subscribe(onHeaders)
  const stop = (): void => {
    created.unsubscribe(onCreate)
    written.unsubscribe(onHeaders)
  }
  return { run: (told, action) => current.run(told, action), stop }
}
