import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createParser } from 'eventsource-parser'
import { listen } from './listen.ts'

// The hand-written pipes. `pipe` passes the bytes on and looks at nothing; `frames` reads every event, as whoever wants
// usage, errors or another model name has to, and writes it anew.
const [kind = 'pipe', origin = ''] = process.argv.slice(2)

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece as Buffer)
  const leaver = new AbortController()
  response.on('close', () => leaver.abort())
  const upstream = await fetch(origin + request.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: request.headers.authorization ?? '' },
    body: Buffer.concat(pieces),
    signal: leaver.signal,
  })
  response.writeHead(upstream.status, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-cache',
    'x-accel-buffering': 'no',
  })
  response.flushHeaders()
  const change = kind === 'pipe' ? (piece: Uint8Array): Uint8Array => piece : framewise()
  for await (const piece of upstream.body ?? [])
    if (!response.write(change(piece as Uint8Array))) await drained(response)
  response.end()
}

/** One network read in, the same events with another model name out, as one write. */
function framewise(): (piece: Uint8Array) => string {
  let out = ''
  const decoder = new TextDecoder()
  const parser = createParser({
    onEvent: ({ data }) => {
      if (data === '[DONE]') out += 'data: [DONE]\n\n'
      else out += `data: ${JSON.stringify({ ...(JSON.parse(data) as object), model: 'alias' })}\n\n`
    },
  })
  return (piece) => {
    out = ''
    parser.feed(decoder.decode(piece, { stream: true }))
    return out
  }
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done).off('close', done)
      resolve()
    }
    response.on('drain', done).on('close', done)
  })
}

listen(
  createServer((request, response) => {
    serve(request, response).catch(() => response.destroy())
  }),
)
