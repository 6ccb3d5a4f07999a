import { channel } from 'node:diagnostics_channel'

// Longer ago, the server may have worked on the request.
const MAX_STALE_MS = 1_000
const CLOSED: ReadonlySet<unknown> = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET'])

/** Whether a request went out over a connection that had carried another one. */
export class ReuseWatch {
  readonly #startedAt = performance.now()
  reused = false

  /** Whether a request without an answer failed because the server had closed the idle connection. */
  isStale(error: Error): boolean {
    const isClosed = CLOSED.has((error as { code?: unknown }).code)
    return this.reused && isClosed && performance.now() - this.#startedAt < MAX_STALE_MS
  }
}

const used = new WeakSet<object>()
let latest: ReuseWatch | undefined
let isWatching = false

/**
 * Creates the watch of a request that is about to be written. undici reports the connection on its diagnostics channel,
 * inside the call that writes the request.
 */
export function watchReuse(): ReuseWatch {
  if (!isWatching) channel('undici:client:sendHeaders').subscribe(onSend)
  isWatching = true
  return (latest = new ReuseWatch())
}

function onSend(message: unknown): void {
  const { socket } = message as { readonly socket: object }
  if (latest !== undefined) latest.reused = used.has(socket)
  latest = undefined
  used.add(socket)
}
