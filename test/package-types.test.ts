import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { entries, exportMap, root } from '../scripts/entries.ts'
import { runChild } from './children.ts'

const NAME = 'llm-switchyard'

/** A folder in which an application has our package, TypeScript and Node's types, and no other package. */
function createConsumer(): string {
  const folder = mkdtempSync(join(tmpdir(), 'types-'))
  const installed = join(folder, 'node_modules', NAME)
  mkdirSync(installed, { recursive: true })
  cpSync(join(root, 'dist'), join(installed, 'dist'), {
    recursive: true,
    filter: (path) => !/\.(js|map)$/.test(path),
  })
  const manifest = { name: NAME, version: '0.0.0', type: 'module', exports: exportMap() }
  writeFileSync(join(installed, 'package.json'), JSON.stringify(manifest))
  for (const name of ['@types/node', 'undici-types']) {
    const path = join(folder, 'node_modules', name)
    mkdirSync(dirname(path), { recursive: true })
    symlinkSync(join(root, 'node_modules', name), path)
  }
  const options = {
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    exactOptionalPropertyTypes: true,
    target: 'es2024',
    lib: ['es2024', 'esnext.disposable'],
    module: 'nodenext',
    types: ['node'],
  }
  writeFileSync(
    join(folder, 'tsconfig.json'),
    JSON.stringify({ compilerOptions: options, files: ['use.ts'] }),
  )
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  const lines = entries().map(
    ({ subpath }, index) => `import * as e${index} from '${NAME}${subpath.slice(1)}'`,
  )
  const uses = entries().map((_entry, index) => `void e${index}`)
  writeFileSync(join(folder, 'use.ts'), [...lines, ...uses].join('\n'))
  return folder
}

// Without `skipLibCheck` the compiler also checks our own declarations.
test('every entry point compiles without any optional peer', async ({ skip }) => {
  if (!existsSync(join(root, 'dist/index.d.ts'))) skip('there is no build: npm run build makes dist/')
  const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const folder = createConsumer()
  try {
    for (const peer of Object.keys(peerDependencies))
      expect(existsSync(join(folder, 'node_modules', peer))).toBe(false)
    const compiler = join(root, 'node_modules/typescript/lib/tsc.js')
    const { stdout } = await runChild('node', [compiler, '-p', folder])
    expect(stdout).toBe('')
  } finally {
    rmSync(folder, { recursive: true })
  }
}, 300_000)
