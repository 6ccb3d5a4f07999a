import { gzipSync } from 'node:zlib'
import { createFetchTransport } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { serve } from '../loopback.ts'

const signal = new AbortController().signal

/** The pieces of a reply's body, as text, and how it ended. */
async function read(url: string, fetchFn?: typeof globalThis.fetch): Promise<{ text: string; ends: number }> {
  const transport = createFetchTransport(fetchFn)
  const { body } = await transport.send({ url, method: 'POST', headers: {}, body: '{}' }, { signal })
  const decoder = new TextDecoder()
  let text = ''
  for (let piece = await body.read(); piece !== null; piece = await body.read())
    text += decoder.decode(piece, { stream: true })
  // The end stays the end, and to leave after it does nothing.
  const again = await body.read()
  body.cancel()
  await transport.close?.()
  return { text, ends: again === null ? 2 : 1 }
}

describe('a body whose length was announced', () => {
  test('ends with its last byte, and its connection serves the next call', async () => {
    const sockets = new Set<unknown>()
    const message = 'a whole reply '.repeat(4_000)
    await using server = await serve((request, response) => {
      sockets.add(request.socket)
      response.writeHead(200, { 'content-length': message.length })
      response.write(message.slice(0, 20_000))
      setTimeout(() => response.end(message.slice(20_000)), 10)
    })
    for (let call = 0; call < 5; call++) expect(await read(server.url)).toEqual({ text: message, ends: 2 })
    // One that is just falling free is not seen by a call in the same tick: Node's fetch takes turns with two.
    expect(sockets.size).toBeLessThanOrEqual(2)
  })

  test('may be compressed: the length is that of what was sent', async () => {
    const message = 'the same words '.repeat(10_000)
    const packed = gzipSync(message)
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length })
      response.end(packed)
    })
    expect((await read(server.url)).text).toBe(message)
  })

  test('may be empty', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 0 }).end()
    })
    expect(await read(server.url)).toEqual({ text: '', ends: 2 })
  })

  test('that breaks off is no whole body', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': 100 })
      response.write('the first half', () => response.destroy())
    })
    await expect(read(server.url)).rejects.toMatchObject({ kind: 'network' })
  })

  test.each([5, 500])('a stand-in for fetch may announce %d bytes and give others', async (length) => {
    const message = 'twenty bytes of text'
    const fetchFn = async (): Promise<Response> =>
      new Response(message, { headers: { 'content-length': String(length) } })
    expect((await read('http://unused.example', fetchFn)).text).toBe(message)
  })
})
