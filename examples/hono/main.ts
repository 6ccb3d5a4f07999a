// node examples/hono/main.ts        The gateway in a Hono app, next to the app's own routes.
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { createOpenAIHandler } from 'llm-switchyard/http'
import { openYard } from '../openai-gateway/yard.ts'

const yard = await openYard()
const handler = createOpenAIHandler(yard.orchestrator, {
  authorize: (request) => ({ userId: request.headers.get('x-user') ?? 'guest' }),
  models: yard.models,
  basePath: '/llm',
})

const app = new Hono()
app.get('/', (context) => context.text('The app itself. The gateway is under /llm/v1.'))
app.all('/llm/*', (context) => handler(context.req.raw))

const port = Number(process.env['PORT'] ?? 8080)
const server = serve({ fetch: app.fetch, port, hostname: '127.0.0.1' }, (address) => {
  console.log(`Hono listens on http://127.0.0.1:${address.port}/llm/v1`)
})
process.once('SIGTERM', () => {
  server.close()
  void yard[Symbol.asyncDispose]().then(() => process.exit(0))
})
