// node examples/fallback.ts (after `npm run build:js`): two fake providers, one of them down.
import { createOrchestrator } from 'llm-switchyard'
import { createFakeProvider } from 'llm-switchyard/testing'

await using down = await createFakeProvider({ script: { error: 'overloaded' } })
await using up = await createFakeProvider({ script: 'Hello from the other line.' })

await using orchestrator = createOrchestrator({
  providers: {
    openai: { baseUrl: down.baseUrl('openai-chat'), apiKey: 'none' },
    anthropic: { baseUrl: up.baseUrl('anthropic-messages'), apiKey: 'none' },
  },
  fallback: ['anthropic/claude-haiku-4-5'],
  retry: { attempts: 3, backoffMs: 50 },
  breaker: { failures: 3, openMs: 30_000 },
  onEvent: (event) => console.log('event   ', JSON.stringify(event)),
})

for (let turn = 1; turn <= 3; turn++) {
  const messages = [{ role: 'user' as const, content: 'Hello?' }]
  const reply = await orchestrator.chatApiCall({ model: 'openai/gpt-4.1-mini', messages })
  const tries = reply.attempts.map(
    ({ provider, error }) => `${provider}${error === undefined ? '' : ` (${error.kind})`}`,
  )
  console.log(`answer ${turn}`, JSON.stringify(reply.text), 'after', tries.join(' → '))
}
console.log('health  ', JSON.stringify(orchestrator.health()['openai/gpt-4.1-mini']?.status))
