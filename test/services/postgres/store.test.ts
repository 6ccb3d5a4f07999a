import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LlmError } from 'llm-switchyard'
import { createPostgresStore, type PgPool } from 'llm-switchyard/persistence/postgres'
import { usePostgres } from '../postgres-server.ts'
import { until } from '../redis/time.ts'

const server = usePostgres()
let pool: pg.Pool
beforeAll(() => {
  pool = new pg.Pool({ connectionString: server()?.connectionString, max: 5 })
  pool.on('error', () => undefined)
})
afterAll(() => pool?.end())

const textOf = async (sql: string): Promise<string> => JSON.stringify((await pool.query(sql)).rows)

describe('a caller that aborts', () => {
  test('ends the statement in the server, and the connection is fit for the next', async () => {
    await using store = createPostgresStore({ pool })
    const { id } = await store.conversations.create({ userId: 'ada' })
    const other = await pool.connect()
    await other.query('begin')
    await other.query('select 1 from switchyard.conversations where id = $1 for update', [id])
    const leaving = new AbortController()
    const waiting = store.messages.append(id, [{ role: 'user', content: 'x' }], { signal: leaving.signal })
    const blocked =
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and query like 'with counted%'"
    await until(async () => (await pool.query(blocked)).rows.length === 1)
    leaving.abort()
    await expect(waiting).rejects.toMatchObject({ kind: 'aborted' })
    expect((await pool.query(blocked)).rows).toEqual([])
    await other.query('rollback')
    other.release()
    const [next] = await store.messages.append(id, [{ role: 'user', content: 'y' }])
    expect(next?.sequence).toBe(1)
    expect(pool.idleCount).toBe(pool.totalCount)
  })

  test('gives back a connection that it no longer waits for', async () => {
    const narrow = new pg.Pool({ connectionString: server().connectionString, max: 1 })
    narrow.on('error', () => undefined)
    await using store = createPostgresStore({ pool: narrow })
    await store.migrate()
    const held = await narrow.connect()
    const leaving = new AbortController()
    const waiting = store.usage.get('ada', { signal: leaving.signal })
    leaving.abort(new Error('the user left'))
    await expect(waiting).rejects.toThrow('the user left')
    held.release()
    await until(() => narrow.idleCount === 1)
    expect((await store.usage.get('ada')).calls).toBe(0)
    await narrow.end()
  })

  test('waits for nothing where no connection is left to cancel with', async () => {
    const narrow = new pg.Pool({ connectionString: server().connectionString, max: 1 })
    narrow.on('error', () => undefined)
    await using store = createPostgresStore({ pool: narrow })
    const { id } = await store.conversations.create({ userId: 'ada' })
    const other = await pool.connect()
    await other.query('begin')
    await other.query('select 1 from switchyard.conversations where id = $1 for update', [id])
    const leaving = new AbortController()
    const { signal } = leaving
    const waiting = store.transaction(
      (unit) => unit.messages.append(id, [{ role: 'user', content: 'x' }], { signal }),
      { signal },
    )
    const ended = waiting.catch((error: unknown) => error)
    await until(async () => narrow.totalCount === 1 && narrow.idleCount === 0)
    leaving.abort()
    await other.query('rollback')
    other.release()
    expect(await ended).toMatchObject({ kind: 'aborted' })
    expect((await store.conversations.get(id))?.messageCount).toBe(0)
    await narrow.end()
  })

  test('1 000 reads on one signal leave no listener behind', async () => {
    await using store = createPostgresStore({ pool })
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners++
      add(...given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners--
      remove(...given)
    }
    for (let round = 0; round < 50; round++)
      await Promise.all(Array.from({ length: 20 }, () => store.usage.get('ada', { signal })))
    expect(listeners).toBe(0)
  })
})

describe('history', () => {
  test('reads its window along an index, whatever the length of the conversation is', async () => {
    await using store = createPostgresStore({ pool, schema: 'plans' })
    for (let chat = 0; chat < 3; chat++) {
      const { id } = await store.conversations.create({ id: `c${chat}`, userId: 'ada' })
      const some = Array.from({ length: 1000 }, (_, at) => ({ role: 'user' as const, content: `m${at}` }))
      await store.messages.append(id, some)
    }
    await pool.query('analyze plans.messages')
    const heard: string[] = []
    const spy: PgPool = {
      connect: async () => {
        const client = await pool.connect()
        return {
          query: (text, values) => {
            if (typeof text !== 'string') throw new Error('nothing is prepared unless asked for')
            heard.push(text)
            return client.query(text, values)
          },
          release: () => client.release(),
        }
      },
    }
    await createPostgresStore({ pool: spy, schema: 'plans', migrate: 'never' }).messages.history('c1', {
      limit: 20,
    })
    expect(heard).toHaveLength(1)
    const plan = await pool.query(`explain (analyze, buffers, format json) ${heard[0]}`, ['c1'])
    const said = JSON.stringify(plan.rows)
    expect(said).toContain('messages_history')
    expect(said).not.toContain('Seq Scan on messages')
    const [{ Plan: top }] = plan.rows[0]['QUERY PLAN']
    expect(top['Shared Hit Blocks'] + top['Shared Read Blocks']).toBeLessThan(40)
  })
})

describe('what is wrong is said', () => {
  const kindOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => 'fine',
      (error: unknown) => (LlmError.is(error) ? `${error.kind} ${error.code}` : error),
    )

  test('a server that is not there', async () => {
    await using store = createPostgresStore({ connectionString: 'postgres://ada:s3cret@127.0.0.1:1/chats' })
    const error: unknown = await store.conversations.get('x').catch((reason: unknown) => reason)
    expect(error).toMatchObject({ kind: 'overloaded', code: 'store-down' })
    expect(JSON.stringify(error)).not.toContain('s3cret')
  })

  test('a database that is not there, and missing tables', async () => {
    const connectionString = server().connectionString.replace(/postgres$/, 'nowhere')
    await using lost = createPostgresStore({ connectionString })
    expect(await kindOf(lost.usage.get('ada'))).toBe('misconfigured store-denied')
    await using bare = createPostgresStore({ pool, schema: 'bare', migrate: 'never' })
    expect(await kindOf(bare.usage.get('ada'))).toBe('misconfigured schema-missing')
    expect(await bare.migrate()).toEqual({
      version: 4,
      applied: ['conversations', 'tenants', 'dictionaries', 'runs'],
    })
    expect(await bare.migrate()).toEqual({ version: 4, applied: [] })
    expect(await kindOf(bare.usage.get('ada'))).toBe('fine')
  })

  test('a schema of a newer release is left alone', async () => {
    await using store = createPostgresStore({ pool, schema: 'newer' })
    await store.migrate()
    await pool.query(`insert into newer.migrations values (99, 'later', 0)`)
    await using older = createPostgresStore({ pool, schema: 'newer' })
    expect(await kindOf(older.usage.get('ada'))).toBe('misconfigured schema-too-new')
  })

  test('options that are none', () => {
    expect(() => createPostgresStore({})).toThrow('connectionString')
    expect(() => createPostgresStore({ pool, schema: 'a"; drop schema public' })).toThrow('schema')
  })

  test('a server that comes back is used again', async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString, schema: 'outage' })
    const { id } = await store.conversations.create({ userId: 'ada' })
    await server().kill()
    expect(await kindOf(store.conversations.get(id))).toBe('overloaded store-down')
    await server().start()
    await until(async () => (await kindOf(store.conversations.get(id))) === 'fine')
    expect((await store.conversations.get(id))?.id).toBe(id)
  })
})

test('a role that owns only one schema can use the store', async () => {
  await pool.query(`create role guest login; create schema guest authorization guest`)
  const connectionString = server().connectionString.replace('postgres@', 'guest@')
  await using store = createPostgresStore({ connectionString, schema: 'guest' })
  await store.conversations.create({ userId: 'ada' })
  expect(await textOf('select count(*)::int as n from guest.conversations')).toBe('[{"n":1}]')
})

test('two transactions that wait for each other: one passes, the other rejects, no connection is lost', async () => {
  await using store = createPostgresStore({ pool, schema: 'deadlock' })
  const [a, b] = await Promise.all([1, 2].map(() => store.conversations.create({ userId: 'ada' })))
  const both = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
  const cross = (first: string, second: string, at: 0 | 1): Promise<void> =>
    store.transaction(async ({ messages }) => {
      await messages.append(first, [{ role: 'user', content: 'x' }])
      both[at].resolve()
      await both[at === 0 ? 1 : 0].promise
      await messages.append(second, [{ role: 'user', content: 'y' }])
    })
  const ends = await Promise.allSettled([
    cross(a?.id ?? '', b?.id ?? '', 0),
    cross(b?.id ?? '', a?.id ?? '', 1),
  ])
  expect(ends.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected'])
  const refused = ends.find((end) => end.status === 'rejected')
  expect(refused?.reason).toMatchObject({ kind: 'overloaded', code: 'store-busy' })
  for (const one of [a, b]) expect((await store.conversations.get(one?.id ?? ''))?.messageCount).toBe(1)
  expect(pool.idleCount).toBe(pool.totalCount)
})
