// npm run team-chat
// Then open the address that it prints. README.md lists what to try, and how to run two processes.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { createChatHandler, createOpenAIHandler, toNodeHandler, type CallerAccess } from 'llm-switchyard/http'
import { servePage } from '../chat-page/files.ts'
import { openBackends } from './backends.ts'
import { personOf } from './people.ts'
import { approvals, openProduct } from './product.ts'
import { serveRoutes } from './routes.ts'

const { values } = parseArgs({
  options: { port: { type: 'string', default: process.env['PORT'] ?? '8082' } },
})
const backends = await openBackends()
const product = await openProduct(backends)
const { chats } = product

function authorize(request: Request): CallerAccess {
  const { userId, orgId } = personOf(request)
  return { userId, tenant: orgId }
}
// Answers for pages, and for programs with a key that speak to OpenAI.
const gateway = createOpenAIHandler(product.orchestrator, { authorize })
const chat = createChatHandler(chats, {
  authorize,
  basePath: '/api/chat',
  agent: 'Pilot',
  decide: ({ call, ...decision }, { userId: decidedBy = '' }) =>
    approvals.decide(call, { ...decision, decidedBy }),
  log: backends.log,
  // With `finish`, a page that reloads finds its answer still running.
  onClientGone: 'finish',
})
const page = new URL('./page/', import.meta.url)
const listener = toNodeHandler((request) => {
  const { pathname } = new URL(request.url)
  if (pathname.startsWith('/api/chat')) return chat(request)
  if (pathname.startsWith('/v1/')) return gateway(request)
  return pathname.startsWith('/api/') ? serveRoutes(chats, request) : servePage(request, page)
})
const server = createServer((request, response) => void listener(request, response))

async function stop(): Promise<void> {
  server.close()
  await chat.close({ drainMs: 2_000 })
  await product[Symbol.asyncDispose]()
  await backends[Symbol.asyncDispose]()
  server.closeAllConnections()
}
process.once('SIGINT', () => void stop())
process.once('SIGTERM', () => void stop())

server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`The team chat listens on http://127.0.0.1:${port}/`)
  if (product.isFake) console.log('No MODEL in the environment: the built-in fake provider answers.')
})
