import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { root } from '../scripts/entries.ts'
import { stageOrder } from '../src/core/stage.ts'
import { tableBelow } from './house/folders.ts'

const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')

test('every file of the path of a call exists', () => {
  const diagram = /\n## The path of a call\n\n```\n([^]*?)```/.exec(page)?.[1] ?? ''
  const files = [...diagram.matchAll(/[\w/-]+\.ts\b/g)].map(([path]) => `src/${path}`)
  expect(files.length).toBeGreaterThan(10)
  expect(files.filter((path) => !existsSync(join(root, path)))).toEqual([])
})

test('the table of stages has the positions of stageOrder, in their order, with the files that use them', () => {
  const rows = tableBelow('Stages', page).map((row) => row.split('|').map((cell) => cell.trim()))
  const builtIn = rows.filter(([, position]) => position !== '(yours)')
  expect(builtIn.map(([, position]) => position)).toEqual(
    Object.keys(stageOrder).map((name) => `\`${name}\``),
  )
  for (const [, position = '', , file = ''] of builtIn) {
    const source = readFileSync(join(root, 'src', file.replaceAll('`', '')), 'utf8')
    expect(source).toContain(`stageOrder.${position.replaceAll('`', '')}`)
  }
})
