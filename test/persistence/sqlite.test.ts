import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, test } from 'vitest'
import { createSqliteStore } from '../../src/persistence/sqlite.ts'
import {
  chatStoreLaws,
  dictionaryStoreLaws,
  runStoreLaws,
  personaStoreLaws,
} from '../../src/testing/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'sqlite-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe('the SQLite store keeps the laws, in one file', () => {
  const path = join(folder, 'laws.db')
  test.each(chatStoreLaws)('$name', ({ check }) => check(() => createSqliteStore({ path })))
})

describe('the SQLite store keeps the laws, in memory', () => {
  test.each(chatStoreLaws)('$name', ({ check }) => check(() => createSqliteStore({ path: ':memory:' })))
})

describe('its personas keep their laws', () => {
  const path = join(folder, 'personas.db')
  test.each(personaStoreLaws)('$name', ({ check }) => check(() => createSqliteStore({ path }).personas))
})

describe('its dictionaries keep their laws', () => {
  const path = join(folder, 'dictionaries.db')
  test.each(dictionaryStoreLaws)('$name', ({ check }) =>
    check(() => {
      const store = createSqliteStore({ path })
      return { ...store.dictionaries, close: () => store.close() }
    }),
  )
})

describe('its runs keep their laws', () => {
  const store = createSqliteStore({ path: join(folder, 'runs.db') })
  afterAll(() => store.close())
  test.each(runStoreLaws)('$name', ({ check }) => check(() => store.runs))
})
