import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOrchestrator, type Orchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { createOpenAIHandler, toNodeHandler, type OpenAIHandlerOptions } from 'llm-switchyard/http'
import { createFakeProvider, type FakeProvider, type FakeScript } from 'llm-switchyard/testing'

export interface GatewayOptions extends Partial<OpenAIHandlerOptions> {
  readonly script?: FakeScript | undefined
  readonly orchestrator?: OrchestratorOptions | undefined
}

export interface TestGateway extends AsyncDisposable {
  readonly url: string
  readonly fake: FakeProvider
  readonly orchestrator: Orchestrator
  readonly handler: (request: Request) => Promise<Response>
  /** POSTs JSON. */
  post(path: string, body: unknown, init?: RequestInit): Promise<Response>
  /** The body of the newest request upstream. */
  sent(): Record<string, unknown>
}

/** A gateway on node:http over the fake provider; `openai` and `anthropic` lead there. */
export async function gateway(options: GatewayOptions = {}): Promise<TestGateway> {
  const { script = 'Hello from the yard.', orchestrator: more, ...rest } = options
  const fake = await createFakeProvider({ script })
  const orchestrator = createOrchestrator({
    ...more,
    providers: {
      openai: { apiKey: 'upstream-key', baseUrl: fake.baseUrl('openai-chat') },
      anthropic: { apiKey: 'upstream-key', baseUrl: fake.baseUrl('anthropic-messages') },
      ...more?.providers,
    },
  })
  const handler = createOpenAIHandler(orchestrator, { authorize: 'open', ...rest })
  const server = createServer((request, response) => void toNodeHandler(handler)(request, response))
  const url = await listen(server)
  return {
    url,
    fake,
    orchestrator,
    handler,
    post: (path, body, init) =>
      fetch(url + path, {
        method: 'POST',
        ...init,
        headers: { 'content-type': 'application/json', ...(init?.headers as Record<string, string>) },
        body: JSON.stringify(body),
      }),
    sent: () => fake.log.at(-1)?.body as Record<string, unknown>,
    [Symbol.asyncDispose]: async () => {
      await shut(server)
      await orchestrator.close({ drainMs: 0 })
      await fake.close()
    },
  }
}

/** Starts a server on a free port of this machine. */
export async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

export async function shut(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}

/** The `data` of every frame of an SSE text. */
export function dataOf(text: string): unknown[] {
  return text.split('\n\n').flatMap((frame) => {
    const line = frame.split('\n').find((each) => each.startsWith('data: '))
    if (line === undefined || line === 'data: [DONE]') return []
    return [JSON.parse(line.slice(6))]
  })
}

export { until } from '../../patience.ts'
