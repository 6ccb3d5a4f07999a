import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createOrchestrator, type Orchestrator } from '../../../src/index.ts'
import { createChatHandler, createOpenAIHandler } from '../../../src/delivery/http/index.ts'
import { fakeFetch } from '../../../src/testing/index.ts'
import { runChild } from '../../children.ts'
import { proving, sized } from '../../proof.ts'
import { root } from '../../../scripts/entries.ts'
import type { HostileCosts } from './hostile-child.ts'
import { chanceOf } from './hostile-values.ts'

type Handler = (request: Request) => Promise<Response>

const logged: string[] = []
const log = (fields: object, message?: string): void => void logged.push(JSON.stringify([fields, message]))
const logger = { debug: log, info: log, warn: log, error: log }

let orchestrator: Orchestrator
let handlers: Readonly<Record<string, Handler>>

beforeAll(() => {
  orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'k' } },
    fetch: fakeFetch('Hello.'),
  })
  const gateway = createOpenAIHandler(orchestrator, { authorize: 'open', logger })
  const allow = { settings: true, models: true, tools: true, maxTokens: true, system: true } as const
  const chat = createChatHandler(orchestrator, {
    authorize: 'open',
    logger,
    defaults: { model: 'openai/m' },
    allow,
  })
  handlers = {
    '/v1/chat/completions': gateway,
    '/v1/responses': gateway,
    '/v1/messages': gateway,
    '/v1/messages/count_tokens': gateway,
    '/v1/embeddings': gateway,
    '/chat': chat,
  }
})

afterAll(() => orchestrator.close({ drainMs: 0 }))

async function ask(path: string, text: string): Promise<{ status: number; bytes: number }> {
  const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: text }
  const response = await (handlers[path] as Handler)(new Request(`http://h${path}`, init))
  const bytes = (await response.arrayBuffer()).byteLength
  return { status: response.status, bytes }
}

describe('hostile bodies', () => {
  test.each([
    ['/v1/chat/completions'],
    ['/v1/responses'],
    ['/v1/messages'],
    ['/v1/messages/count_tokens'],
    ['/v1/embeddings'],
    ['/chat'],
  ])('cost %s no crash, no large answer and no long log line', async (path) => {
    const chance = chanceOf(path.length)
    for (let at = 0; at < 150; at++) {
      const text = chance.body()
      logged.length = 0
      const { status, bytes } = await ask(path, text)
      const shown = text.slice(0, 300)
      expect.soft(status, shown).toBeLessThan(500)
      if (status >= 400) expect.soft(bytes, shown).toBeLessThan(16_384)
      for (const line of logged) expect.soft(line.length, shown).toBeLessThan(4_096)
    }
    expect(orchestrator.stats().active).toBe(0)
  })

  test.each([
    ['/v1/chat/completions', `{"model":"openai/m","messages":[${'{},'.repeat(90_000)}{}]}`, 400],
    ['/v1/chat/completions', `{"model":"openai/m","messages":[${'1,'.repeat(600_000)}1]}`, 413],
    ['/v1/responses', `{"model":"openai/m","input":[${'{},'.repeat(90_000)}{}]}`, 400],
    ['/v1/messages', `{"model":"openai/m","max_tokens":1,"messages":[${'{},'.repeat(90_000)}{}]}`, 400],
    ['/v1/embeddings', `{"model":"openai/m","input":[${'{},'.repeat(90_000)}{}]}`, 400],
    ['/v1/embeddings', `{"model":"openai/m","input":"${'x'.repeat(11 * 1024 * 1024)}"}`, 413],
    ['/chat', `{"messages":[{"parts":[]}${',{}'.repeat(90_000)}]}`, 400],
    ['/chat', `{"messages":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, 400],
    ['/chat', '{"message":"a","conversationId":"\\ud800"}', 400],
    ['/chat', '{"message":"a","conversationId":"a\\u0085b"}', 400],
  ])('%s stops reading early: case %#', async (path, text, status) => {
    const answer = await ask(path, text)
    expect(answer.status).toBe(status)
    expect(answer.bytes).toBeLessThan(16_384)
  })
})

test('thousands of them cost little in a process of 512 MB', async () => {
  const names = pathToFileURL(join(root, 'test/delivery/clients/sources.ts')).href
  const args = ['--no-warnings', '--max-old-space-size=512', '--import', names]
  const bodies = String(sized(400, 10_000))
  const { code, stdout, stderr } = await runChild(
    'node',
    [...args, 'test/delivery/http/hostile-child.ts', bodies],
    { cwd: root },
  )
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const costs = JSON.parse(stdout) as HostileCosts
  expect(costs).toMatchObject({ failed: 0, active: 0 })
  expect(costs.refused).toBeGreaterThan(costs.served)
  expect(costs.largestAnswer).toBeLessThan(16_384)
  expect(costs.longestLine).toBeLessThan(4_096)
  if (!proving) return
  console.log(stdout)
  expect(costs.worstMs).toBeLessThan(3)
  expect(costs.worstOfParsing).toBeLessThan(10)
})
