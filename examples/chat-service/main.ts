// node examples/chat-service/main.ts say "Hello!"            (after `npm run build:js`) starts a chat in chats.db
// node examples/chat-service/main.ts say --chat ID "And?"    continues it, also in a later process
// node examples/chat-service/main.ts list                    lists the stored chats
// With --model groq/llama-3.3-70b a real provider answers; its key is read from the environment.
import { parseArgs } from 'node:util'
import { createOrchestrator, LlmError } from 'llm-switchyard'
import { createChatService, type ChatService } from 'llm-switchyard/conversations'
import { createFakeProvider } from 'llm-switchyard/testing'
// For PostgreSQL import './postgres-store.ts' and set DATABASE_URL.
import { openStore } from './sqlite-store.ts'

const identity = { userId: process.env['USER'] ?? 'me' }

async function say(chats: ChatService, message: string, conversationId: string | undefined): Promise<void> {
  const stream = await chats.stream({ identity, message, conversationId })
  for await (const event of stream) if (event.type === 'text-delta') process.stdout.write(event.text)
  const { tokens } = await stream.turn
  console.log(`\n\nchat ${stream.conversationId} · ${tokens} tokens`)
}

async function list(chats: ChatService): Promise<void> {
  const { data } = await chats.list({ identity, limit: 20 })
  for (const { id, title = '(no title yet)', messageCount, usage } of data)
    console.log(`${id} · ${title} · ${messageCount} messages · ${usage.totalTokens} tokens`)
  const { totalTokens, conversationCount } = await chats.usage({ identity })
  console.log(`${conversationCount} chats, ${totalTokens} tokens in all`)
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { model: { type: 'string' }, chat: { type: 'string' } },
})
const [command, ...message] = positionals
await using fake = await createFakeProvider({
  script: ({ system, turns, prompt }) => {
    if (system !== '') return `About ${prompt.split(' ').slice(0, 4).join(' ')}`
    const said = turns.filter(({ role }) => role === 'user').length
    return `You said "${prompt}". That makes ${said}.`
  },
})
const openai =
  values.model === undefined ? { baseUrl: fake.baseUrl('openai-chat'), apiKey: 'none' } : undefined
await using orchestrator = createOrchestrator({
  ...(openai === undefined ? {} : { providers: { openai } }),
  limits: { user: { requestsPerMinute: 20 } },
  queue: { concurrency: 4 },
})
await using store = openStore()
await using chats = createChatService({
  orchestrator,
  store,
  autoTitle: true,
  defaults: { model: values.model ?? 'openai/gpt-4.1-mini' },
})
try {
  if (command === 'say' && message.length > 0) await say(chats, message.join(' '), values.chat)
  else if (command === 'list') await list(chats)
  else console.log('Usage: main.ts say [--chat ID] [--model provider/model] "message" | main.ts list')
} catch (error) {
  console.error(LlmError.is(error) ? `${error.kind}: ${error.message}` : error)
  process.exitCode = 1
}
