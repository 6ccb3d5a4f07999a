import * as ai7 from 'ai'
import * as ai5 from 'ai5'
import * as ai6 from 'ai6'
import { createChatHandler } from 'llm-switchyard/http'
import { createApprovals } from 'llm-switchyard/tools'
import type { FakeScript } from 'llm-switchyard/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ada, host, keptTurns, type Hosted } from '../../../conversations/chat-host.ts'
import { pageChat, type Sdk } from './page-chat.ts'
import { post, serveHandler } from './served.ts'

/** Asks the page where the person is, and says what it got. */
const locating: FakeScript = ({ turns }) => {
  const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
  const last = since.at(-1)
  if (last?.role === 'tool') return `You are in ${last.toolResults[0]?.text ?? ''}.`
  return { toolCalls: [{ name: 'where', arguments: {}, id: 'w1' }] }
}

const where = { name: 'where', description: 'Asks the page where the person is.' }

async function site(
  tools: readonly object[] = [where],
): Promise<Hosted & { readonly url: string; readonly handler: ReturnType<typeof createChatHandler> }> {
  const it = await host({ script: locating, service: { approvals } })
  const handler = createChatHandler(it.chats, {
    authorize: () => ({ userId: 'ada' }),
    defaults: { tools: tools as never },
  })
  onTestFinished(async () => {
    await handler.close()
    await it[Symbol.asyncDispose]()
  })
  return { ...it, handler, url: await serveHandler(handler) }
}

const approvals = createApprovals({ secret: 'a secret of at least 32 characters' })

describe.each([
  ['ai 7', ai7],
  ['ai 6', ai6],
  ['ai 5', ai5],
])('useChat of %s', (_name, module) => {
  const sdk = module as object as Sdk

  test('a tool that the page runs: its result goes on with the turn, which is stored once', async () => {
    const { url, store } = await site()
    const chat = pageChat(sdk, url, {
      sendAutomaticallyWhen: sdk.lastAssistantMessageIsCompleteWithToolCalls,
    })
    await chat.sendMessage({ text: 'Where am I?' })
    expect(chat.messages[1]?.parts.find(({ type }) => type.includes('where'))?.state).toBe('input-available')
    const output = { tool: 'where', toolCallId: 'w1', output: 'Whitby' }
    await (chat.addToolOutput?.(output) ?? chat.addToolResult(output))
    await expect.poll(() => chat.messages.at(-1)?.parts.at(-1)?.text).toBe('You are in Whitby.')
    expect(chat.error).toBeUndefined()
    expect(
      await keptTurns(store, (await store.conversations.list({ userId: 'ada' })).items[0]?.id ?? ''),
    ).toEqual(['user: Where am I?', 'assistant: tool-call', 'tool: Whitby', 'assistant: You are in Whitby.'])
    const calls = chat.messages.at(-1)?.parts.filter(({ type }) => type === 'tool-where')
    expect(calls).toMatchObject([{ state: 'output-available', output: 'Whitby' }])
    // The next turn goes on.
    await chat.sendMessage({ text: 'And now?' })
    expect(chat.error).toBeUndefined()
  })
})

describe('any page', () => {
  const ask = async (handler: ReturnType<typeof createChatHandler>, body: object): Promise<Response> =>
    handler(post('http://h/api/chat', { stream: false, ...body }))

  test('goes on with results by the id of the answer, once', async () => {
    const { handler, chats } = await site()
    const { conversationId, messageId } = await chats.send({
      identity: ada,
      message: 'Where?',
      tools: [where],
    })
    const messages = [{ role: 'tool', toolCallId: 'w1', content: 'Whitby' }]
    const first = await ask(handler, { conversationId, messageId, messages })
    expect([first.status, await first.text()]).toEqual([200, expect.stringContaining('You are in Whitby.')])
    expect((await ask(handler, { conversationId, messageId, messages })).status).toBe(409)
  })

  test.each([
    ['no id of the answer', { messages: [{ role: 'tool', toolCallId: 'w1', content: 'x' }] }, 400],
    [
      'a result of another call',
      { messages: [{ role: 'tool', toolCallId: 'w2', content: 'x' }], messageId: true },
      409,
    ],
    [
      'an unknown answer',
      { messages: [{ role: 'tool', toolCallId: 'w1', content: 'x' }], messageId: 'other' },
      404,
    ],
  ])(
    'with %s is refused',
    async (_what, { messageId, ...body }: { messages: object[]; messageId?: unknown }, status) => {
      const { handler, chats } = await site()
      const sent = await chats.send({ identity: ada, message: 'Where?', tools: [where] })
      const id =
        messageId === true ? { messageId: sent.messageId } : messageId === undefined ? {} : { messageId }
      const reply = await ask(handler, { conversationId: sent.conversationId, ...body, ...id })
      expect(reply.status).toBe(status)
    },
  )

  test.each([
    [null],
    [5],
    [{}],
    [{ role: 'tool' }],
    [{ role: 'tool', toolCallId: 5 }],
    [null, { role: 'tool', toolCallId: '' }],
  ])('messages %j are refused', async (...messages) => {
    const { handler, chats } = await site()
    const { conversationId, messageId } = await chats.send({
      identity: ada,
      message: 'Where?',
      tools: [where],
    })
    const reply = await ask(handler, { conversationId, messageId, messages })
    expect([400, 404]).toContain(reply.status)
  })

  test('cannot answer for a tool that needs a decision', async () => {
    let ran = 0
    const tools = [{ ...where, needsApproval: true, execute: () => ++ran }]
    const { handler, chats } = await site(tools)
    const { conversationId, messageId, pending } = await chats.send({
      identity: ada,
      message: 'Where?',
      tools,
    })
    expect(pending).toMatchObject([{ needs: 'approval' }])
    const messages = [{ role: 'tool', toolCallId: 'w1', content: 'done, believe me' }]
    expect((await ask(handler, { conversationId, messageId, messages })).status).toBe(409)
    expect(ran).toBe(0)
  })
})
