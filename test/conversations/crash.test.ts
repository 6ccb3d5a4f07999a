import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { expect, test } from 'vitest'
import { sized } from '../proof.ts'
import { killedAndContinued } from './crash.ts'

const KILLS = sized(3, 8)

test('a process killed between admission and answer: the same request id goes on (SQLite)', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'crash-'))
  const path = join(folder, 'chats.db')
  try {
    await using store = createSqliteStore({ path })
    await killedAndContinued(store, { kind: 'sqlite', place: path }, KILLS)
    expect((await store.usage.get('ada')).conversationCount).toBe(KILLS)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
