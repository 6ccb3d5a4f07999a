import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js'
import { defineTool } from 'llm-switchyard'
import { createAgent } from 'llm-switchyard/agents'
import { toNodeHandler } from 'llm-switchyard/http'
import { createMcpClient, createMcpServer, type McpServer, type McpServerOptions } from 'llm-switchyard/mcp'
import { createToolRegistry } from 'llm-switchyard/tools'
import { describe, expect, test, vi } from 'vitest'
import { z } from 'zod'
import { failure } from '../failure.ts'
import { runHost } from '../tools/run-host.ts'

const add = defineTool({
  name: 'add',
  description: 'Adds.',
  parameters: z.object({ a: z.number(), b: z.number().default(1) }),
  execute: ({ a, b }) => ({ sum: a + b }),
})
const tools = [
  add,
  defineTool({ name: 'ship', permission: 'deploy', execute: (_args, { userId }) => `shipped by ${userId}` }),
  defineTool({ name: 'pay', needsApproval: true, execute: () => 'paid' }),
  defineTool({
    name: 'fail',
    execute: () => {
      throw new Error('no connection to postgres://ada:secret@10.0.0.3/db')
    },
  }),
  defineTool({
    name: 'steps',
    execute: (_args, { emit }) => {
      emit?.(1)
      emit?.({ progress: 2, total: 3, message: 'two of three' })
      emit?.('nearly')
      return [{ type: 'image', data: 'aGk=', mediaType: 'image/png' }]
    },
  }),
]

const USERS: Readonly<Record<string, { readonly userId: string; readonly permissions: readonly string[] }>> =
  {
    ada: { userId: 'ada', permissions: ['deploy'] },
    bob: { userId: 'bob', permissions: [] },
  }

interface Site extends AsyncDisposable {
  readonly url: string
  readonly server: McpServer
  client(user?: string): Promise<Client>
}

async function site(options: Partial<McpServerOptions> = {}): Promise<Site> {
  const server = createMcpServer({
    name: 'yard',
    tools,
    authorize: (request) => USERS[request.headers.get('x-user') ?? ''],
    ...options,
  })
  const answer = toNodeHandler((request) => server.fetch(request))
  const http = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`
  const clients: Client[] = []
  return {
    url,
    server,
    client: async (user = 'ada') => {
      const client = new Client({ name: 'test', version: '1' })
      const headers = { 'x-user': user }
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }))
      clients.push(client)
      return client
    },
    [Symbol.asyncDispose]: async () => {
      for (const client of clients) await client.close()
      await server.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}

const initialize = {
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } },
}
function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> {
  const accept = 'application/json, text/event-stream'
  return fetch(url, {
    method: 'POST',
    headers: { accept, 'content-type': 'application/json', 'x-user': 'ada', ...headers },
    body: JSON.stringify(body),
  })
}

describe('a server for the clients of the SDK', () => {
  test('lists the tools that the caller may use, with their schemas', async () => {
    await using it = await site({ instructions: 'Add things.' })
    const client = await it.client()
    const listed = await client.listTools()
    expect(listed.tools.map(({ name }) => name)).toEqual(['add', 'ship', 'pay', 'fail', 'steps'])
    expect(listed.tools[0]).toMatchObject({
      description: 'Adds.',
      inputSchema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
    })
    expect(client.getInstructions()).toBe('Add things.')
    const bob = await it.client('bob')
    expect((await bob.listTools()).tools.map(({ name }) => name)).not.toContain('ship')
  })

  test('runs tools with checked arguments, for their caller', async () => {
    await using it = await site()
    const client = await it.client()
    const call = (name: string, args = {}) => client.callTool({ name, arguments: args })
    expect(await call('add', { a: 2 })).toMatchObject({
      content: [{ type: 'text', text: '{"sum":3}' }],
      structuredContent: { sum: 3 },
    })
    expect(await call('ship')).toMatchObject({ content: [{ text: 'shipped by ada' }] })
    for (const [name, args, text] of [
      ['add', { a: 'x' }, /invalid arguments: a/],
      ['none', {}, /no tool "none"; the tools are add/],
      ['pay', {}, /decision of a person/],
    ] as const)
      expect(await call(name, args)).toMatchObject({
        isError: true,
        content: [{ text: expect.stringMatching(text) }],
      })
    const bob = await it.client('bob')
    expect(await bob.callTool({ name: 'ship' })).toMatchObject({ isError: true })
  })

  test('what a tool throws reaches the client without secrets, and the log in full', async () => {
    const warn = vi.fn()
    await using it = await site({ logger: { debug: warn, info: warn, warn, error: warn } })
    const client = await it.client()
    const result = await client.callTool({ name: 'fail' })
    expect(JSON.stringify(result)).not.toContain('secret')
    expect(result).toMatchObject({ isError: true, content: [{ text: 'no connection to [address]' }] })
    expect(JSON.stringify(warn.mock.calls)).toContain('postgres')
  })

  test('progress, pictures', async () => {
    await using it = await site()
    const client = await it.client()
    const told: unknown[] = []
    const result = await client.callTool({ name: 'steps' }, undefined, {
      onprogress: (progress) => told.push(progress),
    })
    expect(result).toMatchObject({ content: [{ type: 'image', data: 'aGk=', mimeType: 'image/png' }] })
    expect(told).toEqual([
      { progress: 1 },
      { progress: 2, total: 3, message: 'two of three' },
      { progress: 3, message: 'nearly' },
    ])
  })

  test('a call that its client ends aborts the tool', async () => {
    const started = Promise.withResolvers<void>()
    const aborted = Promise.withResolvers<void>()
    const wait = defineTool({
      name: 'wait',
      execute: (_args, { signal }) => {
        signal?.addEventListener('abort', () => aborted.resolve())
        started.resolve()
        return new Promise<never>(() => undefined)
      },
    })
    await using it = await site({ tools: [wait] })
    const client = await it.client()
    const abort = new AbortController()
    const calling = client.callTool({ name: 'wait' }, undefined, { signal: abort.signal })
    await started.promise
    abort.abort()
    await expect(calling).rejects.toThrow(/abort/i)
    await aborted.promise
  })

  test('a registry and a function of the caller; clients hear of changes', async () => {
    const registry = createToolRegistry()
    registry.register(add)
    await using it = await site({ tools: registry })
    const client = await it.client()
    const changed = Promise.withResolvers<void>()
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => changed.resolve())
    // Notifications travel on a stream that the client opens beside its requests.
    const names = async (): Promise<string[]> => (await client.listTools()).tools.map(({ name }) => name)
    expect(await names()).toEqual(['add'])
    registry.register({ name: 'sub', execute: () => 1 })
    const ring = setInterval(() => it.server.toolsChanged(), 20)
    await changed.promise
    clearInterval(ring)
    expect(await names()).toEqual(['add', 'sub'])
    await using other = await site({ tools: ({ userId }) => [{ name: `of_${userId}`, execute: () => 1 }] })
    expect((await (await other.client('bob')).listTools()).tools).toMatchObject([{ name: 'of_bob' }])
  })

  test('an agent is a tool, and its run counts for the caller', async () => {
    await using host = await runHost(
      { text: 'Red.', usage: { inputTokens: 5, outputTokens: 5 } },
      {
        limits: { user: { requestsPerMinute: 1, burst: 1 } },
      },
    )
    const { orchestrator } = host
    const agent = createAgent({ name: 'Boat Finder', purpose: 'Finds boats.', model: 'openai/gpt-4.1-mini' })
    await using it = await site({ tools: [], agents: [agent], orchestrator })
    const client = await it.client()
    const [tool] = (await client.listTools()).tools
    expect(tool).toMatchObject({
      name: 'delegate_to_boat_finder',
      description: expect.stringContaining('Finds boats.'),
    })
    const ask = () => client.callTool({ name: tool?.name ?? '', arguments: { task: 'Which boat?' } })
    expect(await ask()).toMatchObject({ content: [{ text: 'Red.' }] })
    expect(await ask()).toMatchObject({ isError: true })
    expect(
      await (await it.client('bob')).callTool({ name: tool?.name ?? '', arguments: { task: 'x' } }),
    ).toMatchObject({
      content: [{ text: 'Red.' }],
    })
  })

  test('over standard input and output', async () => {
    const client = new Client({ name: 'test', version: '1' })
    const args = [join(import.meta.dirname, 'stdio-switchyard.ts')]
    await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }))
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['hello'])
    expect(await client.callTool({ name: 'hello' })).toMatchObject({ content: [{ text: 'hello' }] })
    await client.close()
  })

  test('and for the client of this library', async () => {
    await using it = await site()
    const client = createMcpClient({
      name: 'yard',
      server: { type: 'http', url: it.url, headers: { 'x-user': 'ada' } },
    })
    const tool = (await client.tools()).find(({ name }) => name === 'yard_add')
    const execute = tool?.execute as (args: object, context: object) => Promise<unknown>
    expect(await execute({ a: 4 }, { toolCallId: 'call_1' })).toEqual({ sum: 5 })
    await client.close()
  })
})

describe('strangers', () => {
  test('nobody without a caller, and nobody from a page of another origin', async () => {
    await using it = await site()
    expect((await post(it.url, initialize, { 'x-user': 'eve' })).status).toBe(401)
    expect((await post(it.url, initialize, { origin: 'https://evil.example' })).status).toBe(403)
    await using open = await site({ allowedOrigins: ['https://app.example'] })
    expect((await post(open.url, initialize, { origin: 'https://app.example' })).status).toBe(200)
    const warn = vi.fn()
    await using closed = await site({
      authorize: undefined,
      logger: { debug: warn, info: warn, warn, error: warn },
    })
    expect((await post(closed.url, initialize)).status).toBe(503)
    expect(JSON.stringify(warn.mock.calls)).toContain('authorize')
  })

  test('a session belongs to its user', async () => {
    await using it = await site()
    const begun = await post(it.url, initialize)
    const session = { 'mcp-session-id': begun.headers.get('mcp-session-id') ?? '' }
    await begun.text()
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    expect((await post(it.url, list, { ...session, 'x-user': 'bob' })).status).toBe(404)
    const own = await post(it.url, list, session)
    expect([own.status, await own.text()]).toEqual([200, expect.stringContaining('ship')])
    const ended = { method: 'DELETE', headers: { ...session, 'x-user': 'bob' } }
    expect((await fetch(it.url, ended)).status).toBe(404)
  })

  test('sessions are bounded, and end when nobody uses them', async () => {
    let now = 0
    const clock = { now: () => now, epochMs: () => now, setTimer: setTimeout, clearTimer: clearTimeout }
    await using it = await site({ maxSessions: 2, idleMs: 1000, clock: clock as never })
    const list = { jsonrpc: '2.0', id: 2, method: 'tools/list' }
    const begin = async (): Promise<Record<string, string>> => {
      const reply = await post(it.url, initialize)
      await reply.text()
      return { 'mcp-session-id': reply.headers.get('mcp-session-id') ?? '' }
    }
    const status = async (session: Record<string, string>) => (await post(it.url, list, session)).status
    const [first, second] = [await begin(), await begin()]
    now = 10
    expect(await status(first)).toBe(200)
    await begin()
    expect([await status(first), await status(second)]).toEqual([200, 404])
    now = 5000
    expect(await status(first)).toBe(404)
  })

  test.each([
    ['no JSON', '{'],
    ['a list', []],
    ['a call before any session', { jsonrpc: '2.0', id: 2, method: 'tools/list' }],
    ['null', null],
  ])('%s is refused', async (_name, body) => {
    await using it = await site()
    const reply = await post(it.url, body)
    expect(reply.status).toBe(400)
    expect(JSON.stringify(await reply.json()).length).toBeLessThan(1000)
  })

  test('a body that is too large is a 413; after close nothing is served', async () => {
    await using it = await site({ maxBodyBytes: 1000 })
    expect((await post(it.url, { ...initialize, pad: 'x'.repeat(5000) })).status).toBe(413)
    await it.server.close()
    expect((await post(it.url, initialize)).status).toBeGreaterThan(399)
  })

  test('a function of the application that throws is a 500, and a listing that fails is an error', async () => {
    const fail = (): never => {
      throw new Error('postgres is down')
    }
    await using it = await site({ authorize: fail })
    const reply = await post(it.url, initialize)
    expect([reply.status, await reply.text()]).toEqual([500, expect.not.stringContaining('postgres')])
    await using other = await site({ tools: fail })
    await expect((await other.client()).listTools()).rejects.toThrow(/the tools could not be listed/)
  })

  test('wrong options', async () => {
    for (const options of [
      {},
      { name: 'a', tools: 'all' },
      { name: 'a', agent: [] },
      { name: 'a', maxSessions: 0 },
      { name: 'a', tools: [{ nam: 'x' }] },
    ])
      expect(await failure(() => createMcpServer(options as never))).toMatchObject({ kind: 'misconfigured' })
  })
})
