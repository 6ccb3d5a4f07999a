import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** A response of node:http; `flush` is what a compressing middleware adds. */
export type NodeResponse = ServerResponse & { flush?: () => void }

/** Writes a web response out. Resolves when it is sent or the client is gone; rejects where its body fails. */
export async function sendResponse(response: Response, out: NodeResponse): Promise<void> {
  const { body } = response
  if (out.destroyed || out.headersSent) return body?.cancel()
  out.writeHead(response.status, headersOf(response, out))
  const bodiless = out.req.method === 'HEAD' || body === null
  if (bodiless) {
    await body?.cancel()
    out.end()
    return
  }
  // The length is not known: a stream, whose reader wants to know at once that it has begun.
  if (!response.headers.has('content-length')) out.flushHeaders()
  await pump(body, out)
}

// Hop by hop: no word of them in HTTP/2, and a body without length ends with the connection in HTTP/1.0.
const CONNECTION_HEADERS: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'upgrade',
])

function headersOf({ headers }: Response, out: NodeResponse): OutgoingHttpHeaders {
  const written: OutgoingHttpHeaders = {}
  for (const [name, value] of headers) if (name !== 'set-cookie') written[name] = value
  const cookies = headers.getSetCookie()
  if (cookies.length > 0) written['set-cookie'] = cookies
  const { httpVersion } = out.req
  if (httpVersion === '1.1') return written
  return Object.fromEntries(Object.entries(written).filter(([name]) => !CONNECTION_HEADERS.has(name)))
}

async function pump(body: ReadableStream<Uint8Array>, out: NodeResponse): Promise<void> {
  const reader = body.getReader()
  const leave = (): void => void reader.cancel().catch(() => undefined)
  out.once('close', leave)
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (out.destroyed) return
      const ready = out.write(piece.value)
      out.flush?.()
      if (!ready) await drained(out)
    }
    out.end()
  } finally {
    out.off('close', leave)
  }
}

/** Resolves when more may be written, or nobody is there any more to write to. */
function drained(out: NodeResponse): Promise<void> {
  if (out.destroyed) return Promise.resolve()
  return new Promise((resolve) => {
    const done = (): void => {
      out.off('drain', done)
      out.off('close', done)
      resolve()
    }
    out.once('drain', done)
    out.once('close', done)
  })
}
