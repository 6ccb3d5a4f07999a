import { HttpAgent, type AgentSubscriber } from '@ag-ui/client'
import { EventSchemas } from '@ag-ui/core/schemas'
import type { Tool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { createChatHandler, type ChatHandlerOptions } from 'llm-switchyard/http'
import { createApprovals } from 'llm-switchyard/tools'
import type { FakeScript } from 'llm-switchyard/testing'
import { expect, onTestFinished, test } from 'vitest'
import { host, keptTurns, type Hosted } from '../../../conversations/chat-host.ts'
import { post, serveHandler } from './served.ts'

const approvals = createApprovals({ secret: 'a secret of at least 32 characters' })
const decide: ChatHandlerOptions['decide'] = ({ call, approved, reason }, { userId = '' }) =>
  approvals.decide(call, { approved, reason, decidedBy: userId })

interface Site extends Hosted {
  readonly agent: HttpAgent
  readonly url: string
}

async function site(
  script: FakeScript,
  tools: readonly Tool[],
  options: Partial<ChatHandlerOptions> = {},
): Promise<Site> {
  const it = await host({ script, service: { approvals } })
  const handler = createChatHandler(it.chats, {
    authorize: () => ({ userId: 'ada' }),
    defaults: { tools },
    ...options,
  })
  onTestFinished(async () => {
    await handler.close()
    await it[Symbol.asyncDispose]()
  })
  const url = await serveHandler(handler)
  return { ...it, url, agent: new HttpAgent({ url: `${url}/api/chat`, threadId: crypto.randomUUID() }) }
}

const say = (agent: HttpAgent, content: string): void =>
  agent.addMessage({ id: crypto.randomUUID(), role: 'user', content })

const looking: FakeScript = ({ turns }) =>
  turns.at(-1)?.role === 'tool'
    ? { reasoning: 'It was seen.', text: 'I saw it.' }
    : { text: 'I look. ', toolCalls: [{ name: 'look', arguments: { at: 'sea' }, id: 'l1' }] }
const look: Tool = {
  name: 'look',
  parameters: { type: 'object', properties: { at: { type: 'string' } } },
  execute: (_args: never, { emit }) => {
    emit?.('half')
    return { seen: true }
  },
}

test('an AG-UI client reads text, tools and steps, and the next turn goes on', async () => {
  const it = await site(looking, [look])
  const seen: string[] = []
  const subscriber: AgentSubscriber = { onEvent: ({ event }) => void seen.push(event.type) }
  say(it.agent, 'Look!')
  await it.agent.runAgent({}, subscriber)
  expect(it.agent.messages.map(({ role, content }) => [role, content])).toEqual([
    ['user', 'Look!'],
    ['assistant', 'I look. '],
    ['tool', '{"seen":true}'],
    ['reasoning', 'It was seen.'],
    ['assistant', 'I saw it.'],
  ])
  expect(it.agent.messages[1]).toMatchObject({
    toolCalls: [{ id: 'l1', function: { name: 'look', arguments: '{"at":"sea"}' } }],
  })
  expect(seen).toEqual(expect.arrayContaining(['RUN_STARTED', 'STEP_STARTED', 'CUSTOM', 'RUN_FINISHED']))
  say(it.agent, 'Again!')
  await it.agent.runAgent()
  const [conversation] = (await it.store.conversations.list({ userId: 'ada' })).items
  expect(await keptTurns(it.store, conversation?.id ?? '')).toHaveLength(8)
})

test.each([
  [true, 'It says: paid.'],
  [false, 'It says: Error: the call was not approved: too dear.'],
])('a call that needs a decision is an interrupt, which the client answers: %s', async (approved, text) => {
  const script: FakeScript = ({ turns }) => {
    const last = turns.at(-1)
    return last?.role === 'tool'
      ? `It says: ${last.toolResults[0]?.text ?? ''}.`
      : { toolCalls: [{ name: 'pay', arguments: { usd: 5 }, id: 'p1' }] }
  }
  const it = await site(script, [{ name: 'pay', needsApproval: true, execute: () => 'paid' }], { decide })
  say(it.agent, 'Pay!')
  await it.agent.runAgent()
  expect(it.agent.pendingInterrupts).toMatchObject([{ id: 'p1', toolCallId: 'p1' }])
  await it.agent.runAgent({
    resume: [{ interruptId: 'p1', status: 'resolved', payload: { approved, reason: 'too dear' } }],
  })
  expect(it.agent.messages.at(-1)?.content).toBe(text)
})

test('an interrupt that is given up is denied', async () => {
  const script: FakeScript = ({ turns }) =>
    turns.at(-1)?.role === 'tool' ? 'Well.' : { toolCalls: [{ name: 'pay', arguments: {}, id: 'p1' }] }
  let ran = 0
  const it = await site(script, [{ name: 'pay', needsApproval: true, execute: () => ++ran }], { decide })
  say(it.agent, 'Pay!')
  await it.agent.runAgent()
  await it.agent.runAgent({ resume: [{ interruptId: 'p1', status: 'cancelled' }] })
  expect([it.agent.messages.at(-1)?.content, ran]).toEqual(['Well.', 0])
})

test('a tool that the client runs: its result goes on with the turn', async () => {
  const script: FakeScript = ({ turns }) => {
    const last = turns.at(-1)
    return last?.role === 'tool'
      ? `You are in ${last.toolResults[0]?.text ?? ''}.`
      : { toolCalls: [{ name: 'where', arguments: {}, id: 'w1' }] }
  }
  const it = await site(script, [{ name: 'where' }])
  say(it.agent, 'Where am I?')
  await it.agent.runAgent()
  it.agent.addMessage({ id: 'r1', role: 'tool', toolCallId: 'w1', content: 'Whitby' })
  await it.agent.runAgent()
  expect(it.agent.messages.at(-1)?.content).toBe('You are in Whitby.')
})

test('a failure is a RUN_ERROR; tools of the client are refused unless the host opens them', async () => {
  const it = await site(() => ({ error: 'overloaded' }), [])
  say(it.agent, 'Hi')
  const failed: string[] = []
  await it.agent
    .runAgent({}, { onRunErrorEvent: ({ event }) => void failed.push(`${event.code} ${event.message}`) })
    .catch(() => undefined)
  expect(failed).toEqual([expect.stringMatching(/^overloaded /)])
  const input = {
    threadId: 't'.repeat(10),
    runId: 'r1',
    messages: [{ id: 'm'.repeat(10), role: 'user', content: 'Hi' }],
  }
  const reply = await fetch(post(`${it.url}/api/chat`, { ...input, tools: [{ name: 'x' }] }))
  expect(reply.status).toBe(400)
})

test('subagents have their own events, and every event fits the schema', async () => {
  const script: FakeScript = ({ system, turns }) => {
    const hasResult = turns.at(-1)?.role === 'tool'
    if (system.startsWith('You are Finder.'))
      return hasResult
        ? 'Found.'
        : { reasoning: 'Hm.', toolCalls: [{ name: 'look', arguments: { at: 'sea' } }] }
    return hasResult
      ? 'Done.'
      : { toolCalls: [{ name: 'delegate_to_finder', arguments: { task: 'Find.' }, id: 'd1' }] }
  }
  await using it = await host({ script })
  const finder = createAgent({ name: 'Finder', tools: [look] })
  const lead = createAgent({
    name: 'Lead',
    orchestrator: it.orchestrator,
    model: 'openai/gpt-4.1-mini',
    subagents: [finder],
  })
  const handler = createChatHandler(
    { respond: (_input, { signal }) => lead.stream({ message: 'Go.', signal }) },
    { authorize: 'open' },
  )
  // The client itself refuses events out of their order.
  const agent = new HttpAgent({ url: `${await serveHandler(handler)}/api/chat` })
  const events: { readonly type: string; readonly subagentRunId?: string }[] = []
  say(agent, 'Go.')
  await agent.runAgent({}, { onEvent: ({ event }) => void events.push(event) })
  for (const event of events) expect(EventSchemas.safeParse(event)).toMatchObject({ success: true })
  const own = events.filter(({ subagentRunId }) => subagentRunId !== undefined).map(({ type }) => type)
  expect(own[0]).toBe('SUBAGENT_STARTED')
  expect(own).toEqual(expect.arrayContaining(['REASONING_START', 'TOOL_CALL_RESULT', 'TEXT_MESSAGE_CONTENT']))
  expect(own.at(-1)).toBe('SUBAGENT_FINISHED')
  expect(agent.messages.at(-1)?.content).toBe('Done.')
  await handler.close()
})

test('a picture of the client reaches the model, by an orchestrator alone', async () => {
  await using it = await host({ script: 'A boat.' })
  const handler = createChatHandler(it.orchestrator, {
    authorize: 'open',
    defaults: { model: 'openai/gpt-4.1-mini' },
  })
  const agent = new HttpAgent({ url: `${await serveHandler(handler)}/api/chat` })
  agent.addMessage({ id: 'a1', role: 'assistant', content: 'Ahoy.' })
  agent.addMessage({
    id: 'm1',
    role: 'user',
    content: [
      { type: 'text', text: 'What is this?' },
      { type: 'image', source: { type: 'data', value: 'aGk=', mimeType: 'image/png' } },
    ],
  })
  await agent.runAgent()
  expect(agent.messages.at(-1)?.content).toBe('A boat.')
  expect(JSON.stringify(it.provider.log.at(-1)?.request?.body)).toContain('data:image/png;base64,aGk=')
  await handler.close()
})
