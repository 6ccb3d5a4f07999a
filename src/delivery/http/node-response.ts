import type { OutgoingHttpHeaders, ServerResponse } from 'node:http'

/** A response of node:http; compression middleware adds `flush`. */
export type NodeResponse = ServerResponse & { flush?: () => void }

/** Sends a web response. Resolves when it is sent or the client disconnected. Rejects if its body fails. */
export async function sendResponse(response: Response, out: NodeResponse): Promise<void> {
  const { body } = response
  if (out.destroyed || out.headersSent) return body?.cancel()
  try {
    out.writeHead(response.status, headersOf(response, out))
  } catch (error) {
    // A header that node:http refuses. What is behind the body is given back.
    await body?.cancel(error)
    throw error
  }
  const bodiless = out.req.method === 'HEAD' || body === null
  if (bodiless) {
    await body?.cancel()
    out.end()
    return
  }
  // Without a length it is a stream, so the client gets its headers at once.
  if (!response.headers.has('content-length')) out.flushHeaders()
  await pump(body, out)
}

// Hop-by-hop headers: HTTP/2 forbids them, and in HTTP/1.0 a body without length ends with the connection.
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
  const onClose = (): void => void reader.cancel().catch(() => undefined)
  out.once('close', onClose)
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      if (out.destroyed) return
      const ready = out.write(chunk.value)
      out.flush?.()
      if (!ready) await drained(out)
    }
    out.end()
  } finally {
    out.off('close', onClose)
  }
}

/** Resolves when more may be written, or when the client disconnected. */
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
