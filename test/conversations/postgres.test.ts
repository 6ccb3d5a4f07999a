import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { describe, test } from 'vitest'
import { usePostgres } from '../services/postgres-server.ts'
import { duplicatesAtOnce, sendsAtOnce } from './concurrency.ts'
import { killedAndContinued } from './crash.ts'

describe('in PostgreSQL', () => {
  const server = usePostgres()

  test('200 sends at once', async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await sendsAtOnce(store)
  }, 60_000)

  test('50 duplicates at once', async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await duplicatesAtOnce(store)
  }, 60_000)

  test('a process killed between admission and answer: the same request id goes on', async () => {
    const { connectionString } = server()
    await using store = createPostgresStore({ connectionString })
    await killedAndContinued(store, { kind: 'postgres', place: connectionString }, 6)
  }, 60_000)
})
