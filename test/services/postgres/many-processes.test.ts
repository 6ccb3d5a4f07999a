import pg from 'pg'
import { beforeAll, expect, test } from 'vitest'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { crashOften, KILLS } from '../../persistence/processes/crashes.ts'
import { prepareWorkers, type Workers } from '../../persistence/processes/run.ts'
import { migrateAtOnce, storm } from '../../persistence/processes/storms.ts'
import { usePostgres } from '../postgres-server.ts'

const server = usePostgres()
let workers: Workers
beforeAll(async () => {
  workers = await prepareWorkers()
})

async function rowsOf(sql: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: server().connectionString })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('8 processes that migrate at once end with one schema', async () => {
  await migrateAtOnce(workers, { connectionString: server().connectionString })
  expect(await rowsOf('select number::int from switchyard.migrations')).toEqual(
    [1, 2, 3, 4].map((number) => ({ number })),
  )
})

test('4 processes on one database: one order, exact counters, unique reactions', async () => {
  const { connectionString } = server()
  await using store = createPostgresStore({ connectionString })
  await storm(workers, { connectionString }, store)
})

test(`writers killed ${KILLS} times: every acknowledged turn is there, none by half, the next run goes on`, async () => {
  const { connectionString } = server()
  await using store = createPostgresStore({ connectionString })
  await crashOften(workers, { connectionString }, store)
})
