import { defineTool, type StreamEvent, type Tool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createApprovals } from 'llm-switchyard/tools'
import type { FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { ada as identity, host, keptTurns, type Hosted } from './chat-host.ts'
import { failure } from '../failure.ts'

const USAGE = { inputTokens: 5, outputTokens: 5 }
const approvals = createApprovals({ secret: 'a secret of at least 32 characters' })

/** Calls `read` and `pay` for each user message, and then says how it went. */
const paying: FakeScript = ({ turns }) => {
  const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
  if (since.some(({ role }) => role === 'tool')) return { text: 'All done.', usage: USAGE }
  const toolCalls = [
    { name: 'read', arguments: {}, id: 'r1' },
    { name: 'pay', arguments: { amount: 50 }, id: 'p1' },
  ]
  return { toolCalls, usage: USAGE }
}

interface Paying {
  readonly it: Hosted
  readonly ran: string[]
  readonly tools: readonly Tool[]
}

async function payHost(store = createMemoryStore()): Promise<Paying & AsyncDisposable> {
  const ran: string[] = []
  const tools: readonly Tool[] = [
    defineTool({ name: 'read', execute: () => void ran.push('read') }),
    defineTool({ name: 'pay', needsApproval: true, execute: () => void ran.push('pay') }),
  ]
  const it = await host({ script: paying, store, service: { approvals } })
  return { it, ran, tools, [Symbol.asyncDispose]: () => it[Symbol.asyncDispose]() }
}

describe('a turn whose tool needs a decision', () => {
  test.each(['whole', 'streamed'] as const)(
    'ends with the call, and goes on with the decision: %s',
    async (how) => {
      await using paid = await payHost()
      const { it, ran, tools } = paid
      const events: StreamEvent[] = []
      const first =
        how === 'whole'
          ? await it.chats.send({ identity, message: 'Pay.', tools })
          : await (async () => {
              const stream = await it.chats.stream({ identity, message: 'Pay.', tools })
              for await (const event of stream) events.push(event)
              return stream.turn
            })()
      expect(first).toMatchObject({
        finishReason: 'tool-calls',
        pending: [{ toolCallId: 'p1', name: 'pay', arguments: { amount: 50 }, needs: 'approval' }],
      })
      if (how === 'streamed')
        expect(events.slice(-2)).toMatchObject([{ type: 'approval-requested', id: 'p1' }, { type: 'finish' }])
      expect(ran).toEqual([])
      const [pending] = first.pending
      if (pending === undefined) throw new Error('nothing is pending')
      const decisions = [await approvals.decide(pending, { approved: true, decidedBy: 'eve' })]
      const { conversationId, messageId } = first
      const request = { identity, conversationId, messageId, decisions, tools }
      const second =
        how === 'whole'
          ? await it.chats.continue(request)
          : await (async () => {
              const stream = await it.chats.continueStream(request)
              for await (const event of stream) events.push(event)
              return stream.turn
            })()
      expect(second).toMatchObject({
        content: 'All done.',
        requestId: first.requestId,
        totalUsage: { inputTokens: 10, outputTokens: 10 },
        pending: [],
      })
      expect(ran.toSorted()).toEqual(['pay', 'read'])
      expect(await keptTurns(it.store, conversationId)).toHaveLength(5)
      const stored = await it.store.conversations.get(conversationId)
      expect(stored?.usage).toMatchObject({ inputTokens: 10, calls: 2 })
      expect(await it.store.usage.get('ada')).toMatchObject({ inputTokens: 10, calls: 2 })
      const again = await failure(it.chats.continue(request))
      expect([again.kind, again.code]).toEqual(['conflict', 'not-pending'])
      // The next turn goes on from the complete history.
      const next = await it.chats.send({ identity, conversationId, message: 'And now?' })
      expect(next.finishReason).toBe('tool-calls')
    },
  )

  test('goes on in another process, from its stored message', async () => {
    const store = createMemoryStore()
    await using before = await payHost(store)
    const { conversationId, messageId, pending } = await before.it.chats.send({
      identity,
      message: 'Pay.',
      tools: before.tools,
    })
    await using after = await payHost(store)
    const [call] = pending
    if (call === undefined) throw new Error('nothing is pending')
    const decisions = [
      await approvals.decide(call, { approved: false, decidedBy: 'eve', reason: 'too much' }),
    ]
    const turn = await after.it.chats.continue({
      identity,
      conversationId,
      messageId,
      decisions,
      tools: after.tools,
    })
    expect([turn.content, after.ran]).toEqual(['All done.', ['read']])
    expect((await keptTurns(store, conversationId)).join()).toContain('the call was not approved: too much')
  })

  test('is one turn for two that go on with it at once', async () => {
    await using paid = await payHost()
    const { it, ran, tools } = paid
    const { conversationId, messageId, pending } = await it.chats.send({ identity, message: 'Pay.', tools })
    const [call] = pending
    if (call === undefined) throw new Error('nothing is pending')
    const decisions = [await approvals.decide(call, { approved: true, decidedBy: 'eve' })]
    const request = { identity, conversationId, messageId, decisions, tools }
    const both = await Promise.all([it.chats.continue(request), it.chats.continue(request)])
    expect(both.map(({ content }) => content)).toEqual(['All done.', 'All done.'])
    expect(ran.toSorted()).toEqual(['pay', 'read'])
  })

  test.each([
    ['no decision', 'invalid-request', async () => []],
    [
      'a forged decision',
      'unauthorized',
      async (call: Parameters<typeof approvals.decide>[0]) => [
        { ...(await approvals.decide(call, { approved: false, decidedBy: 'eve' })), approved: true },
      ],
    ],
  ] as const)('with %s runs nothing', async (_what, kind, decide) => {
    await using paid = await payHost()
    const { it, ran, tools } = paid
    const { conversationId, messageId, pending } = await it.chats.send({ identity, message: 'Pay.', tools })
    const [call] = pending
    if (call === undefined) throw new Error('nothing is pending')
    const decisions = await decide(call)
    const error = await failure(it.chats.continue({ identity, conversationId, messageId, decisions, tools }))
    expect([error.kind, ran]).toEqual([kind, []])
  })

  test('is closed to strangers', async () => {
    await using paid = await payHost()
    const { it, ran, tools } = paid
    const { conversationId, messageId } = await it.chats.send({ identity, message: 'Pay.', tools })
    const error = await failure(
      it.chats.continue({ identity: { userId: 'bob' }, conversationId, messageId, tools }),
    )
    expect([error.kind, ran]).toEqual(['not-found', []])
  })
})

test('a call that the application runs goes on with its result', async () => {
  await using paid = await payHost()
  const { it } = paid
  const tools: readonly Tool[] = [{ name: 'read' }, { name: 'pay' }]
  const { conversationId, messageId, pending } = await it.chats.send({ identity, message: 'Pay.', tools })
  expect(pending.map(({ toolCallId, needs }) => [toolCallId, needs])).toEqual([
    ['r1', 'result'],
    ['p1', 'result'],
  ])
  const results = [
    { toolCallId: 'r1', result: { rows: 3 } },
    { toolCallId: 'p1', error: 'declined' },
  ]
  const turn = await it.chats.continue({ identity, conversationId, messageId, results, tools })
  expect(turn.content).toBe('All done.')
  expect((await keptTurns(it.store, conversationId)).slice(2, 4)).toEqual([
    'tool: {"rows":3}',
    'tool: declined',
  ])
})

describe('an agent of the chat service', () => {
  const delegating: FakeScript = ({ system, turns }) => {
    const since = turns.slice(turns.findLastIndex(({ role }) => role === 'user'))
    if (system.startsWith('You are Finder.')) return { text: 'Found it.', usage: USAGE }
    if (since.some(({ role }) => role === 'tool')) return { text: 'It is here.', usage: USAGE }
    if (system.startsWith('You are Lead.'))
      return { toolCalls: [{ name: 'delegate_to_finder', arguments: { task: 'x' }, id: 'd1' }], usage: USAGE }
    return { text: `plain: ${turns.length}`, usage: USAGE }
  }
  const finder = createAgent({ name: 'Finder', purpose: 'Finds things.' })
  const lead = createAgent({ name: 'Lead', subagents: [finder] })
  const short = createAgent({ name: 'Short', memory: false })

  test('answers by name, and what its subagents use is in usage, rows and totals', async () => {
    await using it = await host({
      script: delegating,
      service: { agents: [lead, short], costUsd: () => 0.5 },
      orchestrator: undefined,
    })
    const stream = await it.chats.stream({ identity, message: 'Where?', agent: 'Lead' })
    const inner: string[] = []
    for await (const event of stream) if (event.type === 'agent-event') inner.push(event.event.type)
    const turn = await stream.turn
    expect(inner).toContain('text-delta')
    expect(turn).toMatchObject({
      content: 'It is here.',
      totalUsage: { inputTokens: 15, outputTokens: 15 },
      agents: [{ agent: 'Finder', toolCallId: 'd1', usage: { inputTokens: 5 } }],
    })
    const stored = await it.store.conversations.get(turn.conversationId)
    expect(stored?.usage).toMatchObject({ inputTokens: 15 })
    expect(await it.store.usage.get('ada')).toMatchObject({ inputTokens: 15 })
    const repeated = await it.chats.send({
      identity,
      message: 'Where?',
      agent: 'Lead',
      requestId: turn.requestId,
      conversationId: turn.conversationId,
    })
    expect(repeated.totalUsage).toMatchObject({ inputTokens: 15 })
  })

  test.each(['aborted while its subagent answers', 'failing after its subagent'] as const)(
    'a turn that ends %s: what the subagent used is charged',
    async (how) => {
      const abort = new AbortController()
      const script: FakeScript = (request) => {
        if (request.system.startsWith('You are Finder.') && how.startsWith('aborted'))
          return { text: ['Found', ' it', ' and', ' more'], pacing: { betweenMs: 60_000 } }
        const hasResult = request.turns.at(-1)?.role === 'tool'
        if (hasResult && how.startsWith('failing')) return { error: 'invalid-request' }
        return (delegating as (given: typeof request) => never)(request)
      }
      await using it = await host({ script, service: { agents: [lead] } })
      const stream = await it.chats.stream({
        identity,
        message: 'Where?',
        agent: 'Lead',
        signal: abort.signal,
      })
      const read = async (): Promise<void> => {
        for await (const event of stream) {
          if (event.type !== 'agent-event') continue
          if (event.event.type === 'text-delta' && how.startsWith('aborted')) abort.abort()
        }
      }
      const error = await failure(read())
      await it.chats.settled()
      const { inputTokens, outputTokens, calls } = await it.store.usage.get('ada')
      // The first call of the lead, and the subagent's: its partial answer as an estimate, or all of it.
      // A round that is stored with what its subagents used is one charge.
      expect(calls).toBe(how.startsWith('failing') ? 1 : 2)
      expect(inputTokens).toBeGreaterThan(5)
      expect(outputTokens).toBeGreaterThan(5)
      if (how.startsWith('failing')) {
        expect([inputTokens, outputTokens]).toEqual([10, 10])
        expect(error.partial?.usage).toMatchObject({ inputTokens: 10, outputTokens: 10 })
      }
    },
  )

  test('has at most the permissions of its own', async () => {
    const tools: readonly Tool[] = [
      { name: 'look', execute: () => 1 },
      { name: 'ship', permission: 'deploy', execute: () => 1 },
    ]
    const careful = createAgent({ name: 'Careful', tools, permissions: ['read'] })
    const bold = createAgent({ name: 'Bold', tools })
    await using it = await host({ script: 'Hi.', service: { agents: [careful, bold] } })
    const boss = { userId: 'ada', permissions: ['deploy', 'read'] }
    for (const agent of ['Careful', 'Bold']) await it.chats.send({ identity: boss, message: 'x', agent })
    const shown = it.provider.log.map(({ body }) => JSON.stringify(body).includes('"ship"'))
    expect(shown).toEqual([false, true])
  })

  test('without memory sees no history and leaves none', async () => {
    await using it = await host({ script: delegating, service: { agents: [short] } })
    const { conversationId } = await it.chats.send({ identity, message: 'One.' })
    const turn = await it.chats.send({ identity, conversationId, message: 'Two.', agent: 'Short' })
    expect([turn.content, turn.persisted]).toEqual(['plain: 1', false])
    expect(await keptTurns(it.store, conversationId)).toHaveLength(2)
  })

  test('that is unknown is not-found, with the known ones', async () => {
    await using it = await host({ script: delegating, service: { agents: [lead] } })
    const error = await failure(it.chats.send({ identity, message: 'x', agent: 'lead' }))
    expect([error.kind, error.message]).toEqual(['not-found', 'there is no agent "lead"; known: Lead'])
  })
})
