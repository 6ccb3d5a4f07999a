import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler, toNodeHandler } from 'llm-switchyard/http'

// A gateway in a process of its own, which tells how much it holds: bytes in the heap and beside it, after a collection.
const [upstream = '', path = ''] = process.argv.slice(2)
const orchestrator = createOrchestrator({
  providers: { openai: { apiKey: 'key', baseUrl: `${upstream}/v1` } },
})
const handler = toNodeHandler(createOpenAIHandler(orchestrator, { authorize: 'open' }))
const server = createServer((request, response) => void handler(request, response))
// The kernel holds megabytes for a stuck reader over TCP, and little over a local socket: it is stuck at once.
createServer((request, response) => void handler(request, response)).listen(path)
server.listen(0, '127.0.0.1', () => process.send?.({ port: (server.address() as AddressInfo).port }))
process.on('message', () => {
  globalThis.gc?.()
  const { heapUsed, external, rss } = process.memoryUsage()
  process.send?.({ held: heapUsed + external, rss, active: orchestrator.stats().active })
})
process.on('disconnect', () => process.exit(0))
