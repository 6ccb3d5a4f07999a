import { describe, expect, onTestFinished, test } from 'vitest'
import { createChatClient, type ChatClient } from '../../../src/delivery/client/index.ts'
import { createChatHandler, type ChatHandlerOptions } from '../../../src/delivery/http/index.ts'
import { createUpstream, finish, piecesOf, start, talking, text } from '../runs/sources.ts'
import { serveHandler } from '../http/chat-handler/served.ts'
import { settle } from './scripted.ts'

/** A real server, and a network that breaks every connection after so many bytes, as long as there are numbers left. */
async function connect(
  respond: Parameters<typeof createChatHandler>[0],
  cuts: number[],
  options: Partial<ChatHandlerOptions> = {},
): Promise<ChatClient> {
  const handler = createChatHandler(respond, { authorize: 'open', onClientGone: 'finish', ...options })
  onTestFinished(() => handler.close())
  const origin = await serveHandler(handler)
  const fetchCut: typeof fetch = async (input, init) => {
    const response = await fetch(input, init)
    const most =
      response.headers.get('content-type')?.startsWith('text/event-stream') === true && cuts.shift()
    if (typeof most !== 'number' || response.body === null) return response
    let left = most
    const cutter = new TransformStream<Uint8Array, Uint8Array>({
      transform: (bytes, controller) => {
        controller.enqueue(bytes.subarray(0, Math.max(0, left)))
        left -= bytes.byteLength
        if (left <= 0) controller.error(new TypeError('terminated'))
      },
    })
    return new Response(response.body.pipeThrough(cutter), response)
  }
  const reconnect = { stepMs: 5 }
  const client = createChatClient({ url: `${origin}/api/chat`, fetch: fetchCut, reconnect })
  onTestFinished(() => client.dispose())
  return client
}

describe('the client and a real chat handler', () => {
  test('thirty answers at once, each cut three times: nothing lost, nothing twice', async () => {
    const pieces = piecesOf('piece', 60)
    const respond = () => talking(pieces, 2)
    await Promise.all(
      Array.from({ length: 30 }, async (_, index) => {
        const cuts = [1 + index * 7, 200 + index * 31, 600 + index * 13]
        const client = await connect({ respond }, cuts)
        expect((await client.send('go'))?.text).toBe(pieces.join(''))
        expect(cuts).toEqual([])
      }),
    )
  })

  test('stop reaches the upstream, and the server keeps what came', async () => {
    const source = createUpstream()
    const saved: string[] = []
    const client = await connect({ respond: (_input, { signal }) => source.open(signal) }, [], {
      onSave: ({ reason, response }) => void saved.push(`${reason}: ${response.text}`),
    })
    const answered = client.send('go')
    source.push(start, text('half'))
    await expect.poll(() => client.getState().status).toBe('streaming')
    client.stop()
    expect(await answered).toMatchObject({ status: 'stopped', text: 'half' })
    expect(source.aborted).toMatchObject({ code: 'cancelled' })
    expect(saved).toEqual([expect.stringMatching(/half$/)])
    expect(client.getState().usage?.estimated).toBe(true)
  })

  test('a lost request is found again by its conversation, and not asked for twice', async () => {
    const source = createUpstream()
    let asked = 0
    const handler = createChatHandler(
      {
        respond: (_input, { signal }) => {
          asked++
          return source.open(signal)
        },
      },
      { authorize: 'open', onClientGone: 'finish' },
    )
    onTestFinished(() => handler.close())
    let isFirst = true
    const client = createChatClient({
      url: 'http://any/api/chat',
      reconnect: { stepMs: 1 },
      fetch: async (input, init) => {
        const response = await handler(new Request(input, init))
        if (!isFirst) return response
        isFirst = false
        await response.body?.cancel()
        throw new TypeError('the answer was lost')
      },
    })
    onTestFinished(() => client.dispose())
    const answered = client.send('go')
    await settle()
    source.push(start, text('once'), finish)
    source.end()
    expect(await answered).toMatchObject({ status: 'complete', text: 'once' })
    expect(asked).toBe(1)
  })
})
