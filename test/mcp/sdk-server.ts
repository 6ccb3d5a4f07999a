import { randomUUID } from 'node:crypto'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { McpTransport } from 'llm-switchyard/mcp'

/** A tool that waits, and the ways to see and to end it. */
export interface Waiting {
  readonly started: PromiseWithResolvers<void>
  readonly aborted: PromiseWithResolvers<void>
}

/** A server of the SDK with tools of every kind of result. */
export function sdkServer(waiting?: Waiting): McpServer {
  const server = new McpServer({ name: 'harbour', version: '1.0.0' }, { instructions: 'Ask for boats.' })
  server.registerTool(
    'add',
    { description: 'Adds two numbers.', inputSchema: { a: z.number(), b: z.number() } },
    ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }] }),
  )
  server.registerTool('picture', { description: 'Draws.' }, () => ({
    content: [
      { type: 'text', text: 'A dot:' },
      { type: 'image', data: 'aGk=', mimeType: 'image/png' },
      { type: 'audio', data: 'aGk=', mimeType: 'audio/wav' },
      { type: 'resource', resource: { uri: 'file:///a.txt', text: 'inside' } },
      { type: 'resource_link', uri: 'file:///b.txt', name: 'b' },
    ],
  }))
  server.registerTool(
    'boats',
    {
      description: 'Counts boats.',
      outputSchema: { count: z.number() },
      annotations: { readOnlyHint: true },
    },
    () => ({ content: [{ type: 'text', text: '{"count":3}' }], structuredContent: { count: 3 } }),
  )
  server.registerTool('broken', { description: 'Fails.' }, () => ({
    content: [{ type: 'text', text: 'the mast is gone\nuse another boat' }],
    isError: true,
  }))
  server.registerTool('steps', { description: 'Tells how far it is.' }, async (extra) => {
    for (const progress of [1, 2])
      if (extra._meta?.progressToken !== undefined)
        await extra.sendNotification({
          method: 'notifications/progress',
          params: { progressToken: extra._meta.progressToken, progress, total: 2 },
        })
    return { content: [{ type: 'text', text: 'done' }] }
  })
  server.registerTool('wait', { description: 'Waits.' }, async ({ signal, _meta, sendNotification }) => {
    signal.addEventListener('abort', () => waiting?.aborted.resolve())
    waiting?.started.resolve()
    const token = _meta?.progressToken
    if (token !== undefined)
      await sendNotification({
        method: 'notifications/progress',
        params: { progressToken: token, progress: 1 },
      })
    await new Promise(() => undefined)
    return { content: [] }
  })
  server.registerTool('ask', { description: 'Asks the model.' }, async () => {
    const { content } = await server.server.createMessage({
      messages: [{ role: 'user', content: { type: 'text', text: 'Which boat?' } }],
      systemPrompt: 'You are a sailor.',
      maxTokens: 50_000,
    })
    return { content: [{ type: 'text', text: content.type === 'text' ? content.text : '?' }] }
  })
  server.registerResource('log', 'harbour://log', { description: 'The log.' }, () => ({
    contents: [
      { uri: 'harbour://log', text: 'Two boats left.' },
      { uri: 'harbour://map', blob: 'aGk=', mimeType: 'image/png' },
    ],
  }))
  server.registerPrompt('greet', { argsSchema: { name: z.string() } }, ({ name }) => ({
    messages: [
      { role: 'user', content: { type: 'text', text: `Hello, ${name}` } },
      { role: 'assistant', content: { type: 'text', text: 'Ahoy.' } },
    ],
  }))
  return server
}

/** A function that returns a new connection to a server in this process, as `server` of a client. */
export function inMemory(make: () => McpServer): () => Promise<McpTransport> {
  return async () => {
    const [ours, theirs] = InMemoryTransport.createLinkedPair()
    await make().connect(theirs)
    return ours
  }
}

/** A server over streamable HTTP on a port of its own, with sessions. */
export interface HttpSite extends AsyncDisposable {
  readonly url: string
  /** Ids of the sessions that have begun. */
  readonly sessions: readonly string[]
  /** Forgets all sessions, as a server that is started anew. */
  forget(): void
  /** Destroys the sockets of all requests that are being answered. */
  cut(): void
}

export async function httpSite(
  make: () => McpServer,
  guard?: (request: IncomingMessage, response: ServerResponse) => boolean,
): Promise<HttpSite> {
  const transports = new Map<string, StreamableHTTPServerTransport>()
  const begun: string[] = []
  const open = new Set<ServerResponse>()
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (guard?.(request, response) === true) return
    open.add(response)
    response.once('close', () => open.delete(response))
    const id = request.headers['mcp-session-id']
    let transport = typeof id === 'string' ? transports.get(id) : undefined
    if (transport === undefined && id !== undefined) {
      response.writeHead(404).end()
      return
    }
    if (transport === undefined) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => randomUUID(),
        onsessioninitialized: (session) => {
          begun.push(session)
          transports.set(session, fresh)
        },
      })
      await make().connect(fresh)
      transport = fresh
    }
    await transport.handleRequest(request, response)
  }
  const server = createServer((request, response) => void answer(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    sessions: begun,
    forget: () => transports.clear(),
    cut: () => {
      for (const response of open) response.destroy()
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
