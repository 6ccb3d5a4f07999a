import { LlmError } from 'llm-switchyard'
import type { ChatService } from 'llm-switchyard/conversations'
import { afterAll, expect, test } from 'vitest'
import { ada, host } from './chat-host.ts'

const it = await host()
afterAll(() => it[Symbol.asyncDispose]())
const methods = Object.keys(it.chats).filter((name) => isMethod(name) && name !== 'close')

function isMethod(name: string): boolean {
  return typeof (it.chats as unknown as Record<string, unknown>)[name] === 'function'
}

/** Requests that lack what a method needs. */
const lacking = {
  everything: () => ({}),
  'all but the caller': () => ({ identity: ada }),
  'all but the conversation': (place: object) => place,
  'all but the message': (place: object, messageId: string) => ({ ...place, messageId }),
  'what is in its parts': (place: object, messageId: string) => ({
    ...place,
    messageId,
    attachment: {},
    member: {},
    message: [{}],
    attachments: [{}],
    tools: [{}],
    history: {},
  }),
  'what is null': (place: object, messageId: string) => ({
    ...place,
    messageId,
    attachment: null,
    member: null,
    message: null,
    messageIds: null,
    emoji: null,
    data: null,
  }),
}

test.each(methods)('%s tells in an error of ours what is missing', async (name) => {
  const call = it.chats[name as keyof ChatService] as (request: object) => unknown
  for (const make of Object.values(lacking)) {
    const { conversationId, userMessageId } = await it.chats.send({ identity: ada, message: 'Hi' })
    const request = make({ identity: ada, conversationId }, userMessageId)
    try {
      await call(request)
    } catch (error) {
      expect(LlmError.is(error), `${name} ${JSON.stringify(request)}: ${String(error)}`).toBe(true)
    }
  }
})

test.each([
  [{}, 'tools.0.name'],
  [{ name: 5 }, 'tools.0.name'],
  [{ name: 'a', description: 5 }, 'tools.0.description'],
  [{ name: 'a', parameters: 5 }, 'tools.0.parameters'],
  [{ type: 'function', function: {} }, 'tools.0.function.name'],
])('%j is no tool, and the error says where', async (tool, path) => {
  const send = it.chats.send as (request: object) => Promise<unknown>
  const sent = send({ identity: ada, message: 'Hi', tools: [tool] })
  await expect(sent).rejects.toMatchObject({ kind: 'invalid-request', issues: [{ path }] })
})

test('a history in place of the newest message, and a missing id, are named as such', async () => {
  const send = it.chats.send as (request: object) => Promise<unknown>
  const messages = [{ role: 'user', content: 'Hi' }]
  await expect(send({ identity: ada, messages })).rejects.toThrow('pass the newest message as message')
  const get = it.chats.get as (request: object) => Promise<unknown>
  await expect(get({ identity: ada })).rejects.toThrow('conversationId: is missing')
})

test('a template without a composer is a warning', async () => {
  const turn = await it.chats.send({ identity: ada, message: 'Hi', template: 'rag-answer' })
  expect(turn.warnings).toMatchObject([{ message: expect.stringContaining('no composer') as string }])
})
