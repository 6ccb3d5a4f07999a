import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { proofs } from '../scripts/proof-list.ts'
import { root, sourceFiles } from '../scripts/entries.ts'

const listed = Object.values(proofs).flat()

test('every file that takes a slice, or measures, belongs to one proof', () => {
  const sliced = sourceFiles('test').filter(
    (path) =>
      path.endsWith('.test.ts') && / from '[./]*\/proof\.ts'/.test(readFileSync(join(root, path), 'utf8')),
  )
  expect(sliced.filter((path) => !listed.includes(path))).toEqual([])
})

test('every file of a proof exists, once', () => {
  expect(listed.filter((path) => !existsSync(join(root, path)))).toEqual([])
  expect(new Set(listed).size).toBe(listed.length)
})
