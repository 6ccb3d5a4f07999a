import { createChatHandler, type WebHandler } from 'llm-switchyard/http'
import { describe, expect, onTestFinished, test } from 'vitest'
import { host, type Hosted } from '../../../conversations/chat-host.ts'
import { post } from './served.ts'

/** Callers, as `user@tenant`, by what they are to a conversation of `ada@acme`. */
const callers = {
  owner: 'ada@acme',
  member: 'bob@acme',
  viewer: 'vic@acme',
  'a colleague': 'cleo@acme',
  'the same name in another tenant': 'ada@globex',
  'a member of the same name in another tenant': 'bob@globex',
  'the same name without a tenant': 'ada',
  nobody: '',
} as const
type Caller = keyof typeof callers

interface Room extends Hosted {
  readonly handler: WebHandler
  readonly conversationId: string
  readonly messageId: string
  readonly userMessageId: string
  ask(caller: Caller, body: object): Promise<Response>
  call(caller: Caller, method: string, path: string): Promise<Response>
}

async function room(script: object): Promise<Room> {
  const it = await host({ script })
  const handler = createChatHandler(it.chats, {
    authorize: ({ headers }) => {
      const [userId = '', tenant] = (headers.get('x-user') ?? '').split('@')
      return userId === '' ? undefined : { userId, tenant }
    },
    basePath: '/api/chat',
    onClientGone: 'finish',
  })
  onTestFinished(async () => {
    await handler.close({ drainMs: 0 })
    await it[Symbol.asyncDispose]()
  })
  const identity = { userId: 'ada', orgId: 'acme' }
  const { id: conversationId } = await it.chats.create({
    identity,
    members: [
      { userId: 'bob', role: 'member' },
      { userId: 'vic', role: 'viewer' },
    ],
  })
  const { messageId, userMessageId } = await it.chats.send({ identity, conversationId, message: 'Hi' })
  return Object.assign(it, {
    handler,
    conversationId,
    messageId,
    userMessageId,
    ask: (caller: Caller, body: object) =>
      handler(post('http://h/api/chat', { conversationId, ...body }, { 'x-user': callers[caller] })),
    call: (caller: Caller, method: string, path: string) =>
      handler(new Request(`http://h/api/chat${path}`, { method, headers: { 'x-user': callers[caller] } })),
  })
}

const STATUSES: Readonly<Record<Caller, { read: number; write: number; own: number; stop: number }>> = {
  owner: { read: 200, write: 200, own: 200, stop: 200 },
  member: { read: 200, write: 200, own: 403, stop: 403 },
  viewer: { read: 200, write: 403, own: 403, stop: 403 },
  'a colleague': { read: 404, write: 404, own: 404, stop: 404 },
  'the same name in another tenant': { read: 404, write: 404, own: 404, stop: 404 },
  'a member of the same name in another tenant': { read: 404, write: 404, own: 404, stop: 404 },
  'the same name without a tenant': { read: 404, write: 404, own: 404, stop: 404 },
  nobody: { read: 401, write: 401, own: 401, stop: 401 },
}
const everybody = Object.keys(callers) as Caller[]

describe('who may ask in a conversation', () => {
  test.each(everybody)('%s', async (caller) => {
    const it = await room({ text: 'Hello' })
    const { write, own } = STATUSES[caller]
    const { messageId, userMessageId } = it
    const statusOf = async (body: object): Promise<number> => {
      const response = await it.ask(caller, body)
      await response.text()
      return response.status
    }
    expect(await statusOf({ message: 'And I?' })).toBe(write)
    expect(await statusOf({ message: 'And I?', stream: false })).toBe(write)
    expect(await statusOf({ again: true, messageId })).toBe(write)
    expect(await statusOf({ message: 'Changed', messageId: userMessageId })).toBe(own)
  })
})

describe('who may follow and stop an answer of the owner', () => {
  test.each(everybody)('%s', async (caller) => {
    const it = await room({ text: 'word '.repeat(2_000), chunks: 'words', pacing: { betweenMs: 50 } })
    const asking = await it.ask('owner', { message: 'Go on' })
    const streamId = asking.headers.get('x-stream-id') ?? ''
    expect(streamId).not.toBe('')
    const { read, stop } = STATUSES[caller]
    for (const id of [it.conversationId, streamId]) {
      const statusOf = async (method: string, tail: string): Promise<number> => {
        const response = await it.call(caller, method, `/${id}/${tail}`)
        await response.body?.cancel()
        return response.status
      }
      // The AI SDK takes a 204 for "there is nothing to resume".
      const resumed = read === 404 ? 204 : read
      const tails = { status: read, metrics: read, stream: resumed, 'stream?after=0': resumed }
      for (const [tail, status] of Object.entries(tails))
        expect({ tail, status: await statusOf('GET', tail) }).toEqual({ tail, status })
      if (stop === 200) continue
      for (const [method, tail] of [
        ['POST', 'cancel'],
        ['POST', 'stop'],
        ['DELETE', 'stream'],
      ] as const)
        expect({ tail, status: await statusOf(method, tail) }).toEqual({ tail, status: stop })
    }
    expect((await it.call('owner', 'GET', `/${streamId}/status`)).status).toBe(200)
    expect((await it.call('owner', 'DELETE', `/${it.conversationId}/stream`)).status).toBe(200)
    expect(await asking.text()).toContain('[DONE]')
  })
})
