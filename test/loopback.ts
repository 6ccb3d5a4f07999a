import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Loopback extends AsyncDisposable {
  readonly url: string
  /** Resolves when the client of the newest request has gone away before the answer was complete. */
  readonly left: () => Promise<void>
  /** Answers that are not complete and whose client is still there. */
  readonly open: () => number
}

/** A real server on this machine that answers as told. */
export async function serve(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<Loopback> {
  const open = new Set<object>()
  const leavers: (() => void)[] = []
  let gone = 0
  const server = createServer((request, response) => {
    open.add(response)
    response.on('finish', () => open.delete(response))
    response.on('close', () => {
      open.delete(response)
      if (response.writableFinished) return
      gone++
      for (const leaver of leavers.splice(0)) leaver()
    })
    request.resume()
    answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    left: () => (gone > 0 ? Promise.resolve() : new Promise((resolve) => leavers.push(resolve))),
    open: () => open.size,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A chat completions chunk as a frame. */
export const chunk = (delta: object, finish: string | null = null): string =>
  `data: ${JSON.stringify({ id: 'c1', model: 'm', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
export const text = (content: string): string => chunk({ content })
export const DONE = 'data: [DONE]\n\n'
export const SSE = { 'content-type': 'text/event-stream' }
