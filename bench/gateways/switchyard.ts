import { createServer } from 'node:http'
import { createOrchestrator } from 'llm-switchyard'
import { createOpenAIHandler, toNodeHandler, type ModelTarget } from 'llm-switchyard/http'
import { createUndiciTransport } from 'llm-switchyard/undici'
import { KEY, MODEL } from '../wire.ts'
import { listen } from './listen.ts'

// Our gateway with everything on, on `fetch` or on undici. The model of a request says how the upstream shall answer.
const [kind = 'fetch', origin = ''] = process.argv.slice(2)

const orchestrator = createOrchestrator({
  limits: { global: { requestsPerMinute: 1e9 }, user: { requestsPerMinute: 1e9, tokensPerMinute: 1e12 } },
  queue: { concurrency: 10_000, maxPending: 10_000 },
  breaker: {},
  retry: { attempts: 2 },
  transport: kind === 'undici' ? createUndiciTransport() : undefined,
})
const modes = ['whole', 'coalesced', 'each', 'paced']
const target = (mode: string): ModelTarget => ({
  provider: 'openai-compatible',
  model: MODEL,
  baseUrl: `${origin}/${mode}/v1`,
  apiKey: KEY,
})
const handler = createOpenAIHandler(orchestrator, {
  authorize: ({ headers }) => ({ userId: headers.get('authorization') ?? 'nobody' }),
  models: Object.fromEntries(modes.map((mode) => [mode, target(mode)])),
})
const listener = toNodeHandler(handler)
listen(createServer((request, response) => void listener(request, response)))
