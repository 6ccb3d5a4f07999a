import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { test } from 'vitest'
import { sized } from '../proof.ts'
import { killedRuns } from './crash.ts'

test('a process killed at any moment of a run: no finished tool runs again, no run is lost (SQLite)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'runs-'))
  const place = join(folder, 'runs.db')
  try {
    await using store = createSqliteStore({ path: place })
    await killedRuns(store.runs, { kind: 'sqlite', place, folder }, sized(6, 100))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
