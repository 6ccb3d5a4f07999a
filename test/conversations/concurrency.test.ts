import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { describe, test } from 'vitest'
import { beginsAtOnce, duplicatesAtOnce, SENDS, sendsAtOnce } from './concurrency.ts'

describe('in memory', () => {
  test(`${SENDS} sends at once`, async () => {
    await using store = createMemoryStore()
    await sendsAtOnce(store)
  })

  test('50 duplicates at once', async () => {
    await using store = createMemoryStore()
    await duplicatesAtOnce(store)
  })

  test('a conversation begun many times at once', async () => {
    await using store = createMemoryStore()
    await beginsAtOnce(store)
  })
})

describe('in one SQLite file', () => {
  async function withFile(work: (path: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'chats-'))
    try {
      await work(join(folder, 'chats.db'))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  }

  test(`${SENDS} sends at once`, () =>
    withFile(async (path) => {
      await using store = createSqliteStore({ path })
      await sendsAtOnce(store)
    }))

  test('50 duplicates at once', () =>
    withFile(async (path) => {
      await using store = createSqliteStore({ path })
      await duplicatesAtOnce(store)
    }))

  test('a conversation begun many times at once', () =>
    withFile(async (path) => {
      await using store = createSqliteStore({ path })
      await beginsAtOnce(store)
    }))
})
