import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createOrchestrator, defineTool } from 'llm-switchyard'
import { createCassette, fakeFetch } from 'llm-switchyard/testing'
import { afterAll, expect, test } from 'vitest'
import { failure } from '../failure.ts'

const folder = mkdtempSync(join(tmpdir(), 'cassette-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const look = defineTool({ name: 'look', execute: () => 'seen' })
const KEY = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123'

const provider = (): ReturnType<typeof fakeFetch> =>
  fakeFetch(({ turns }) =>
    turns.some(({ role }) => role === 'tool')
      ? `Seen, and the key is ${KEY}.`
      : { toolCalls: [{ name: 'look', arguments: {}, id: 'c1' }] },
  )

async function run(
  fetch: typeof globalThis.fetch,
  content: string,
  model = 'openai/gpt-4.1-mini',
): Promise<string> {
  await using orchestrator = createOrchestrator({ fetch, providers: { openai: { apiKey: KEY } } })
  const messages = [{ role: 'user' as const, content }]
  const stream = await orchestrator.run({ model, messages, tools: [look], stream: true })
  return (await stream.response).text
}

test('a whole run is recorded without keys, and replayed without a provider', async () => {
  const path = join(folder, 'run.json')
  const recording = await createCassette({ path, fetch: provider() })
  expect(recording.mode).toBe('record')
  expect(await run(recording.fetch, 'Look.')).toContain('Seen')
  await recording.close()
  expect(readFileSync(path, 'utf8')).not.toContain(KEY)
  const replay = await createCassette({ path, fetch: () => Promise.reject(new Error('asked a provider')) })
  expect(replay.mode).toBe('replay')
  expect(await run(replay.fetch, 'Look.')).toContain('Seen')
  await replay.close()
})

test('binary answers are replayed byte by byte', async () => {
  const path = join(folder, 'binary.json')
  const model = 'bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0'
  const credentials = { region: 'us-east-1', accessKeyId: 'a', secretAccessKey: 'b' }
  const ask = async (fetch: typeof globalThis.fetch): Promise<string> => {
    await using orchestrator = createOrchestrator({ fetch })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    const stream = await orchestrator.chatApiCall({ model, messages, credentials, stream: true })
    return (await stream.response).text
  }
  const recording = await createCassette({ path, fetch: fakeFetch('Grüße.') })
  const text = await ask(recording.fetch)
  await recording.close()
  const replay = await createCassette({ path })
  expect([text, await ask(replay.fetch)]).toEqual(['Grüße.', 'Grüße.'])
})

test('a request that was not recorded fails loudly, and so does an answer that was not asked for', async () => {
  const path = join(folder, 'miss.json')
  const recording = await createCassette({ path, fetch: provider() })
  await run(recording.fetch, 'Look.')
  await recording.close()
  const replay = await createCassette({ path, mode: 'replay' })
  const miss = await failure(run(replay.fetch, 'Look elsewhere.'))
  expect(JSON.stringify([miss.message, (miss.cause as Error | undefined)?.message])).toContain(
    'has no answer to',
  )
  expect((await failure(replay.close())).code).toBe('not-replayed')
  expect((await failure(createCassette({ path: join(folder, 'none.json'), mode: 'replay' }))).kind).toBe(
    'misconfigured',
  )
})
