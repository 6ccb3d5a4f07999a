import type { Tool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import {
  createChatClient,
  reduceFrames,
  toolsOf,
  type ChatFrame,
  type ChatMessage,
} from 'llm-switchyard/client'
import { createChatHandler, type ChatHandlerOptions } from 'llm-switchyard/http'
import { createApprovals } from 'llm-switchyard/tools'
import type { FakeScript } from 'llm-switchyard/testing'
import { expect, onTestFinished, test } from 'vitest'
import { host, keptTurns, type Hosted } from '../../conversations/chat-host.ts'
import { serveHandler } from '../http/chat-handler/served.ts'

const approvals = createApprovals({ secret: 'a secret of at least 32 characters' })
const decide: ChatHandlerOptions['decide'] = ({ call, approved, reason }, { userId = '' }) =>
  approvals.decide(call, { approved, reason, decidedBy: userId })
const paying: FakeScript = ({ turns }) => {
  const last = turns.at(-1)
  return last?.role === 'tool'
    ? `It says: ${last.toolResults[0]?.text ?? ''}.`
    : { text: 'I pay. ', toolCalls: [{ name: 'pay', arguments: { usd: 5 }, id: 'p1' }] }
}

async function connect(options: Partial<ChatHandlerOptions>, hosted: Parameters<typeof host>[0] = {}) {
  const it = await host({ script: paying, service: { approvals }, ...hosted })
  const handler = createChatHandler(it.chats, { authorize: () => ({ userId: 'ada' }), ...options })
  const client = createChatClient({ url: `${await serveHandler(handler)}/api/chat` })
  onTestFinished(async () => {
    client.dispose()
    await handler.close()
    await it[Symbol.asyncDispose]()
  })
  return { ...it, client } as Hosted & { readonly client: typeof client }
}

test.each([
  [true, 'I pay. It says: paid.', 'completed'],
  [false, 'I pay. It says: Error: the call was not approved: too dear.', 'failed'],
])(
  'a call that needs an approval waits, and goes on in the same message: %s',
  async (approved, text, state) => {
    const tools: readonly Tool[] = [{ name: 'pay', needsApproval: true, execute: () => 'paid' }]
    const it = await connect({ defaults: { tools }, decide })
    await it.client.send('Pay!')
    expect(toolsOf(it.client.getState().messages)).toMatchObject([
      { id: 'p1', name: 'pay', arguments: { usd: 5 }, state: 'needs-approval' },
    ])
    const answer = await it.client.decide([{ toolCallId: 'p1', approved, reason: 'too dear' }])
    expect(answer).toMatchObject({ text, status: 'complete' })
    expect(toolsOf(it.client.getState().messages, ['completed', 'failed'])).toMatchObject([
      { id: 'p1', state },
    ])
    expect(it.client.getState().messages).toHaveLength(2)
    expect(await it.client.decide([{ toolCallId: 'p1', approved }])).toBeUndefined()
    // The stored answer has the id of the message.
    await it.client.send('And now?')
    const [conversation] = (await it.store.conversations.list({ userId: 'ada' })).items
    expect(await keptTurns(it.store, conversation?.id ?? '')).toHaveLength(6)
  },
)

test('without decide of the handler the decision is an error, and the call waits on', async () => {
  const tools: readonly Tool[] = [{ name: 'pay', needsApproval: true, execute: () => 'paid' }]
  const it = await connect({ defaults: { tools } })
  await it.client.send('Pay!')
  const answer = await it.client.decide([{ toolCallId: 'p1', approved: true }])
  expect(answer).toMatchObject({ status: 'failed', error: { kind: 'unauthorized' } })
  expect(toolsOf(it.client.getState().messages)).toMatchObject([{ state: 'needs-approval' }])
})

test('calls of subagents are shown with their agent and their progress', async () => {
  const script: FakeScript = ({ system, turns }) => {
    const hasResult = turns.at(-1)?.role === 'tool'
    if (system.startsWith('You are Finder.'))
      return hasResult ? 'Found.' : { toolCalls: [{ name: 'look', arguments: { at: 'sea' }, id: 'l1' }] }
    return hasResult
      ? 'Done.'
      : { toolCalls: [{ name: 'delegate_to_finder', arguments: { task: 'Find.' }, id: 'd1' }] }
  }
  const look: Tool = {
    name: 'look',
    parameters: { type: 'object', properties: { at: { type: 'string' } } },
    execute: (_args: never, { emit }) => {
      emit?.('half')
      return 'a boat'
    },
  }
  const lead = createAgent({ name: 'Lead', subagents: [createAgent({ name: 'Finder', tools: [look] })] })
  const it = await connect({ agent: 'Lead' }, { script, service: { agents: [lead] } })
  const answer = await it.client.send('Find!')
  expect(answer?.text).toBe('Done.')
  expect(toolsOf([answer as ChatMessage], ['completed'])).toMatchObject([
    { id: 'd1', name: 'delegate_to_finder' },
    {
      id: 'd1/l1',
      name: 'look',
      agent: 'Finder',
      progress: 'half',
      result: 'a boat',
      arguments: { at: 'sea' },
    },
  ])
})

test('agents inside of agents, and events that show nothing', () => {
  const message: ChatMessage = {
    id: 'm',
    role: 'assistant',
    status: 'waiting',
    text: '',
    parts: [],
    createdMs: 0,
  }
  const inner = (event: object): ChatFrame =>
    ({ type: 'agent_event', agent: 'Outer', parentToolCallId: 'a', event }) as ChatFrame
  const deep = (event: object): ChatFrame =>
    inner({ type: 'agent-event', agent: 'Inner', parentToolCallId: 'b', event })
  const frames = [
    inner({ type: 'text-delta', text: 'unseen' }),
    deep({ type: 'tool-call', id: 'c', name: 'x', arguments: {} }),
    deep({ type: 'tool-error', id: 'c', name: 'x', message: 'no' }),
  ]
  const { parts, text } = reduceFrames(message, frames)
  expect([parts, text]).toEqual([
    [expect.objectContaining({ id: 'a/b/c', agent: 'Inner', state: 'failed', error: 'no' })],
    '',
  ])
})
