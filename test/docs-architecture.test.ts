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

const PARTS = [
  'chat service',
  'chat handler',
  'gateway',
  'client',
  'runs',
  'stores',
  'limits',
  'queue',
  'attempts',
  'moderation',
  'prompts',
  'tools',
  'agents',
  'MCP',
]

test('the table of joints has every pair of parts once, with what passes and a test that exists', () => {
  const rows = tableBelow('Joints', page).map((row) => row.split('|').map((cell) => cell.trim()))
  const pairs = PARTS.flatMap((part, at) => PARTS.slice(at + 1).map((other) => `${part} · ${other}`))
  expect(rows.map(([, pair]) => pair)).toEqual(pairs)
  const wanting = rows.filter(
    ([, , what = '', file = '']) => what.length < 20 || !existsSync(join(root, file.replaceAll('`', ''))),
  )
  expect(wanting).toEqual([])
})
