// Sends one message and reports the result to its parent, which kills it in between. Run by crash.ts.
import { createChatService } from '../../src/conversations/index.ts'
import { createOrchestrator } from '../../src/index.ts'
import { createPostgresStore } from '../../src/persistence/postgres.ts'
import { createSqliteStore } from '../../src/persistence/sqlite.ts'

const [kind, place = '', baseUrl = '', requestId = ''] = process.argv.slice(2)
const store =
  kind === 'sqlite' ? createSqliteStore({ path: place }) : createPostgresStore({ connectionString: place })
const orchestrator = createOrchestrator({ providers: { openai: { baseUrl, apiKey: 'none' } } })
const chats = createChatService({ orchestrator, store, defaults: { model: 'openai/gpt-4.1-mini' } })
process.send?.('ready')
const { messageId } = await chats.send({ identity: { userId: 'ada' }, message: 'Hi', requestId })
process.send?.(`done ${messageId}`)
