import { describe, expect, onTestFinished, test } from 'vitest'
import { createChatHandler, type ChatHandlerOptions } from '../../../../src/delivery/http/index.ts'
import { sized } from '../../../proof.ts'
import { createUpstream, finish, start, text } from '../../runs/sources.ts'
import { cutUnderLoad, respondWithName } from './cut-load.ts'
import { newPage, post, readInto, serveHandler } from './served.ts'

const STREAMS = sized(40, 200)
const service = { respond: respondWithName }

describe('taking up a stream', () => {
  test(`${STREAMS} streams, each connection cut three times: nothing lost, nothing twice`, async () => {
    const handler = createChatHandler(service, {
      authorize: 'open',
      onClientGone: 'finish',
      maxStreamsPerUser: 0,
    })
    onTestFinished(() => handler.close())
    await cutUnderLoad([await serveHandler(handler)], STREAMS)
    expect(handler.runs.stats()).toMatchObject({ running: 0, readers: 0, started: STREAMS })
  })

  function make(options: Partial<ChatHandlerOptions> = {}) {
    const source = createUpstream()
    const handler = createChatHandler(
      { respond: (_input, { signal }) => source.open(signal) },
      { authorize: 'open', onClientGone: 'finish', ...options },
    )
    onTestFinished(() => handler.close())
    return { handler, source }
  }
  const url = 'http://any/api/chat'

  test('frames of one batch are told apart', async () => {
    const { handler, source } = make()
    const page = newPage()
    const response = await handler(post(url, { message: 'go', conversationId: 'c' }))
    source.push(start, text('a'), text('b'), text('c'))
    // The comment, then two of three.
    await readInto(page, response, 3)
    expect(page.text).toBe('ab')
    source.push(finish)
    source.end()
    const again = new Request(`${url}/c/stream`, { headers: { 'last-event-id': page.lastId } })
    await readInto(page, await handler(again))
    expect(page.text).toBe('abc')
    expect(page.done).toBe(true)
  })

  test('204 where nothing runs and nothing is missing', async () => {
    const { handler, source } = make()
    const status = async (path: string, headers: Record<string, string> = {}): Promise<number> => {
      const response = await handler(new Request(`${url}/${path}`, { headers }))
      await response.body?.cancel()
      return response.status
    }
    expect(await status('c/stream')).toBe(204)
    const page = newPage()
    const response = await handler(post(url, { message: 'go', conversationId: 'c' }))
    const id = response.headers.get('x-stream-id') ?? ''
    source.push(text('a'), finish)
    expect(await status('c/stream')).toBe(200)
    expect(await status('c/stream?after=7')).toBe(400)
    source.end()
    await readInto(page, response)
    expect(page.lastId).toBe(`${id}:end`)
    expect(await status('c/stream')).toBe(204)
    expect(await status('c/stream', { 'last-event-id': page.lastId })).toBe(204)
    // A tail that is missing is given, and so is the whole to who names the stream.
    expect(await status('c/stream', { 'last-event-id': `${id}:1.1` })).toBe(200)
    expect(await status(`${id}/stream`)).toBe(200)
    expect(await status(`${id}/stream?after=0`)).toBe(200)
    expect(await status('c/stream?after=what')).toBe(400)
  })

  test('a position belongs to its stream, also when the conversation has gone on', async () => {
    const sources = [createUpstream(), createUpstream()]
    let turn = 0
    const handler = createChatHandler(
      { respond: (_input, { signal }) => (sources[turn++] ?? createUpstream()).open(signal) },
      { authorize: 'open', onClientGone: 'finish' },
    )
    onTestFinished(() => handler.close())
    const page = newPage()
    const first = await handler(post(url, { message: 'go', conversationId: 'c' }))
    sources[0]?.push(text('one '))
    sources[0]?.push(text('two'), finish)
    sources[0]?.end()
    await readInto(page, first, 2)
    await handler(post(url, { message: 'on', conversationId: 'c' }))
    sources[1]?.push(text('another'))
    const again = new Request(`${url}/c/stream`, { headers: { 'last-event-id': page.lastId } })
    await readInto(page, await handler(again))
    expect(page.text).toBe('one two')
    expect(page.done).toBe(true)
  })

  test('nobody reads, stops or sees the stream of another', async () => {
    const source = createUpstream()
    const handler = createChatHandler(
      { respond: (_input, { signal }) => source.open(signal) },
      {
        authorize: (request) => ({ userId: request.headers.get('x-user') ?? undefined, tenant: 't' }),
        onClientGone: 'finish',
      },
    )
    onTestFinished(() => handler.close())
    const mine = await handler(post(url, { message: 'go', conversationId: 'c' }, { 'x-user': 'me' }))
    const id = mine.headers.get('x-stream-id') ?? ''
    await mine.body?.cancel()
    const ask = (path: string, user: string, method = 'GET'): Promise<Response> =>
      handler(new Request(`${url}/${path}`, { method, headers: { 'x-user': user } }))
    for (const name of ['c', id]) {
      expect((await ask(`${name}/stream`, 'other')).status).toBe(204)
      for (const [path, method] of [
        ['status', 'GET'],
        ['metrics', 'GET'],
        ['cancel', 'POST'],
        ['stop', 'POST'],
      ] as const) {
        expect((await ask(`${name}/${path}`, 'other', method)).status).toBe(404)
      }
      expect((await ask(`${name}/status`, 'me')).status).toBe(200)
    }
    const byId = await handler(
      new Request(`${url}/c/stream`, { headers: { 'x-user': 'other', 'last-event-id': `${id}:0` } }),
    )
    expect(byId.status).toBe(204)
    expect(source.aborted).toBeUndefined()
    expect(await (await ask('c/stop', 'me', 'POST')).json()).toEqual({ streamId: id, cancelled: true })
    expect(source.aborted).toMatchObject({ code: 'cancelled' })
    expect(await (await ask('c/cancel', 'me', 'POST')).json()).toMatchObject({ cancelled: false })
  })
})
