// npm run build:js && npx node --disable-warning=ExperimentalWarning examples/chat-page/main.ts
// Then open the address that it prints. README.md lists what to try.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { createChatHandler, toNodeHandler } from 'llm-switchyard/http'
import { servePage } from './files.ts'
import { createResponder } from './responder.ts'

const { values } = parseArgs({
  options: { port: { type: 'string', default: process.env['PORT'] ?? '8081' } },
})
const responder = await createResponder()
const chat = createChatHandler(
  { respond: responder.respond },
  // With `finish`, a page that reloads finds its answer still running.
  { authorize: 'open', basePath: '/api/chat', onClientGone: 'finish' },
)
const listener = toNodeHandler((request) =>
  new URL(request.url).pathname.startsWith('/api/') ? chat(request) : servePage(request),
)
const server = createServer((request, response) => void listener(request, response))

async function stop(): Promise<void> {
  server.close()
  await chat.close({ drainMs: 0 })
  await responder[Symbol.asyncDispose]()
  server.closeAllConnections()
}
process.once('SIGINT', () => void stop())
process.once('SIGTERM', () => void stop())

server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`The chat page listens on http://127.0.0.1:${port}/`)
  if (responder.fake) console.log('No key in the environment: the built-in fake provider answers.')
})
