import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { describe, test } from 'vitest'
import { sized } from '../proof.ts'
import { usePostgres } from '../services/postgres-server.ts'
import { beginsAtOnce, duplicatesAtOnce, SENDS, sendsAtOnce } from './concurrency.ts'
import { killedAndContinued } from './crash.ts'

describe('in PostgreSQL', () => {
  const server = usePostgres()

  test(`${SENDS} sends at once`, async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await sendsAtOnce(store)
  })

  test('50 duplicates at once', async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await duplicatesAtOnce(store)
  })

  test('a conversation begun many times at once', async () => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await beginsAtOnce(store)
  })

  test('a process killed between admission and answer: the same request id goes on', async () => {
    const { connectionString } = server()
    await using store = createPostgresStore({ connectionString })
    await killedAndContinued(store, { kind: 'postgres', place: connectionString }, sized(3, 6))
  })
})
