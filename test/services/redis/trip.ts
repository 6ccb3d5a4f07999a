import { createOrchestrator, type OrchestratorEvent } from '../../../src/create-orchestrator.ts'
import { createRedisBreakerSync } from '../../../src/persistence/redis/index.ts'
import { fakeFetch } from '../../../src/testing/index.ts'
import { connectRedis, type Library } from './clients.ts'
import { leave, processOptions, say, command } from './inside.ts'

export interface TripOptions {
  readonly port: number
  readonly library: Library
}

// A process whose provider fails: its breaker opens at the third call, for a minute.
const { port, library } = processOptions() as TripOptions
const connected = await connectRedis(library, { port })
const breakerSync = createRedisBreakerSync({ client: connected.client })
const events: OrchestratorEvent[] = []
const orchestrator = createOrchestrator({
  providers: { openai: { apiKey: 'any', fetch: fakeFetch({ error: 'server-failed' }) } },
  breaker: { failures: 3 },
  breakerSync,
  onEvent: (event) => events.push(event),
})
say('ready')

await command()
for (let call = 0; call < 3; call++)
  await orchestrator
    .chatApiCall({ model: 'openai/fails', messages: [{ role: 'user', content: 'Hi' }] })
    .catch(() => undefined)
say(events.filter(({ type }) => type === 'breaker'))

await command()
await orchestrator.close()
await breakerSync.close()
await connected[Symbol.asyncDispose]()
leave()
