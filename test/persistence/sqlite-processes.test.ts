import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { crashOften, KILLS } from './processes/crashes.ts'
import { prepareWorkers, type Workers } from './processes/run.ts'
import { migrateAtOnce, storm } from './processes/storms.ts'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
let workers: Workers
beforeAll(async () => {
  workers = await prepareWorkers()
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function rowsOf(path: string, sql: string): readonly unknown[] {
  const database = new DatabaseSync(path)
  try {
    return database.prepare(sql).all()
  } finally {
    database.close()
  }
}

test('8 processes that make one file at once end with one schema', async () => {
  const path = join(folder, 'migrated.db')
  await migrateAtOnce(workers, { path })
  expect(rowsOf(path, 'select number from switchyard_migrations')).toEqual(
    [1, 2, 3, 4].map((number) => ({ number })),
  )
})

test('4 processes on one file: one order, exact counters, unique reactions', async () => {
  const path = join(folder, 'storm.db')
  await using store = createSqliteStore({ path })
  await storm(workers, { path }, store)
})

test(`writers killed ${KILLS} times: every acknowledged turn is there, none by half, the next run goes on`, async () => {
  const path = join(folder, 'crash.db')
  await using store = createSqliteStore({ path })
  await crashOften(workers, { path }, store)
  expect(rowsOf(path, 'pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect(rowsOf(path, 'pragma foreign_key_check')).toEqual([])
})
