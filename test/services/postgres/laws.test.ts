import pg from 'pg'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createPostgresStore } from '../../../src/persistence/postgres.ts'
import {
  chatStoreLaws,
  dictionaryStoreLaws,
  personaStoreLaws,
  runStoreLaws,
} from '../../../src/testing/index.ts'
import { usePostgres } from '../postgres-server.ts'

const server = usePostgres()

describe('the Postgres store passes the contract, on a pool of the application', () => {
  let pool: pg.Pool | undefined
  beforeAll(() => {
    pool = new pg.Pool({ connectionString: server()?.connectionString, max: 10 })
    pool.on('error', () => undefined)
  })
  afterAll(() => pool?.end())
  test.each(chatStoreLaws)('$name', ({ check }) => check(() => createPostgresStore({ pool })))
})

describe('the Postgres store passes the contract, on a pool of its own, with prepared statements', () => {
  test.each(chatStoreLaws)('$name', ({ check }) =>
    check(() =>
      createPostgresStore({
        connectionString: server().connectionString,
        schema: 'own',
        maxConnections: 3,
        prepare: true,
      }),
    ),
  )
})

describe('its personas keep their laws', () => {
  test.each(personaStoreLaws)('$name', async ({ check }) => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await check(() => store.personas)
  })
})

describe('its dictionaries keep their laws', () => {
  test.each(dictionaryStoreLaws)('$name', async ({ check }) => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await check(() => store.dictionaries)
  })
})

describe('its runs keep their laws', () => {
  test.each(runStoreLaws)('$name', async ({ check }) => {
    await using store = createPostgresStore({ connectionString: server().connectionString })
    await check(() => store.runs)
  })
})
