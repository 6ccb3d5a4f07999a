import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cp, mkdir, mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { runChild, type Finished } from '../children.ts'
import { usePostgres } from '../services/postgres-server.ts'

const root = join(import.meta.dirname, '../..')
const example = join(root, 'examples/chat-service')

function run(main: string, args: readonly string[], env: Record<string, string>): Promise<Finished> {
  return runChild('node', [main, ...args], { env: { ...process.env, USER: 'ada', ...env } })
}

async function drive(main: string, env: Record<string, string>): Promise<void> {
  const first = await run(main, ['say', 'Hello there'], env)
  expect(first.output).toContain('You said "Hello there". That makes 1.')
  const [, id = ''] = /chat (\S+) ·/.exec(first.output) ?? []
  const second = await run(main, ['say', '--chat', id, 'And now?'], env)
  expect(second.output).toContain('You said "And now?". That makes 2.')
  const listed = await run(main, ['list'], env)
  expect(listed.output).toMatch(new RegExp(`${id} · About Hello there · 4 messages · \\d+ tokens`))
  expect(listed.output).toMatch(/1 chats, \d+ tokens in all/)
  const lost = await run(main, ['say', '--chat', 'nowhere', 'Hm'], env)
  expect(lost).toMatchObject({ code: 1, output: expect.stringContaining('not-found') as string })
}

describe('the chat service of the examples', () => {
  let folder = ''
  beforeEach(async () => {
    if (!existsSync(join(root, 'dist/conversations/index.js')))
      throw new Error('examples import the built package: run `npm run build:js` first')
    folder = await mkdtemp(join(tmpdir(), 'chat-example-'))
    return () => rm(folder, { recursive: true, force: true })
  })

  test('keeps its chats in one file', async () => {
    await drive(join(example, 'main.ts'), { CHATS_FILE: join(folder, 'chats.db') })
  })

  describe('on PostgreSQL', () => {
    const server = usePostgres()

    test('does the same with one line changed', async () => {
      await cp(example, join(folder, 'example'), { recursive: true })
      await mkdir(join(folder, 'node_modules'))
      await symlink(root, join(folder, 'node_modules/llm-switchyard'))
      const path = join(folder, 'example/main.ts')
      const main = readFileSync(path, 'utf8').replace(
        "from './sqlite-store.ts'",
        "from './postgres-store.ts'",
      )
      expect(main).toContain("from './postgres-store.ts'")
      writeFileSync(path, main)
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
      await drive(path, { DATABASE_URL: server().connectionString })
    })
  })
})
