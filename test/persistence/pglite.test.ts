import { PGlite } from '@electric-sql/pglite'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createPgliteStore } from '../../src/persistence/pglite.ts'
import { chatStoreLaws, dictionaryStoreLaws, runStoreLaws } from '../../src/testing/index.ts'

describe('the PGlite store keeps the laws', () => {
  let database: PGlite | undefined
  beforeAll(async () => {
    database = await PGlite.create()
  })
  afterAll(() => database?.close())
  test.each(chatStoreLaws)('$name', ({ check }) => check(() => createPgliteStore({ database })))
  test.each(dictionaryStoreLaws)('$name', ({ check }) =>
    check(() => createPgliteStore({ database }).dictionaries),
  )
  test.each(runStoreLaws)('$name', ({ check }) => check(() => createPgliteStore({ database }).runs))
})
