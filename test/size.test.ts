import { existsSync, readFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { inspect } from 'node:util'
import type { LlmError } from 'llm-switchyard'
import { beforeEach, describe, expect, test } from 'vitest'
import { bundleProgram } from '../bench/bundle-size.ts'
import { root } from '../scripts/entries.ts'

/** The start of a program, bundled with code splitting as an application for browsers is, without aliases. */
async function bundle(contents: string): Promise<{ readonly kilobytes: number; readonly inputs: string[] }> {
  const { start, sources, packages } = await bundleProgram(contents, {
    resolveDir: root,
    platform: 'browser',
    target: 'es2024',
  })
  return { kilobytes: start.gzip / 1_000, inputs: [...sources, ...packages] }
}

/** What is used of the built package. */
interface Built {
  readonly LlmError: typeof LlmError
}

const core = (name: string, file: string): string => `
  import { createOrchestrator } from 'llm-switchyard/core'
  import { ${name} } from 'llm-switchyard/providers/${file}'
  const { chatApiCall } = createOrchestrator({ providers: [${name}] })
  const messages = [{ role: 'user', content: 'Hello!' }]
  const stream = await chatApiCall({ model: '${file}/m', apiKey: 'k', messages, stream: true })
  for await (const event of stream) if (event.type === 'text-delta') console.log(event.text)`

const rootCall = `
  import { chatApiCall } from 'llm-switchyard'
  const reply = await chatApiCall({ model: 'openai/m', messages: [{ role: 'user', content: 'Hello!' }] })
  console.log(reply.text)`

beforeEach(({ skip }) => {
  if (!existsSync(join(root, 'dist/core/index.js'))) skip('there is no build: npm run build makes dist/')
})

describe('the bundle of one streamed chat call from /core', () => {
  test.each([
    // What was reached. The bars of `npm run bench` are 60 and 64: these may only go down.
    ['openaiCompatible', 'openai-compatible', 59],
    ['openai', 'openai', 64],
  ])('%s: small, and nothing that was not given', async (name, file, most) => {
    const { kilobytes, inputs } = await bundle(core(name, file))
    const foreign = inputs.filter((path) =>
      /^src\/(prompts|templates|moderation|limits|queue|resilience|delivery|conversations|persistence|testing|providers\/catalogue)\/|^node:|node_modules\/(opossum|p-queue|pino|nunjucks|events)\//.test(
        path,
      ),
    )
    expect(foreign).toEqual([])
    const providers = inputs.filter((path) => /^src\/providers\/(?!options\/)/.test(path))
    expect(providers).toEqual([`src/providers/${file}.ts`])
    expect(kilobytes).toBeLessThanOrEqual(most)
  })
})

test('no entry point loads at its start what few calls need', async () => {
  const later = /from "[^"]*shared\/(?:failures|options|schemas|operations|responses-reader|aws)-/
  const built = await readdir(join(root, 'dist'), { recursive: true })
  const files = built.filter((path) => /^(?:[\w-]+\/)?[\w-]+\.js$/.test(path))
  const found = files.filter((path) => later.test(readFileSync(join(root, 'dist', path), 'utf8')))
  // It is loaded by Node services alone.
  expect(found).toEqual(['undici/index.js'])
})

test('every built file is plain ASCII, which engines hold in half the space', async () => {
  const files = (await readdir(join(root, 'dist'), { recursive: true })).filter((path) =>
    path.endsWith('.js'),
  )
  expect(files.length).toBeGreaterThan(50)
  // oxlint-disable-next-line no-control-regex
  const foreign = files.filter((path) => /[^\x00-\x7f]/.test(readFileSync(join(root, 'dist', path), 'utf8')))
  expect(foreign).toEqual([])
})

test('the bundle of the root is small and holds no prompts, templates and client', async () => {
  const { kilobytes, inputs } = await bundle(rootCall)
  // For browsers with the package events, of 2 KB; for Node 140.
  expect(kilobytes).toBeLessThanOrEqual(143)
  expect(
    inputs.filter((path) =>
      /^src\/(prompts|templates|delivery|conversations|persistence|testing)\//.test(path),
    ),
  ).toEqual([])
})

test('an error of the built package prints under its own name', async () => {
  const { LlmError: Printed } = (await import(join(root, 'dist/index.js'))) as Built
  const error = new Printed('timeout', 'too slow', { provider: 'openai' }).with({ model: 'm' })
  const [first, ...rest] = inspect(error).split('\n')
  expect(first).toBe('LlmError: too slow')
  expect(rest.join(' ')).toContain("kind: 'timeout'")
  expect(rest.join(' ')).not.toContain('undefined')
})
