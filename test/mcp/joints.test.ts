import { createChatClient, toolsOf } from 'llm-switchyard/client'
import { createAgent } from 'llm-switchyard/agents'
import { createChatHandler } from 'llm-switchyard/http'
import { createToolRegistry, lazyTools } from 'llm-switchyard/tools'
import { dialogue } from 'llm-switchyard/testing'
import { expect, onTestFinished, test } from 'vitest'
import { ada, host, keptTurns } from '../conversations/chat-host.ts'
import { serveHandler } from '../delivery/http/chat-handler/served.ts'
import { asking, calling, runHost, saying, steps } from '../tools/run-host.ts'
import { client } from './mcp-host.ts'
import { httpSite, inMemory, sdkServer, type Waiting } from './sdk-server.ts'

const call = (name: string, args: Readonly<Record<string, number>> = {}) => ({
  toolCalls: [{ name: `harbour_${name}`, arguments: args }],
})

test('a page, a chat handler, a chat service and its store: the tool of a server is a tool as any other', async () => {
  await using site = await httpSite(() => sdkServer())
  await using made = client({ server: { type: 'http', url: site.url } })
  const script = dialogue([call('steps'), call('add', { a: 2, b: 3 }), 'Five.'])
  await using it = await host({ script })
  const handler = createChatHandler(it.chats, {
    authorize: () => ({ userId: 'ada' }),
    defaults: { tools: await made.tools() },
  })
  const page = createChatClient({ url: `${await serveHandler(handler)}/api/chat` })
  const answer = await page.send('How many?')
  expect(answer).toMatchObject({ status: 'complete', text: 'Five.' })
  expect(toolsOf(answer === undefined ? [] : [answer], ['completed'])).toMatchObject([
    { name: 'harbour_steps', progress: { progress: 2, total: 2 }, result: 'done' },
    { name: 'harbour_add', arguments: { a: 2, b: 3 }, result: '5' },
  ])
  const [conversation] = (await it.store.conversations.list({ userId: 'ada' })).items
  expect(await keptTurns(it.store, conversation?.id ?? '')).toEqual([
    'user: How many?',
    'assistant: tool-call',
    'tool: done',
    'assistant: tool-call',
    'tool: 5',
    'assistant: Five.',
  ])
  page.dispose()
  await handler.close()
})

test('a page that stops its stream ends the call at the server', async () => {
  const waiting: Waiting = { started: Promise.withResolvers(), aborted: Promise.withResolvers() }
  await using made = client({ server: inMemory(() => sdkServer(waiting)) })
  await using it = await host({ script: dialogue([call('wait'), 'Never.']) })
  const handler = createChatHandler(it.chats, {
    authorize: () => ({ userId: 'ada' }),
    defaults: { tools: await made.tools() },
  })
  const page = createChatClient({ url: `${await serveHandler(handler)}/api/chat` })
  onTestFinished(() => page.dispose())
  const answered = page.send('Wait!')
  await waiting.started.promise
  page.stop()
  await waiting.aborted.promise
  expect((await answered)?.status).toBe('stopped')
  await handler.close()
})

test('what a server returns is moderated as what a tool returns', async () => {
  const server = sdkServer()
  server.registerTool('secret', {}, () => ({ content: [{ type: 'text', text: 'the word is open sesame' }] }))
  await using made = client({ server: inMemory(() => server) })
  await using it = await host({
    script: dialogue([call('secret'), 'I know it.']),
    orchestrator: { moderation: { rules: 'open sesame -> redact:[word]' } },
  })
  await it.chats.send({ identity: ada, message: 'Tell!', tools: await made.tools() })
  const sent = JSON.stringify(it.provider.log.map(({ request }) => request?.body))
  expect(sent).not.toContain('open sesame')
  expect(sent).toContain('[word]')
})

test('a server that dies within a run is an error for the model, and the run goes on', async () => {
  const server = sdkServer()
  await using made = client({ server: inMemory(() => server), reconnect: { attempts: 1 } })
  const tools = await made.tools()
  await using it = await runHost(steps(calling(['harbour_add', { a: 1, b: 1 }]), saying('It is gone.')))
  await server.close()
  await made.close()
  const reply = await it.orchestrator.run({ ...asking, tools })
  expect([reply.text, reply.steps[0]?.results[0]?.success]).toEqual(['It is gone.', false])
})

test('a registry, lazy tools and an agent take the tools of a server', async () => {
  await using made = client()
  const registry = createToolRegistry()
  registry.registerAll(await made.tools())
  await using it = await runHost(
    steps(
      calling(['search_tools', { query: 'add two numbers' }]),
      calling(['harbour_add', { a: 2, b: 2 }]),
      saying('Four.'),
    ),
  )
  const { orchestrator } = it
  const lazy = await orchestrator.run({ ...asking, ...lazyTools(registry) })
  expect([lazy.text, lazy.steps[1]?.results[0]]).toMatchObject(['Four.', { success: true, data: '4' }])
  const agent = createAgent({ name: 'Sailor', orchestrator, tools: () => made.tools() })
  await using other = await runHost(steps(calling(['harbour_boats', {}]), saying('Three.')))
  const reply = await agent.send({ message: 'Boats?', model: asking.model, orchestrator: other.orchestrator })
  expect([reply.text, reply.steps[0]?.results[0]]).toMatchObject(['Three.', { data: { count: 3 } }])
})
