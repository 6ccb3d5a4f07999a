import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ChatStore } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'

/** One turn of a benchmark: what is asked and what is answered. */
export interface Turn {
  readonly ask: string
  readonly answer: string
}

/** A store as the benchmark sees it. */
export interface Subject {
  readonly name: string
  /** Starts conversation `at`. */
  start(at: number): Promise<void>
  /** Keeps one turn, which is two messages, in conversation `at`. */
  keep(at: number, turn: Turn): Promise<void>
  /** Loads what a model would be shown: the newest `limit` messages. Returns how many it got. */
  load(at: number, limit: number): Promise<number>
  /** Keeps many turns as fast as it can: for setting up. */
  fill(at: number, turns: readonly Turn[]): Promise<void>
  close(): Promise<void>
}

const usage = { inputTokens: 120, outputTokens: 80, totalTokens: 200 }

function ours(name: string, store: ChatStore): Subject {
  const id = (at: number): string => `conversation-${at}`
  const messages = ({ ask, answer }: Turn) => [
    { role: 'user' as const, content: ask },
    { role: 'assistant' as const, content: answer, usage, costUsd: 0.001 },
  ]
  return {
    name,
    start: async (at) => void (await store.conversations.create({ id: id(at), userId: `user-${at % 50}` })),
    keep: async (at, turn) => void (await store.messages.append(id(at), messages(turn))),
    load: async (at, limit) => (await store.messages.history(id(at), { limit })).length,
    fill: async (at, turns) => void (await store.messages.append(id(at), turns.flatMap(messages))),
    close: () => store.close(),
  }
}

/** Ours, in the order of the report. Without an address those on Postgres are left out. */
export function ourSubjects(
  connectionString: string | undefined,
  { inMemory }: { readonly inMemory: boolean },
): readonly Subject[] {
  const folder = mkdtempSync(join(tmpdir(), 'history-'))
  const sqlite = ours('switchyard, SQLite', createSqliteStore({ path: join(folder, 'chats.db') }))
  const close = async (): Promise<void> => {
    await sqlite.close()
    rmSync(folder, { recursive: true, force: true })
  }
  const memory = inMemory ? [ours('switchyard, memory', createMemoryStore())] : []
  const embedded = [...memory, { ...sqlite, close }]
  if (connectionString === undefined) return embedded
  const prepared = createPostgresStore({ connectionString, schema: 'prepared', prepare: true })
  return [
    ...embedded,
    ours('switchyard, Postgres', createPostgresStore({ connectionString })),
    ours('switchyard, Postgres, prepared', prepared),
  ]
}

/** Those of others that are installed in `bench/peers`, all on Postgres. */
export async function peerSubjects(connectionString: string): Promise<readonly Subject[]> {
  const made = await Promise.all([langchain(connectionString), mastra(connectionString)])
  return made.filter((subject) => subject !== undefined)
}

async function load<T>(name: string): Promise<T | undefined> {
  const require = createRequire(join(import.meta.dirname, 'peers', 'package.json'))
  try {
    return (await import(pathToFileURL(require.resolve(name)).href)) as T
  } catch (error) {
    console.error(`left out: ${name} (${error instanceof Error ? error.message.split('\n')[0] : ''})`)
    return undefined
  }
}

interface LangChainHistory {
  addMessages(messages: readonly object[]): Promise<void>
  getMessages(): Promise<readonly object[]>
}
interface LangChainPostgres {
  PostgresChatMessageHistory: new (options: object) => LangChainHistory
}
interface LangChainMessages {
  HumanMessage: new (text: string) => object
  AIMessage: new (text: string) => object
}
interface PgModule {
  default: { Pool: new (options: object) => { end(): Promise<void> } }
}

async function langchain(connectionString: string): Promise<Subject | undefined> {
  const stores = await load<LangChainPostgres>('@langchain/community/stores/message/postgres')
  const words = await load<LangChainMessages>('@langchain/core/messages')
  const pg = await load<PgModule>('pg')
  if (stores === undefined || words === undefined || pg === undefined) return undefined
  const pool = new pg.default.Pool({ connectionString, max: 10 })
  // It asks whether its table is there once per history: made once, as a server keeps them.
  const histories = new Map<number, LangChainHistory>()
  const of = (at: number): LangChainHistory => {
    const known = histories.get(at)
    if (known !== undefined) return known
    const made = new stores.PostgresChatMessageHistory({ pool, sessionId: `s${at}`, tableName: 'langchain' })
    histories.set(at, made)
    return made
  }
  // Histories that make the table at once get in each other's way: the first makes it alone.
  await of(0).getMessages()
  const messages = ({ ask, answer }: Turn): readonly object[] => [
    new words.HumanMessage(ask),
    new words.AIMessage(answer),
  ]
  return {
    name: 'LangChain, Postgres',
    start: async (at) => void (await of(at).getMessages()),
    keep: (at, turn) => of(at).addMessages(messages(turn)),
    load: async (at, limit) => (await of(at).getMessages()).slice(-limit).length,
    fill: (at, turns) => of(at).addMessages(turns.flatMap(messages)),
    close: () => pool.end(),
  }
}

interface MastraMemory {
  init(): Promise<void>
  saveThread(given: object): Promise<unknown>
  saveMessages(given: { messages: readonly object[] }): Promise<unknown>
  listMessages(given: object): Promise<{ readonly messages: readonly object[] }>
}
interface MastraPg {
  PostgresStore: new (options: object) => {
    init(): Promise<void>
    getStore(name: 'memory'): Promise<MastraMemory | undefined>
    close(): Promise<void>
  }
}

async function mastra(connectionString: string): Promise<Subject | undefined> {
  const module = await load<MastraPg>('@mastra/pg')
  if (module === undefined) return undefined
  const store = new module.PostgresStore({ id: 'bench', connectionString, schemaName: 'mastra', max: 10 })
  await store.init()
  const memory = await store.getStore('memory')
  if (memory === undefined) return undefined
  let time = Date.now()
  const message = (at: number, role: string, text: string): object => ({
    id: crypto.randomUUID(),
    threadId: `t${at}`,
    resourceId: `r${at % 50}`,
    role,
    type: 'v2',
    createdAt: new Date(time++),
    content: { format: 2, parts: [{ type: 'text', text }], content: text },
  })
  const messages = (at: number, { ask, answer }: Turn): readonly object[] => [
    message(at, 'user', ask),
    message(at, 'assistant', answer),
  ]
  return {
    name: 'Mastra, Postgres',
    start: async (at) => {
      const [createdAt, updatedAt] = [new Date(), new Date()]
      const thread = {
        id: `t${at}`,
        resourceId: `r${at % 50}`,
        title: '',
        metadata: {},
        createdAt,
        updatedAt,
      }
      await memory.saveThread({ thread })
    },
    keep: async (at, turn) => void (await memory.saveMessages({ messages: messages(at, turn) })),
    load: async (at, perPage) => {
      // As its own memory asks for the newest: without the total.
      const orderBy = { field: 'createdAt', direction: 'DESC' }
      const given = { threadId: `t${at}`, perPage, page: 0, orderBy, includeTotal: false }
      return (await memory.listMessages(given)).messages.length
    },
    fill: async (at, turns) =>
      void (await memory.saveMessages({ messages: turns.flatMap((turn) => messages(at, turn)) })),
    close: () => store.close(),
  }
}
