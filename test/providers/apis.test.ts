import { createOrchestrator, type ChatRequest } from 'llm-switchyard'
import type { HttpRequest } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { noting, sentBy } from './sent.ts'

describe('the wire format of a call that names none', () => {
  test.each<readonly [string, string, Partial<ChatRequest>, RegExp]>([
    ['openai', 'gpt-6-astra', {}, /\/responses$/],
    ['openai', 'gpt-5.6-sol', {}, /\/responses$/],
    ['openai', 'gpt-5.5', {}, /\/chat\/completions$/],
    ['openai', 'gpt-4.1', {}, /\/chat\/completions$/],
    ['openai', 'gpt-6-astra', { api: 'chat' }, /\/chat\/completions$/],
    ['openai', 'gpt-4.1', { api: 'responses' }, /\/responses$/],
    ['openai', 'gpt-6-astra', { baseUrl: 'http://h.test/v1' }, /\/chat\/completions$/],
    ['azure', 'gpt-6-astra', { variables: { resource: 'r' } }, /\/responses$/],
    ['xai', 'grok-4.5', {}, /\/responses$/],
    ['xai', 'grok-4.5', { api: 'chat' }, /\/chat\/completions$/],
    ['xai', 'grok-4.5', { baseUrl: 'http://h.test/v1' }, /\/chat\/completions$/],
  ])('%s %s %j', async (provider, model, options, url) => {
    expect((await sentBy({ provider, model, ...options })).url).toMatch(url)
  })

  test('a base URL of the application decides as one of the call does', async () => {
    const requests: HttpRequest[] = []
    const providers = { openai: { apiKey: 'k', baseUrl: 'http://h.test/v1' } }
    const host = createOrchestrator({ providers, transport: noting(requests) })
    await host.chatApiCall({ model: 'openai/gpt-6-astra', messages: [{ role: 'user', content: 'Hi' }] })
    expect(requests[0]?.url).toBe('http://h.test/v1/chat/completions')
  })

  test('xAI is always asked for its encrypted reasoning', async () => {
    for (const reasoning of [undefined, 'low'] as const) {
      const { body } = await sentBy({ provider: 'xai', model: 'grok-4.5', reasoning })
      expect(body).toMatchObject({ include: ['reasoning.encrypted_content'], store: false })
    }
  })

  test('the newer version of Anthropic’s format: its header, a bearer token, no samplers', async () => {
    const request = { provider: 'anthropic', model: 'claude-sonnet-4-5', temperature: 0.5 }
    const { headers, body } = await sentBy({ ...request, api: '2026-10-21' })
    expect(headers).toMatchObject({ 'anthropic-version': '2026-10-21', authorization: 'Bearer key' })
    expect(headers).not.toHaveProperty('x-api-key')
    expect(body).not.toHaveProperty('temperature')
    expect((await sentBy(request)).headers).toMatchObject({
      'anthropic-version': '2023-06-01',
      'x-api-key': 'key',
    })
  })
})

const tools = ['a', 'b', 'c'].map((name) => ({ name, parameters: { type: 'object', properties: {} } }))

describe('a call that is limited to some of the tools', () => {
  const chosen = { names: ['a', 'b'] }
  test.each<readonly [string, string, string, unknown]>([
    [
      'openai',
      'gpt-4.1',
      'tool_choice',
      {
        type: 'allowed_tools',
        allowed_tools: {
          mode: 'required',
          tools: [
            { type: 'function', function: { name: 'a' } },
            { type: 'function', function: { name: 'b' } },
          ],
        },
      },
    ],
    [
      'openai',
      'gpt-6-astra',
      'tool_choice',
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'function', name: 'a' },
          { type: 'function', name: 'b' },
        ],
      },
    ],
    [
      'google',
      'gemini-3-pro',
      'toolConfig',
      { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['a', 'b'] } },
    ],
  ])('%s %s: in its own form', async (provider, model, field, wire) => {
    const { body, warnings } = await sentBy({ provider, model, tools, toolChoice: chosen })
    expect(body[field]).toEqual(wire)
    expect(warnings).toEqual([])
  })

  test.each(['anthropic', 'deepseek', 'mistral', 'groq', 'xai'])(
    '%s: the other tools are left out, and that is said',
    async (provider) => {
      const { body, warnings } = await sentBy({ provider, tools, toolChoice: { ...chosen, mode: 'auto' } })
      expect(JSON.stringify(body['tools'])).not.toContain('"c"')
      expect(warnings).toContainEqual(expect.stringContaining('toolChoice.names'))
    },
  )
})

describe('effort without thinking', () => {
  test.each([
    ['claude-opus-4-8', { thinking: { type: 'disabled' }, output_config: { effort: 'low' } }, 0],
    ['claude-opus-4-5', { thinking: { type: 'disabled' }, output_config: { effort: 'low' } }, 0],
    ['claude-sonnet-4-5', { thinking: { type: 'disabled' } }, 1],
    ['claude-fable-5-2', { output_config: { effort: 'low' } }, 1],
  ])('%s', async (model, wire, warned) => {
    const { body, warnings } = await sentBy({
      provider: 'anthropic',
      model,
      reasoning: { effort: 'low', thinking: false },
    })
    expect(body).toMatchObject(wire)
    expect(warnings).toHaveLength(warned)
  })
})
