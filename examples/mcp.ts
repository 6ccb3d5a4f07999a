// node examples/mcp.ts (after `npm run build:js`): tools of an MCP server in a run, and the server itself.
import { createServer } from 'node:http'
import { createOrchestrator, defineTool } from 'llm-switchyard'
import { toNodeHandler } from 'llm-switchyard/http'
import { createMcpClient, createMcpServer } from 'llm-switchyard/mcp'
import { createFakeProvider, script } from 'llm-switchyard/testing'

const boats = defineTool({
  name: 'count_boats',
  description: 'Counts the boats in the harbour.',
  permission: 'read',
  execute: (_args, { userId }) => ({ boats: 3, askedBy: userId ?? 'a stranger' }),
})
const server = createMcpServer({
  name: 'harbour',
  tools: [boats],
  authorize: (request) =>
    request.headers.get('authorization') === 'Bearer ada'
      ? { userId: 'ada', permissions: ['read'] }
      : undefined,
})
const answer = toNodeHandler((request) => server.fetch(request))
const http = createServer((request, response) => void answer(request, response))
await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
const address = http.address()
const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/mcp`

await using fake = await createFakeProvider({
  script: script(({ toolResults: [result] }) =>
    result === undefined
      ? { toolCalls: [{ name: 'harbour_count_boats', arguments: {} }] }
      : `There are ${/\d+/.exec(result.text)?.[0] ?? 'no'} boats.`,
  ),
})
const orchestrator = createOrchestrator({
  providers: { openai: { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' } },
})
const harbour = createMcpClient({
  name: 'harbour',
  server: { type: 'http', url, headers: { authorization: 'Bearer ada' } },
})
const tools = await harbour.tools()
console.log('tools:', tools.map(({ name }) => name).join(', '))
const reply = await orchestrator.run({
  model: 'openai/gpt-4.1-mini',
  messages: [{ role: 'user', content: 'How many boats are there?' }],
  tools,
})
for (const { results } of reply.steps)
  for (const result of results) console.log('result:', JSON.stringify(result))
console.log(reply.text)

await harbour.close()
await server.close()
await orchestrator.close()
http.close()
