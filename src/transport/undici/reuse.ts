import { channel } from 'node:diagnostics_channel'

// Longer ago, the server may have worked on the request.
const MAX_STALE_MS = 1_000
const CLOSED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** The connection of one request. */
export interface Connected {
  readonly startedAt: number
  /** Whether it had carried another request. */
  reused: boolean
}

/** Whether a request without an answer failed because the server had closed the idle connection. */
export function isStale({ reused, startedAt }: Connected, error: Error): boolean {
  return (
    reused && CLOSED.has((error as { code?: unknown }).code) && performance.now() - startedAt < MAX_STALE_MS
  )
}

/** Tells which requests go out over connections that had carried another one. */
export interface ReuseWatch {
  /** Called when a request is about to be written. */
  start(): Connected
  close(): void
}

/** Creates a watch. undici reports a connection on its diagnostics channel, inside the call that writes the request. */
export function createReuseWatch(): ReuseWatch {
  const used = new WeakSet<object>()
  const sent = channel('undici:client:sendHeaders')
  let latest: Connected | undefined
  let isWatching = false
  const onSend = (message: unknown): void => {
    const { socket } = message as { readonly socket: object }
    if (latest === undefined) return
    latest.reused = used.has(socket)
    latest = undefined
    used.add(socket)
  }
  return {
    start: () => {
      if (!isWatching) sent.subscribe(onSend)
      isWatching = true
      return (latest = { startedAt: performance.now(), reused: false })
    },
    close: () => {
      if (isWatching) sent.unsubscribe(onSend)
      isWatching = false
    },
  }
}
