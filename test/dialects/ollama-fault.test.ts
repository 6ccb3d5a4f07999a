import { chatApiCall, createOrchestrator, LlmError, type ErrorKind } from 'llm-switchyard'
import { ollamaChat } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { callTo, urlOf } from './shapes.ts'

const target = { provider: 'ollama', model: 'qwen3' }
const type = 'application/x-ndjson'
const line = (message: object, more: object = { done: false }): string =>
  `${JSON.stringify({ model: 'qwen3', message: { role: 'assistant', ...message }, ...more })}\n`

describe('the kind of an error', () => {
  test.each<[number, unknown, ErrorKind]>([
    [400, { error: '"qwen" does not support thinking' }, 'invalid-request'],
    [400, { error: 'the input length exceeds the context length' }, 'context-too-long'],
    [401, { error: 'unauthorized', signin_url: 'https://a.test/' }, 'unauthorized'],
    [404, { error: "model 'nope' not found" }, 'not-found'],
    [429, { error: 'you have reached your hourly usage limit' }, 'rate-limited'],
    [500, { error: 'model requires more system memory than is available' }, 'server-failed'],
    [503, { error: 'server busy, please try again. maximum pending requests exceeded' }, 'overloaded'],
  ])('%i %j', async (status, body, kind) => {
    expect(await ollamaChat.fault(status, body)).toMatchObject({
      kind,
      message: (body as { error: string }).error,
    })
  })

  test.each<[string, object, ErrorKind]>([
    ['in words alone', { error: 'an error was encountered while running the model' }, 'server-failed'],
    ['of a full server', { error: 'server busy, please try again.' }, 'overloaded'],
    ['with its status', { error: 'too many requests', status: 429 }, 'rate-limited'],
  ])('of an error inside a stream, %s', async (_name, error, kind) => {
    const body = line({ content: 'Half an' }) + `${JSON.stringify(error)}\n`
    const stream = await chatApiCall({ ...callTo(target, body, type), stream: true })
    const failure: unknown = await stream.response.catch((reason: unknown) => reason)
    expect(LlmError.is(failure, kind) && failure.partial?.text).toBe('Half an')
  })
})

test('calls without ids get one each, and each is complete', async () => {
  const call = (name: string, args: unknown) => ({ function: { name, arguments: args } })
  const body =
    line({ content: '', tool_calls: [call('look', { at: 'sky' }), call('look', { at: 'sea' })] }) +
    line({ content: '', tool_calls: [call('wait', '{"s":1}'), call('stop', undefined)] }) +
    line({ content: '' }, { done: true, done_reason: 'stop', eval_count: 1 })
  const stream = await chatApiCall({ ...callTo(target, body, type), stream: true })
  const { toolCalls, finishReason } = await stream.response
  expect(toolCalls.map(({ name, arguments: args }) => [name, args])).toEqual([
    ['look', { at: 'sky' }],
    ['look', { at: 'sea' }],
    ['wait', { s: 1 }],
    ['stop', {}],
  ])
  expect(new Set(toolCalls.map(({ id }) => id)).size).toBe(4)
  expect(finishReason).toBe('tool-calls')
})

test('a stream without its last line is broken', async () => {
  const stream = await chatApiCall({ ...callTo(target, line({ content: 'Half an' }), type), stream: true })
  const failure: unknown = await stream.response.catch((reason: unknown) => reason)
  expect(LlmError.is(failure, 'stream-broken')).toBe(true)
})

test('the models of a server are listed', async () => {
  const models = [
    {
      name: 'qwen3:8b',
      model: 'qwen3:8b',
      modified_at: '2026-11-21T10:00:00+01:00',
      details: { family: 'qwen3' },
    },
    { name: 'old' },
    { size: 1 },
  ]
  const orchestrator = createOrchestrator({
    fetch: async (url) => {
      expect(urlOf(url)).toBe('http://localhost:11434/api/tags')
      return Response.json({ models })
    },
  })
  expect(await orchestrator.listModels('ollama')).toMatchObject([
    { id: 'qwen3:8b', created: Date.UTC(2026, 10, 21, 9) / 1_000 },
    { id: 'old' },
  ])
  await orchestrator.close()
})

describe('where calls go', () => {
  async function calledAt(api: string | undefined, baseUrl: string | undefined): Promise<string> {
    let url = ''
    const orchestrator = createOrchestrator({
      providers: baseUrl === undefined ? {} : { ollama: { baseUrl } },
      fetch: async (seen, init) => {
        url = `${urlOf(seen)} ${new Headers(init?.headers).get('accept')}`
        return new Response(null, { status: 500 })
      },
    })
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await orchestrator.chatApiCall({ ...target, api, messages, stream: true }).catch(() => undefined)
    await orchestrator.close()
    return url
  }

  test.each<[string | undefined, string | undefined, string]>([
    [undefined, undefined, 'http://localhost:11434/api/chat application/x-ndjson'],
    ['openai', undefined, 'http://localhost:11434/v1/chat/completions text/event-stream'],
    [undefined, 'http://gpu.test/api', 'http://gpu.test/api/chat application/x-ndjson'],
    ['openai', 'http://gpu.test/v1', 'http://gpu.test/v1/chat/completions text/event-stream'],
  ])('api %s of a host at %s', async (api, baseUrl, expected) => {
    expect(await calledAt(api, baseUrl)).toBe(expected)
  })
})
