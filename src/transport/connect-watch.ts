import { systemClock, type Timer } from '../core/clock.ts'
import { connectTimeout } from './failure.ts'

/** Bounds the time that a `fetch` takes to get a connection. */
export interface ConnectWatch {
  /** Runs `call`. Rejects with `timeout` of phase `connect` if its request has no connection after `connectMs`. */
  run(call: () => Promise<Response>, url: string, connectMs: number): Promise<Response>
  close(): void
}

interface Observer {
  /** Runs `action`. Calls `onConnected` when a request made inside it has written its headers. */
  run<T>(onConnected: () => void, action: () => T): T
  stop(): void
}

/**
 * Creates a watch for Node's own `fetch`. It reports over diagnostics channels when it has made a request and when it
 * has written the headers, which needs a connection. In a runtime without these channels calls run untimed.
 */
export function createConnectWatch(): ConnectWatch {
  let observer: Observer | undefined
  return {
    run: (call, url, connectMs) => {
      observer ??= observe()
      return observer === undefined ? call() : timed(observer, call, { url, connectMs })
    },
    close: () => {
      observer?.stop()
      observer = undefined
    },
  }
}

async function timed(
  observer: Observer,
  call: () => Promise<Response>,
  { url, connectMs }: { readonly url: string; readonly connectMs: number },
): Promise<Response> {
  let timer: Timer | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = systemClock.setTimer(() => reject(connectTimeout(url, connectMs)), connectMs)
  })
  const stop = (): void => systemClock.clearTimer(timer)
  const sent = observer.run(stop, call)
  // After a timeout the caller aborts the request, and its rejection must not count as unhandled.
  sent.catch(() => undefined)
  try {
    return await Promise.race([sent, late])
  } finally {
    stop()
  }
}

// Not imported, because an import of a `node:` module would keep bundlers for browsers and workers from building.
function observe(): Observer | undefined {
  const hooks = globalThis.process?.getBuiltinModule?.('node:async_hooks')
  const diagnostics = globalThis.process?.getBuiltinModule?.('node:diagnostics_channel')
  if (hooks?.AsyncLocalStorage === undefined || diagnostics?.channel === undefined) return undefined
  const current = new hooks.AsyncLocalStorage<() => void>()
  const waiting = new WeakMap<object, () => void>()
  const requestOf = (message: unknown): object => (message as { request: object }).request
  const onCreate = (message: unknown): void => {
    const onConnected = current.getStore()
    if (onConnected !== undefined) waiting.set(requestOf(message), onConnected)
  }
  const onHeaders = (message: unknown): void => waiting.get(requestOf(message))?.()
  const created = diagnostics.channel('undici:request:create')
  const written = diagnostics.channel('undici:client:sendHeaders')
  created.subscribe(onCreate)
  written.subscribe(onHeaders)
  const stop = (): void => {
    created.unsubscribe(onCreate)
    written.unsubscribe(onHeaders)
  }
  return { run: (onConnected, action) => current.run(onConnected, action), stop }
}
