import { createOrchestrator, LlmError } from 'llm-switchyard'
import { fakeFetch, type FakeReply } from 'llm-switchyard/testing'
import { choose, decide, extract } from 'llm-switchyard/tools'
import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { failure } from '../failure.ts'

const schema = z.object({ n: z.number() })
const messages = [{ role: 'user' as const, content: 'How many?' }]
const usage = { inputTokens: 10, outputTokens: 5, totalTokens: 15 }
const providers = { openai: { apiKey: 'a' }, anthropic: { apiKey: 'b' }, google: { apiKey: 'c' } }

function orchestratorOf(replies: Readonly<Record<string, FakeReply>>) {
  const fetch = fakeFetch(({ model }) => ({ usage, ...replies[model] }))
  const orchestrator = createOrchestrator({ fetch, providers })
  const asked = (): unknown[] => fetch.log.map(({ request }) => request?.model)
  return { fetch, orchestrator, asked, ask: orchestrator.chatApiCall }
}

const request = {
  model: 'openai/gpt-4.1-mini',
  messages,
  models: ['anthropic/claude-haiku-4-5', 'google/gemini-3-flash'],
} as const

describe('another model', () => {
  test('is asked from the beginning when the repairs are used up; usage is that of all', async () => {
    const { ask, asked, fetch } = orchestratorOf({
      'gpt-4.1-mini': { text: 'no' },
      'claude-haiku-4-5': { text: '{"n": 3}' },
    })
    const { object, response, usage: used, repairs } = await extract(ask, { ...request, schema })
    expect([object, response.provider, repairs]).toEqual([{ n: 3 }, 'anthropic', 1])
    expect(asked()).toEqual(['gpt-4.1-mini', 'gpt-4.1-mini', 'claude-haiku-4-5'])
    expect(used.totalTokens).toBe(45)
    expect(fetch.log[2]?.request?.turns).toHaveLength(1)
  })

  test('is asked when the model before fails, and not when the request is wrong', async () => {
    const { ask, asked } = orchestratorOf({
      'gpt-4.1-mini': { error: 'overloaded' },
      'claude-haiku-4-5': { error: 'rate-limited' },
      'gemini-3-flash': { text: '{"n": 4}' },
    })
    expect((await extract(ask, { ...request, schema })).object).toEqual({ n: 4 })
    expect(asked().length).toBeGreaterThanOrEqual(3)
    const wrong = orchestratorOf({ 'gpt-4.1-mini': { error: 'invalid-request' } })
    expect((await failure(extract(wrong.ask, { ...request, schema }))).kind).toBe('invalid-request')
    expect(wrong.asked()).toEqual(['gpt-4.1-mini'])
  })

  test('has no part in the access of the model before; one may bring its own', async () => {
    const { ask, fetch } = orchestratorOf({ 'gpt-4.1-mini': { text: 'no' }, m: { text: '{"n": 5}' } })
    const { object } = await extract(ask, {
      ...request,
      schema,
      apiKey: 'secret-of-the-first',
      maxRepairs: 0,
      models: [{ model: 'openai-compatible/m', baseUrl: 'http://127.0.0.1:9/v1', apiKey: 'own' }],
    })
    expect(object).toEqual({ n: 5 })
    expect(JSON.stringify(fetch.log[1]?.headers)).not.toContain('secret-of-the-first')
    expect(fetch.log[1]?.path).toBe('/v1/chat/completions')
  })

  test('choose and decide ask it too', async () => {
    const { ask } = orchestratorOf({
      'gpt-4.1-mini': { text: 'no idea' },
      'claude-haiku-4-5': { text: '{"choice":"b"}' },
    })
    expect(await choose(ask, { ...request, options: ['a', 'b'], maxRepairs: 0 })).toBe('b')
    const yes = orchestratorOf({ 'claude-haiku-4-5': { text: '{"decision":true}' } })
    expect(await decide(yes.ask, { ...request, maxRepairs: 0 })).toBe(true)
  })

  test('the error of the last one has the usage of all', async () => {
    const { ask, asked } = orchestratorOf({})
    const malformed = await failure(extract(ask, { ...request, schema, maxRepairs: 0 }))
    expect(malformed.kind).toBe('reply-malformed')
    expect(malformed.partial?.usage.totalTokens ?? 45).toBe(45)
    expect(asked()).toHaveLength(3)
    const down = orchestratorOf({
      'gpt-4.1-mini': { text: 'no' },
      'claude-haiku-4-5': { text: 'no' },
      'gemini-3-flash': { error: 'overloaded' },
    })
    const error = await failure(extract(down.ask, { ...request, schema, maxRepairs: 0 }))
    expect([error.kind, error.partial?.usage.totalTokens]).toEqual(['overloaded', 30])
  })

  test('limits of the application and an abort end it', async () => {
    const fetch = fakeFetch('no')
    const { chatApiCall } = createOrchestrator({
      fetch,
      providers,
      limits: { global: { requestsPerMinute: 1 } },
    })
    const error = await failure(extract(chatApiCall, { ...request, schema, maxRepairs: 0 }))
    expect([error.kind, fetch.log.length]).toEqual(['limit-exceeded', 1])
    const { ask, asked } = orchestratorOf({ 'gpt-4.1-mini': { text: 'no' } })
    const ended = await failure(extract(ask, { ...request, schema, signal: AbortSignal.abort() }))
    expect([ended.kind, asked().length]).toEqual(['aborted', 0])
    expect(LlmError.is(await failure(extract(ask, { ...request, schema, models: [5 as never] })))).toBe(true)
  })
})
