// node examples/express/main.ts     The gateway in an Express app, also behind a body parser.
import express from 'express'
import { createOpenAIHandler, toNodeHandler } from 'llm-switchyard/http'
import { openYard } from '../openai-gateway/yard.ts'

const yard = await openYard()
const handler = createOpenAIHandler(yard.orchestrator, {
  authorize: (request) => ({ userId: request.headers.get('x-user') ?? 'guest' }),
  models: yard.models,
})

const app = express()
// Many apps parse every body; the gateway uses the parsed one.
app.use(express.json({ limit: '50mb' }))
app.get('/', (_request, response) => void response.send('The app itself. The gateway is under /llm/v1.'))
// Express removes the mount path, so the handler sees /v1/….
app.use('/llm', toNodeHandler(handler))

const server = app.listen(Number(process.env['PORT'] ?? 8080), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`Express listens on http://127.0.0.1:${port}/llm/v1`)
})
process.once('SIGTERM', () => {
  server.close()
  void yard[Symbol.asyncDispose]().then(() => process.exit(0))
})
