import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { toNodeHandler, type WebHandler } from '../../../../src/delivery/http/index.ts'

/** Puts a handler behind a real server; gives its address. It ends with the test. */
export async function serveHandler(handler: WebHandler): Promise<string> {
  const answer = toNodeHandler(handler)
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export const JSON_HEADERS = { 'content-type': 'application/json' }

/** A request to a chat handler. */
export function post(url: string, body: object, headers: Readonly<Record<string, string>> = {}): Request {
  return new Request(url, {
    method: 'POST',
    headers: { ...JSON_HEADERS, ...headers },
    body: JSON.stringify(body),
  })
}

/** What a page has read of a stream, over any number of connections. */
export interface PageState {
  text: string
  /** Of the last frame that came whole. */
  lastId: string
  frames: string[]
  done: boolean
}

export function newPage(): PageState {
  return { text: '', lastId: '', frames: [], done: false }
}

/** Reads frames into the page until the end, or until so many have come: then the connection is cut. */
export async function readInto(
  page: PageState,
  response: Response,
  cutAfter: number = Infinity,
): Promise<void> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let rest = ''
  let frames = 0
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const blocks = (rest + piece.value).split('\n\n')
    rest = blocks.pop() ?? ''
    for (const block of blocks) {
      takeFrame(page, block)
      if (++frames < cutAfter) continue
      await reader.cancel()
      return
    }
  }
}

function takeFrame(page: PageState, block: string): void {
  const lines = block.split('\n')
  const data = lines.find((line) => line.startsWith('data: '))?.slice(6)
  if (data === undefined) return
  page.lastId = lines.find((line) => line.startsWith('id: '))?.slice(4) ?? page.lastId
  page.frames.push(data)
  if (data === '[DONE]') page.done = true
  else {
    const { type, content } = JSON.parse(data) as { type: string; content?: string }
    if (type === 'content') page.text += content ?? ''
  }
}
