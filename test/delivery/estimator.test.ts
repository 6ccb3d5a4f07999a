import { createOrchestrator } from 'llm-switchyard'
import { createChatHandler, createOpenAIHandler } from 'llm-switchyard/http'
import { expect, test } from 'vitest'
import type { RunEnd } from '../../src/delivery/runs/index.ts'

function estimating() {
  const estimateTokens = (text: string): number => (text === '' ? 0 : 1_000)
  return createOrchestrator({ providers: { openai: { apiKey: 'k' } }, estimateTokens })
}

function post(path: string, body: object): Request {
  return new Request(`http://x.test${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
}

test('a gateway counts tokens by the estimator of its orchestrator', async () => {
  const handler = createOpenAIHandler(estimating(), { authorize: 'open' })
  const messages = [{ role: 'user', content: 'Hello there' }]
  const reply = await handler(
    post('/v1/messages/count_tokens', { model: 'openai/m', max_tokens: 1, messages }),
  )
  expect(await reply.json()).toEqual({ input_tokens: 1_004 })
})

test('a run that is broken estimates its usage by the estimator of the target', async () => {
  const ends: RunEnd[] = []
  const { chatApiCall, estimateTokens } = estimating()
  const handler = createChatHandler(
    { chatApiCall, estimateTokens },
    {
      authorize: 'open',
      defaults: { model: 'openai/m' },
      onSave: (end) => void ends.push(end),
      respond: async () => ({
        get response() {
          return Promise.reject(new Error('cut'))
        },
        async *batches() {
          yield [{ type: 'text-delta' as const, text: 'so far' }]
          throw new Error('cut')
        },
      }),
    },
  )
  await (await handler(post('/chat', { message: 'Hello' }))).text()
  expect(ends[0]?.usage).toMatchObject({ outputTokens: 1_000, estimated: true })
})
