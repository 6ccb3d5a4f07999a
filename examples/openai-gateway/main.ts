// npm run build:js && npx node examples/openai-gateway/main.ts
// Then, in another shell, any OpenAI or Anthropic client; README.md has a few.
import { createServer } from 'node:http'
import { parseArgs } from 'node:util'
import { createOpenAIHandler, toNodeHandler } from 'llm-switchyard/http'
import { authorizeBy } from './keys.ts'
import { openYard } from './yard.ts'

const { values } = parseArgs({ options: { port: { type: 'string', default: '8080' } } })
const yard = await openYard()
const handler = createOpenAIHandler(yard.orchestrator, {
  authorize: authorizeBy(process.env['GATEWAY_KEYS']),
  models: yard.models,
  anyModel: true,
})
const listener = toNodeHandler(handler)
const server = createServer((request, response) => void listener(request, response))

async function stop(): Promise<void> {
  server.close()
  await yard[Symbol.asyncDispose]()
  server.closeAllConnections()
}
process.once('SIGINT', () => void stop())
process.once('SIGTERM', () => void stop())

server.listen(Number(values.port), '127.0.0.1', () => {
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : address
  console.log(`The gateway listens on http://127.0.0.1:${port}/v1`)
  console.log(`Models: ${Object.keys(yard.models).join(', ')}, or any provider/model.`)
  if (yard.fake) console.log('No key in the environment: the built-in fake provider answers.')
})
