import * as ai7 from 'ai'
import * as ai6 from 'ai6'
import type { Tool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import type { Identity } from 'llm-switchyard/conversations'
import { createChatHandler, type ChatHandler, type ChatHandlerOptions } from 'llm-switchyard/http'
import { createApprovals } from 'llm-switchyard/tools'
import type { FakeScript } from 'llm-switchyard/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { ada, host, keptTurns, type Hosted } from '../../../conversations/chat-host.ts'
import { pageChat, type Sdk } from './page-chat.ts'
import { post, serveHandler } from './served.ts'

const approvals = createApprovals({ secret: 'a secret of at least 32 characters' })

/** Looks first, then pays, and says what came of it. */
const paying: FakeScript = ({ turns }) => {
  const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
  const results = since.filter(({ role }) => role === 'tool')
  if (results.length === 0)
    return { text: 'I look. ', toolCalls: [{ name: 'look', arguments: {}, id: 'l1' }] }
  if (results.length === 1) return { toolCalls: [{ name: 'pay', arguments: { usd: 5 }, id: 'p1' }] }
  return `It says: ${results.at(-1)?.toolResults[0]?.text ?? ''}.`
}

interface Site extends Hosted {
  readonly url: string
  readonly handler: ChatHandler
  readonly ran: string[]
  ask(body: object, user?: string): Promise<Response>
}

const decide: ChatHandlerOptions['decide'] = ({ call, approved, reason }, { userId = '' }) =>
  approvals.decide(call, { approved, reason, decidedBy: userId })

async function site(options: Partial<ChatHandlerOptions> = { decide }): Promise<Site> {
  const ran: string[] = []
  const tools: readonly Tool[] = [
    { name: 'look', execute: () => void ran.push('look') },
    {
      name: 'pay',
      needsApproval: true,
      execute: ({ usd }: { usd: number }) => {
        ran.push(`pay ${usd}`)
        return `paid ${usd}`
      },
    },
  ]
  const it = await host({ script: paying, service: { approvals } })
  const handler = createChatHandler(it.chats, {
    authorize: (request) => ({ userId: request.headers.get('x-user') ?? 'ada' }),
    defaults: { tools },
    ...options,
  })
  onTestFinished(async () => {
    await handler.close()
    await it[Symbol.asyncDispose]()
  })
  const ask = (body: object, user = 'ada'): Promise<Response> =>
    handler(post('http://h/api/chat', { stream: false, ...body }, { 'x-user': user }))
  return { ...it, handler, ran, ask, url: await serveHandler(handler) }
}

describe.each([
  ['ai 7', ai7],
  ['ai 6', ai6],
])('useChat of %s', (_name, module) => {
  const sdk = module as object as Sdk

  test.each([
    [true, 'It says: paid 5.', ['look', 'pay 5'], 'output-available'],
    [false, 'It says: Error: the call was not approved: too dear.', ['look'], 'output-error'],
  ])('a person decides about a call: %s', async (approved, text, expected, state) => {
    const { url, store, ran } = await site()
    const chat = pageChat(sdk, url, {
      sendAutomaticallyWhen: sdk.lastAssistantMessageIsCompleteWithApprovalResponses,
    })
    await chat.sendMessage({ text: 'Pay!' })
    const waiting = chat.messages[1]?.parts.find(({ type }) => type === 'tool-pay')
    expect(waiting).toMatchObject({ state: 'approval-requested', input: { usd: 5 } })
    expect(ran).toEqual(['look'])
    await chat.addToolApprovalResponse?.({ id: waiting?.approval?.id, approved, reason: 'too dear' })
    await expect.poll(() => chat.messages.at(-1)?.parts.at(-1)?.text).toBe(text)
    expect([chat.error, ran]).toEqual([undefined, expected])
    expect(chat.messages.at(-1)?.parts.filter(({ type }) => type === 'tool-pay')).toMatchObject([
      { state, input: { usd: 5 } },
    ])
    const [conversation] = (await store.conversations.list({ userId: 'ada' })).items
    expect((await keptTurns(store, conversation?.id ?? '')).at(-1)).toBe(`assistant: ${text}`)
    // The next turn goes on.
    await chat.sendMessage({ text: 'Again?' })
    expect(chat.error).toBeUndefined()
  })
})

describe('any page', () => {
  const begin = async (it: Site, identity: Identity = ada) => {
    const tools = [
      { name: 'look', execute: () => 'seen' },
      { name: 'pay', needsApproval: true, execute: () => it.ran.push('pay') },
    ]
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'Pay!', tools })
    return { conversationId, messageId }
  }
  const yes = { toolCallId: 'p1', approved: true }

  test('decides by a list, once; what waits is known after a reload', async () => {
    const it = await site()
    const at = await begin(it)
    expect(await it.chats.pending({ identity: ada, ...at })).toMatchObject([
      { toolCallId: 'p1', name: 'pay', arguments: { usd: 5 }, needs: 'approval' },
    ])
    const reply = await it.ask({ ...at, decisions: [yes] })
    expect([reply.status, await reply.json()]).toMatchObject([200, { text: 'It says: paid 5.' }])
    expect(await it.chats.pending({ identity: ada, ...at })).toEqual([])
    expect((await it.ask({ ...at, decisions: [yes] })).status).toBe(409)
    expect(it.ran).toEqual(['pay 5'])
  })

  test.each([
    ['without decide', {}, 401],
    ['if decide refuses this caller', { decide: () => undefined }, 401],
    ['if decide throws', { decide: () => Promise.reject(new Error('down')) }, 500],
    [
      'if the decision is signed with another key',
      {
        decide: ({ call, approved }: Parameters<NonNullable<ChatHandlerOptions['decide']>>[0]) =>
          createApprovals({ secret: 'another secret of at least 32 chars' }).decide(call, {
            approved,
            decidedBy: 'ada',
          }),
      },
      401,
    ],
  ])('decides nothing %s', async (_how, options, status) => {
    const it = await site(options)
    const reply = await it.ask({ ...(await begin(it)), decisions: [yes] })
    expect([reply.status, it.ran]).toEqual([status, []])
  })

  test('a stranger decides nothing', async () => {
    const it = await site()
    const reply = await it.ask({ ...(await begin(it)), decisions: [yes] }, 'eve')
    expect([reply.status, it.ran]).toEqual([404, []])
    await expect(
      it.chats.pending({ identity: { userId: 'eve' }, ...(await begin(it)) }),
    ).rejects.toMatchObject({
      kind: 'not-found',
    })
  })

  test('an AI SDK page may send the answer alone', async () => {
    const it = await site()
    const { conversationId, messageId: id } = await begin(it)
    const call = { type: 'tool-pay', toolCallId: 'p1', input: { usd: 5 } }
    const send = (approved: unknown): Promise<Response> => {
      const part = { ...call, state: 'approval-responded', approval: { id: 'p1', approved } }
      const messages = [{ id, role: 'assistant', parts: [{ type: 'step-start' }, null, part] }]
      return it.ask({ conversationId, messages })
    }
    expect((await send('yes')).status).toBe(400)
    const reply = await send(true)
    expect([reply.status, it.ran]).toEqual([200, ['pay 5']])
  })

  test.each([
    ['another call', [{ toolCallId: 'l1', approved: true }], 409],
    ['no words', [{ toolCallId: 'p1' }], 400],
    ['no list', 'yes', 400],
    ['null', [null], 400],
    ['a number', [{ toolCallId: 5, approved: true }], 400],
    ['words for yes', [{ toolCallId: 'p1', approved: 'yes' }], 400],
    ['too many', Array.from({ length: 200 }, () => yes), 400],
  ])('%s is refused', async (_what, decisions, status) => {
    const it = await site()
    const reply = await it.ask({ ...(await begin(it)), decisions })
    expect([reply.status, it.ran]).toEqual([status, []])
  })
})

describe('what the host opens', () => {
  const Pilot = createAgent({ name: 'Pilot', instructions: 'Answer as a pilot.' })
  const Cook = createAgent({ name: 'Cook', instructions: 'Answer as a cook.' })
  const served = async (options: Partial<ChatHandlerOptions>) => {
    const it = await host({ service: { agents: [Pilot, Cook] } })
    const handler = createChatHandler(it.chats, { authorize: () => ({ userId: 'ada' }), ...options })
    onTestFinished(async () => {
      await handler.close()
      await it[Symbol.asyncDispose]()
    })
    const ask = async (body: object) => {
      const { status } = await handler(post('http://h/api/chat', { message: 'Hi', stream: false, ...body }))
      return [status, /pilot|cook/.exec(it.provider.log.at(-1)?.request?.system ?? '')?.[0]]
    }
    return { ask }
  }

  test('an agent of the service answers; a page chooses one that is open', async () => {
    const { ask } = await served({ agent: 'Pilot', allow: { agents: ['Cook'] } })
    expect(await ask({})).toEqual([200, 'pilot'])
    expect(await ask({ agent: 'Cook' })).toEqual([200, 'cook'])
    expect((await ask({ agent: 'Pilot' }))[0]).toBe(400)
    expect((await ask({ agent: 7 }))[0]).toBe(400)
    const closed = await served({})
    expect((await closed.ask({ agent: 'Cook' }))[0]).toBe(400)
    expect(await closed.ask({})).toEqual([200, undefined])
    const unknown = await served({ allow: { agents: true } })
    expect((await unknown.ask({ agent: 'Nobody' }))[0]).toBe(404)
  })

  test.each(['service', 'orchestrator'] as const)(
    'the permissions of the caller, over a %s',
    async (target) => {
      const script: FakeScript = ({ turns }) =>
        turns.at(-1)?.role === 'tool' ? 'Done.' : { toolCalls: [{ name: 'ship', arguments: {} }] }
      const ran: string[] = []
      const tools: readonly Tool[] = [
        {
          name: 'ship',
          permission: 'deploy',
          execute: (_args: never, { userId }) => void ran.push(userId ?? ''),
        },
      ]
      const it = await host({ script })
      const handler = createChatHandler(target === 'service' ? it.chats : it.orchestrator, {
        authorize: (request) => {
          const userId = request.headers.get('x-user') ?? ''
          return { userId, permissions: userId === 'ada' ? ['deploy'] : [] }
        },
        defaults: { tools, model: 'openai/gpt-4.1-mini' },
      })
      for (const user of ['eve', 'ada']) {
        const request = post('http://h/api/chat', { message: 'Ship!' }, { 'x-user': user })
        const text = await (await handler(request)).text()
        expect(text).toContain('tool_call_start')
      }
      expect(ran).toEqual(['ada'])
      await handler.close()
      await it[Symbol.asyncDispose]()
    },
  )
})

test.each([{ decide }, { agent: 'Pilot' }, { allow: { agents: true as const } }])(
  'what only a chat service has is refused over an orchestrator: %o',
  async (options) => {
    await using it = await host()
    const make = (): unknown => createChatHandler(it.orchestrator, { authorize: 'open', ...options })
    expect(make).toThrow(/needs a chat service/)
  },
)

test('a handler over an orchestrator runs the tools of the host, by the loop', async () => {
  const it = await host({ script: paying })
  const tools: readonly Tool[] = [
    { name: 'look', execute: () => 'seen' },
    { name: 'pay', execute: () => 'paid' },
  ]
  const handler = createChatHandler(it.orchestrator, {
    authorize: 'open',
    defaults: { tools, model: 'openai/gpt-4.1-mini' },
  })
  const url = await serveHandler(handler)
  for (const module of [ai6, ai7]) {
    const chat = pageChat(module as object as Sdk, url)
    await chat.sendMessage({ text: 'Pay!' })
    expect(chat.error).toBeUndefined()
    expect(chat.messages[1]?.parts.map(({ type, state, text }) => text ?? state ?? type)).toEqual(
      expect.arrayContaining(['I look. ', 'output-available', 'It says: paid.']),
    )
  }
  expect(it.orchestrator.stats().active).toBe(0)
  await handler.close()
  await it[Symbol.asyncDispose]()
})
