// node examples/fastify/main.ts     The gateway in a Fastify app.
import Fastify from 'fastify'
import { createOpenAIHandler, toNodeHandler } from 'llm-switchyard/http'
import { openYard } from '../openai-gateway/yard.ts'

const yard = await openYard()
const handler = createOpenAIHandler(yard.orchestrator, {
  authorize: (request) => ({ userId: request.headers.get('x-user') ?? 'guest' }),
  models: yard.models,
  basePath: '/llm',
})

// Fastify reads bodies itself, so its limit must be at least the gateway's.
const app = Fastify({ bodyLimit: 50 * 1024 * 1024 })
app.get('/', () => 'The app itself. The gateway is under /llm/v1.')
app.all('/llm/*', toNodeHandler(handler))

const address = await app.listen({ port: Number(process.env['PORT'] ?? 8080), host: '127.0.0.1' })
console.log(`Fastify listens on ${address}/llm/v1`)
process.once('SIGTERM', () => {
  void app.close()
  void yard[Symbol.asyncDispose]().then(() => process.exit(0))
})
