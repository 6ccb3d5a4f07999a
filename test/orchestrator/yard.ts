import type { ServerResponse } from 'node:http'
import { createOrchestrator, type Orchestrator, type OrchestratorOptions } from 'llm-switchyard'
import { chunk, DONE, serve, SSE, text, type Loopback } from '../loopback.ts'

/** What an upstream does with its `turn`-th request. */
export type Answer = (response: ServerResponse, turn: number, key: string) => void

export const good: Answer = (response) => {
  response.writeHead(200, SSE)
  response.end(text('Hi') + chunk({}, 'stop') + DONE)
}
export const refuse =
  (status: number, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify({ error: { message: `status ${status}` } }))
  }
export const messages: { role: 'user'; content: string }[] = [{ role: 'user', content: 'Hello' }]

export interface Yard extends AsyncDisposable {
  readonly orchestrator: Orchestrator
  /** Which upstream was asked, in order. */
  readonly turns: string[]
}

/** An orchestrator over real upstreams, one per name; each is reached as `name/m`. */
export async function yard(
  answers: Record<string, Answer>,
  options: OrchestratorOptions = {},
): Promise<Yard> {
  const turns: string[] = []
  const servers: Loopback[] = []
  const providers: Record<string, object> = {}
  for (const [id, answer] of Object.entries(answers)) {
    let turn = 0
    const server = await serve((request, response) => {
      turns.push(id)
      answer(response, turn++, String(request.headers.authorization))
    })
    servers.push(server)
    providers[id] = {
      extends: 'openai',
      baseUrl: `${server.url}/v1`,
      apiKey: 'key',
      ...options.providers?.[id],
    }
  }
  const orchestrator = createOrchestrator({
    ...options,
    providers,
  })
  return {
    orchestrator,
    turns,
    [Symbol.asyncDispose]: async () => {
      await orchestrator.close({ drainMs: 0 })
      for (const server of servers) await server[Symbol.asyncDispose]()
    },
  }
}
