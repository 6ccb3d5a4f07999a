import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { chatStoreLaws, createFakeClock } from 'llm-switchyard/testing'
import { createSqliteStore, type SqlExecutor, type SqlSession } from 'llm-switchyard/persistence/sqlite'
import { sqliteDialect } from '../../src/persistence/sqlite/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const fileOf = (name: string): string => join(folder, `${name}.db`)

test('what was written is there for the next process, in one file', async () => {
  const path = fileOf('again')
  const clock = createFakeClock()
  const first = createSqliteStore({ path, clock })
  const { id } = await first.conversations.create({ userId: 'ada', title: 'Engines' })
  const [message] = await first.messages.append(id, [{ role: 'user', content: 'Hello' }])
  await first.close()
  await using second = createSqliteStore({ path })
  expect(await second.conversations.get(id)).toMatchObject({
    title: 'Engines',
    messageCount: 1,
    createdAt: clock.epochMs(),
  })
  expect(await second.messages.history(id, { limit: 5 })).toEqual([message])
})

test('a file that was vacuumed is searched as before', async () => {
  const path = fileOf('vacuum')
  await using store = createSqliteStore({ path })
  const { id } = await store.conversations.create({ userId: 'ada' })
  const made = await store.messages.append(
    id,
    Array.from({ length: 30 }, (_, at) => ({ role: 'user' as const, content: `needle ${at}` })),
  )
  const erased = await store.conversations.create({ userId: 'ada' })
  await store.messages.append(erased.id, [{ role: 'user', content: 'needle too' }])
  await store.conversations.erase(erased.id)
  for (const { id: one } of made.slice(0, 10)) await store.messages.wipe(id, one)
  const direct = new DatabaseSync(path)
  direct.exec('vacuum')
  // Nothing of what was erased or wiped is left in the index.
  expect(direct.prepare(`select count(*) as n from switchyard_message_words('"needle"')`).get()).toEqual({
    n: 20,
  })
  direct.close()
  const { items } = await store.messages.search({ conversationId: id, text: 'needle 29' })
  expect(items.map(({ content }) => content)).toEqual(['needle 29'])
})

test('history reads its window along an index', async () => {
  const path = fileOf('plan')
  await using store = createSqliteStore({ path })
  const { id } = await store.conversations.create({ userId: 'ada' })
  await store.messages.append(id, [{ role: 'user', content: 'x' }])
  const direct = new DatabaseSync(path)
  const heard: string[] = []
  const spy: SqlExecutor = {
    query: async (sql, values) => {
      heard.push(sql)
      return direct.prepare(sql).all(named(values))
    },
    tx: async () => Promise.reject(new Error('history writes nothing')),
  }
  await createSqliteStore({ executor: spy, migrate: 'never' }).messages.history(id, { limit: 20 })
  expect(heard).toHaveLength(1)
  const plan = direct.prepare(`explain query plan ${heard[0]}`).all({ $1: id })
  direct.close()
  expect(JSON.stringify(plan)).toContain('switchyard_messages_history (conversation_id=?)')
  expect(JSON.stringify(plan)).not.toMatch(/TEMP B-TREE|SCAN/)
})

describe('a driver of the application passes the contract', () => {
  const path = fileOf('driver')
  test.each(chatStoreLaws)('$name', ({ check }) =>
    check(() => createSqliteStore({ executor: driverOf(path) })),
  )
})

/** The whole of what it takes to bring another driver. */
function driverOf(path: string): SqlExecutor {
  const database = new DatabaseSync(path, { enableForeignKeyConstraints: true, timeout: 5000 })
  database.exec('pragma journal_mode = wal')
  const session: SqlSession = { query: async (sql, values) => database.prepare(sql).all(named(values)) }
  let last: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.catch(() => undefined)
    return turn
  }
  return {
    query: (sql, values) => inTurn(() => session.query(sql, values)),
    tx: (work) =>
      inTurn(async () => {
        database.exec('begin immediate')
        try {
          const result = await work(session)
          database.exec('commit')
          return result
        } catch (error) {
          database.exec('rollback')
          throw error
        }
      }),
    close: async () => database.close(),
  }
}

function named(values: readonly (string | number | null)[]): Record<string, string | number | null> {
  return Object.fromEntries(values.map((value, at) => [`$${at + 1}`, value]))
}

describe('errors name the problem', () => {
  test('a folder that is not there', async () => {
    await using store = createSqliteStore({ path: join(folder, 'nowhere', 'chats.db') })
    await expect(store.usage.get('ada')).rejects.toMatchObject({ kind: 'misconfigured', code: 'store-down' })
  })

  test('a file that is no database', async () => {
    await using store = createSqliteStore({ path: import.meta.filename })
    await expect(store.usage.get('ada')).rejects.toMatchObject({
      kind: 'server-failed',
      code: 'store-failed',
    })
  })

  test('a process that holds the file too long; the wait does not block the event loop', async () => {
    const path = fileOf('busy')
    await using store = createSqliteStore({ path, busyTimeoutMs: 150 })
    const { id } = await store.conversations.create({ userId: 'ada' })
    const holder = new DatabaseSync(path)
    holder.exec('begin immediate')
    let ticks = 0
    const ticking = setInterval(() => ticks++, 5)
    const refused = store.messages.append(id, [{ role: 'user', content: 'x' }])
    await expect(refused).rejects.toMatchObject({ kind: 'overloaded', code: 'store-busy' })
    clearInterval(ticking)
    // A wait inside SQLite would have let none through.
    expect(ticks).toBeGreaterThan(0)
    // Readers are not in its way, nor it in theirs.
    expect((await store.conversations.get(id))?.messageCount).toBe(0)
    const leaving = new AbortController()
    const left = store.messages.append(id, [{ role: 'user', content: 'x' }], { signal: leaving.signal })
    leaving.abort()
    await expect(left).rejects.toMatchObject({ kind: 'aborted' })
    holder.exec('rollback')
    holder.close()
    expect((await store.messages.append(id, [{ role: 'user', content: 'y' }]))[0]?.sequence).toBe(1)
  })

  test('a call on the store from inside its own transaction ends by itself', async () => {
    await using store = createSqliteStore({ path: fileOf('inside'), busyTimeoutMs: 100 })
    const { id } = await store.conversations.create({ userId: 'ada' })
    const stuck = store.transaction(() => store.messages.append(id, [{ role: 'user', content: 'x' }]))
    await expect(stuck).rejects.toMatchObject({ kind: 'overloaded', code: 'store-busy' })
    await expect(stuck).rejects.toThrow('inside a transaction, call its unit instead of the store')
    expect((await store.messages.append(id, [{ role: 'user', content: 'y' }]))[0]?.sequence).toBe(1)
  })

  test('a prefix that is none, a schema of a newer release, missing tables', async () => {
    expect(() => createSqliteStore({ prefix: 'x;--' })).toThrow('prefix')
    const path = fileOf('newer')
    const store = createSqliteStore({ path, prefix: 'chat_' })
    expect(await store.migrate()).toEqual({
      version: 4,
      applied: ['conversations', 'tenants', 'dictionaries', 'runs'],
    })
    await store.close()
    const direct = new DatabaseSync(path)
    direct.exec(`insert into chat_migrations values (99, 'later', 0)`)
    direct.close()
    await using older = createSqliteStore({ path, prefix: 'chat_' })
    await expect(older.usage.get('ada')).rejects.toMatchObject({ code: 'schema-too-new' })
    await using bare = createSqliteStore({ path, prefix: 'bare_', migrate: 'never' })
    await expect(bare.usage.get('ada')).rejects.toThrow('call migrate(), or leave migrate at first-use')
  })
})

test('a file of the first schema is migrated: totals stay with users without an organisation', async () => {
  const path = fileOf('first')
  const direct = new DatabaseSync(path)
  const [first] = sqliteDialect('switchyard_').migrations
  for (const statement of first?.statements ?? []) direct.exec(statement)
  direct.exec('create table switchyard_migrations (number bigint primary key, name text, applied_at bigint)')
  direct.exec(`insert into switchyard_migrations values (1, 'conversations', 0)`)
  direct.exec(
    `insert into switchyard_user_usage (user_id, last_used_at, total_tokens, calls) values ('ada', 5, 7, 2)`,
  )
  direct.close()
  await using store = createSqliteStore({ path })
  expect(await store.migrate()).toEqual({ version: 4, applied: ['tenants', 'dictionaries', 'runs'] })
  expect(await store.usage.get('ada')).toMatchObject({ totalTokens: 7, calls: 2, lastUsedAt: 5 })
  expect(await store.usage.get({ userId: 'ada', orgId: 'acme' })).toMatchObject({ totalTokens: 0, calls: 0 })
})
