import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ChatStore } from 'llm-switchyard/conversations'
import { createMemoryStore } from 'llm-switchyard/persistence/memory'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { createSqliteStore } from 'llm-switchyard/persistence/sqlite'
import { afterEach, describe, test } from 'vitest'
import { createDocumentStore } from '../../examples/document-store/store.ts'
import { createDocumentDatabase } from '../persistence/document-database.ts'
import { usePostgres } from '../services/postgres-server.ts'
import { branchLaws, type Opened } from './branch-laws.ts'

const folder = mkdtempSync(join(tmpdir(), 'branches-'))
const open: ChatStore[] = []
afterEach(async () => {
  for (const store of open.splice(0)) await store.close()
})

function twice(make: () => ChatStore): ReturnType<Opened> {
  const stores = [make(), make()] as const
  open.push(...stores)
  return stores
}

const stores: Readonly<Record<string, Opened>> = {
  memory: () => {
    const store = createMemoryStore()
    return twice(() => store)
  },
  'one SQLite file': () => {
    const path = join(folder, `${crypto.randomUUID()}.db`)
    return twice(() => createSqliteStore({ path }))
  },
  'the example of a document store': () => {
    const database = createDocumentDatabase()
    return twice(() => createDocumentStore(database))
  },
}

describe.each(Object.entries(stores))('branches in %s', (_name, opened) => {
  test.each(branchLaws)('$name', ({ check }) => check(opened))
})

describe('branches in PostgreSQL', () => {
  const server = usePostgres()
  const opened: Opened = () =>
    twice(() => createPostgresStore({ connectionString: server().connectionString }))
  test.each(branchLaws)('$name', ({ check }) => check(opened))
})

process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
