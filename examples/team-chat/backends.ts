import type { ChatStore } from 'llm-switchyard/conversations'
import type { StreamLog } from 'llm-switchyard/http'
import type { LimitStore } from 'llm-switchyard/limits'

/** Where chats, running streams and limits live. */
export interface Backends extends AsyncDisposable {
  readonly store: ChatStore
  /** Absent in a single process, whose memory is enough. */
  readonly log?: StreamLog
  readonly limitStore?: LimitStore
}

type Environment = Readonly<Record<string, string | undefined>>

/** Uses Postgres if `DATABASE_URL` is set, otherwise the SQLite file `CHATS_FILE` or memory; Redis if `REDIS_URL` is set. */
export async function openBackends(env: Environment = process.env): Promise<Backends> {
  await using opened = new AsyncDisposableStack()
  const store = await openStore(env)
  opened.defer(() => store.close())
  const shared = env['REDIS_URL'] === undefined ? {} : await openRedis(env['REDIS_URL'], opened)
  const all = opened.move()
  return { store, ...shared, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

async function openStore({ DATABASE_URL, CHATS_FILE }: Environment): Promise<ChatStore> {
  if (DATABASE_URL !== undefined) {
    const { createPostgresStore } = await import('llm-switchyard/persistence/postgres')
    return createPostgresStore({ connectionString: DATABASE_URL })
  }
  if (CHATS_FILE !== undefined) {
    const { createSqliteStore } = await import('llm-switchyard/persistence/sqlite')
    return createSqliteStore({ path: CHATS_FILE })
  }
  const { createMemoryStore } = await import('llm-switchyard/persistence/memory')
  return createMemoryStore()
}

async function openRedis(
  url: string,
  opened: AsyncDisposableStack,
): Promise<Pick<Backends, 'log' | 'limitStore'>> {
  const { createClient } = await import('redis')
  const { createRedisLimitStore, createRedisStreamLog } = await import('llm-switchyard/redis')
  const client = createClient({ url })
  client.on('error', (error: Error) => console.error(`redis: ${error.message}`))
  await client.connect()
  opened.defer(() => client.destroy())
  const limitStore = createRedisLimitStore({ client, onDown: 'fail-open' })
  opened.defer(() => limitStore.close())
  const log = createRedisStreamLog({ client })
  opened.defer(() => log.close())
  return { limitStore, log }
}
