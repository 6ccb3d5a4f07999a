import { request } from 'node:http'
import { KEY, MAX_TOKENS, QUESTION, SYSTEM, TEMPERATURE } from '../wire.ts'

/** A gateway under load. */
export interface Target {
  readonly port: number
  readonly path: (mode: string) => string
  readonly headers: (mode: string) => Readonly<Record<string, string>>
}

const MARK = Buffer.from('data: ')
const END = 'data: [DONE]'

/** What came of one stream: events, and its last bytes. */
interface Passed {
  readonly events: number
  readonly tail: string
}

/** One streamed call; counts its events. With `leaveAfterMs`, the client goes away then. */
export function stream(
  { port, path, headers }: Target,
  mode: string,
  leaveAfterMs?: number,
): Promise<Passed> {
  const body = JSON.stringify({
    model: mode,
    stream: true,
    stream_options: { include_usage: true },
    messages: [
      { role: 'system', content: SYSTEM },
      { role: 'user', content: QUESTION },
    ],
    max_tokens: MAX_TOKENS,
    temperature: TEMPERATURE,
  })
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  // A connection of its own: an idle one may be closed while it is taken up again.
  const options = { agent: false, port, host: '127.0.0.1', method: 'POST', path: path(mode) }
  return new Promise((resolve, reject) => {
    const asked = request({
      ...options,
      headers: { ...own, authorization: `Bearer ${KEY}`, ...headers(mode) },
    })
    asked.on('error', reject)
    asked.on('response', (response) => {
      let events = 0
      let tail = ''
      const done = (): void => resolve({ events, tail })
      response.on('data', (piece: Buffer) => {
        for (let at = piece.indexOf(MARK); at >= 0; at = piece.indexOf(MARK, at + 1)) events++
        tail = (tail + piece.toString('latin1', Math.max(0, piece.length - 40))).slice(-40)
      })
      response.on('end', () => {
        if (response.statusCode === 200 && tail.includes(END)) done()
        else reject(new Error(`status ${response.statusCode}, ended with ${tail}`))
      })
      response.on('error', reject)
      if (leaveAfterMs === undefined) return
      setTimeout(() => {
        done()
        response.destroy()
      }, leaveAfterMs)
    })
    asked.end(body)
  })
}
