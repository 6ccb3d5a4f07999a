import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createPostgresStore } from '../../../src/persistence/postgres.ts'
import { sized } from '../../proof.ts'
import { killedRuns } from '../../tools/crash.ts'
import { usePostgres } from '../postgres-server.ts'

const server = usePostgres()

test('a process killed at any moment of a run: no finished tool runs again, no run is lost (Postgres)', async () => {
  const { connectionString: place } = server()
  const folder = await mkdtemp(join(tmpdir(), 'runs-'))
  try {
    await using store = createPostgresStore({ connectionString: place })
    await killedRuns(store.runs, { kind: 'postgres', place, folder }, sized(4, 100))
    expect(await store.runs.read({ owner: '@/', runId: 'run_0' })).not.toEqual([])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
