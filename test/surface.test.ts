import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { inputs } from '../scripts/bundle.ts'
import { dialects, entries, exportMap, places, root } from '../scripts/entries.ts'
import tsup from '../tsup.config.ts'
import { outputOf } from './children.ts'
import { readSources, type Sources } from './house/sources.ts'
import { diffSurface, readSurface, surfaceOf } from './house/surface.ts'

const readJson = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))

describe('the entry points', () => {
  test('package.json exports each of them and nothing else', () => {
    const { exports } = readJson('package.json')
    expect(exports, '"exports" must be what exportMap() in scripts/entries.ts says').toEqual(exportMap())
    expect(JSON.stringify(exports), 'in the same order').toBe(JSON.stringify(exportMap()))
  })

  test('the build makes each of them and nothing else', () => {
    const built = entries().map(({ output, source }) => [output, source] as const)
    expect(tsup.dts).toEqual({ entry: Object.fromEntries(built) })
    expect(inputs()).toEqual({ ...Object.fromEntries(built), ...dialects() })
  })

  test('tsconfig.json leads each public name to its source', () => {
    const { paths } = readJson('tsconfig.json').compilerOptions
    const exported = Object.keys(exportMap()).filter((subpath) => subpath in places)
    const expected = exported.map((subpath) => [
      `llm-switchyard${subpath.slice(1)}`,
      [`./${places[subpath]}`],
    ])
    expect(paths).toEqual(Object.fromEntries(expected))
  })

  test('a new source becomes an entry point, a removed one is missed', () => {
    const files = ['src/index.ts', 'src/providers/index.ts', 'src/providers/groq.ts', 'src/core/call.ts']
    expect(entries(files)).toEqual([
      { subpath: '.', source: 'src/index.ts', output: 'index' },
      { subpath: './providers/groq', source: 'src/providers/groq.ts', output: 'providers/groq' },
    ])
    expect(exportMap(files)).toEqual({
      '.': { types: './dist/index.d.ts', default: './dist/index.js' },
      './providers/*': { types: './dist/providers/*.d.ts', default: './dist/providers/*.js' },
      './package.json': './package.json',
    })
    expect(Object.keys(exportMap(files.slice(1)))).not.toContain('.')
  })
})

describe('the exported names', () => {
  const sample: Sources = new Map([
    [
      'src/index.ts',
      `export { call, type Call } from './core/call.ts'
       export type { Event as AnyEvent } from './core/event.ts'
       export const a = 1, b = 2
       export interface Reply {}
       type Local = string
       const hidden = 1
       export { type Local }
       export function run() {}
       export class Failure {}`,
    ],
    ['src/testing/index.ts', 'export default 1\ninterface Script {}\nexport { Script as FakeScript }'],
  ])

  test('are read from the source of every entry point', () => {
    expect(surfaceOf(sample)).toEqual([
      ...['type AnyEvent', 'type Call', 'type Local', 'type Reply'].map((name) => `. ${name}`),
      ...['value Failure', 'value a', 'value b', 'value call', 'value run'].map((name) => `. ${name}`),
      './testing type FakeScript',
      './testing value default',
    ])
  })

  test('are missed when they go, and noticed when they come or change', () => {
    const breach = new Map(sample).set('src/index.ts', "export { type call, type New } from './core/call.ts'")
    const diff = diffSurface(surfaceOf(sample), surfaceOf(breach))
    expect(diff).toContain('removed . value call')
    expect(diff).toContain('added . type call')
    expect(diff).toContain('added . type New')
  })

  test('are those that were agreed on', () => {
    const diff = diffSurface(readSurface(), surfaceOf(readSources()))
    expect(diff, 'If users may see this change, run `npm run surface:update` and commit it.').toEqual([])
  })
})

test('the package holds what is built, and no sources or tests', async ({ skip }) => {
  if (!existsSync(join(root, 'dist'))) skip('there is no dist/; run `npm run build` first')
  const output = await outputOf('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root })
  const packed = JSON.parse(output)[0].files.map(({ path }: { path: string }) => path)
  for (const { output: name } of entries()) expect(packed).toContain(`dist/${name}.js`)
  const allowed = /^(dist\/|docs\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/
  expect(packed.filter((path: string) => !allowed.test(path))).toEqual([])
})

test('the lockfile installs on every platform, from any registry', () => {
  const locked: Record<string, { optionalDependencies?: object }> = readJson('package-lock.json').packages
  const paths = Object.keys(locked)
  const wanted = Object.values(locked).flatMap(({ optionalDependencies }) =>
    Object.keys(optionalDependencies ?? {}),
  )
  expect(wanted.filter((name) => !paths.some((path) => path.endsWith(`node_modules/${name}`)))).toEqual([])
  expect(paths.filter((path) => 'resolved' in locked[path]!)).toEqual([])
})
