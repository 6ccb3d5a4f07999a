import { chatApiCall, createOrchestrator, LlmError, type ErrorKind } from 'llm-switchyard'
import { koboldGenerate } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { callTo, urlOf } from './shapes.ts'

const target = { provider: 'koboldcpp' }
const sse = (...events: object[]): string =>
  events.map((data) => `event: message\ndata: ${JSON.stringify(data)}\n\n`).join('')

test.each<[number, unknown, ErrorKind, string]>([
  [
    401,
    {
      detail: {
        error: 'Unauthorized',
        msg: 'Authentication key is missing or invalid.',
        type: 'unauthorized',
      },
    },
    'unauthorized',
    'Authentication key is missing or invalid.',
  ],
  [
    503,
    { detail: { msg: 'Server is busy; please try again later.', type: 'service_unavailable' } },
    'overloaded',
    'busy',
  ],
  [
    422,
    { detail: [{ loc: ['body', 'max_length'], msg: 'field required' }] },
    'invalid-request',
    'body.max_length: field required',
  ],
  [404, { error: 'Not found' }, 'not-found', 'Not found'],
])('%i %j: %s', async (status, body, kind, words) => {
  const fault = await koboldGenerate.fault(status, body)
  expect(fault.kind).toBe(kind)
  expect(fault.message).toContain(words)
})

test('an error inside a stream, and a stream without an end, fail with what there was', async () => {
  const half = { token: 'Half an', finish_reason: null }
  for (const [body, kind] of [
    [sse(half, { detail: { msg: 'Out of memory', type: 'server_error' } }), 'server-failed'],
    [sse(half, { detail: { msg: 'Server is busy', type: 'service_unavailable' } }), 'overloaded'],
    [sse(half), 'stream-broken'],
  ] as const) {
    const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream'), stream: true })
    const failure: unknown = await stream.response.catch((reason: unknown) => reason)
    expect(LlmError.is(failure, kind) && failure.partial?.text).toBe('Half an')
  }
})

test('a whole reply without results is a fault', async () => {
  const request = callTo(target, '{"detail":{"msg":"No model loaded"}}', 'application/json')
  const failure: unknown = await chatApiCall(request).catch((reason: unknown) => reason)
  expect(LlmError.is(failure) && failure.message).toContain('No model loaded')
})

test('counts of a newer server are taken, its log probabilities too', async () => {
  const logprobs = {
    content: [{ token: 'Hi', logprob: -0.5, top_logprobs: [{ token: 'Hi', logprob: -0.5 }] }],
  }
  const result = { text: 'Hi', finish_reason: 'stop', prompt_tokens: 8, completion_tokens: 1, logprobs }
  const request = callTo(target, JSON.stringify({ results: [result] }), 'application/json')
  const response = await chatApiCall({ ...request, stream: false })
  expect(response.usage).toEqual({ inputTokens: 8, outputTokens: 1, totalTokens: 9 })
  expect(response.logprobs).toEqual([{ token: 'Hi', logprob: -0.5, top: [{ token: 'Hi', logprob: -0.5 }] }])
})

describe('where calls go', () => {
  test.each<[boolean, string | undefined, string | undefined, string]>([
    [false, undefined, undefined, 'http://localhost:5001/api/v1/generate'],
    [true, undefined, undefined, 'http://localhost:5001/api/extra/generate/stream'],
    [true, undefined, 'http://gpu.test:5002/api/v1/', 'http://gpu.test:5002/api/extra/generate/stream'],
    [true, 'openai', undefined, 'http://localhost:5001/v1/chat/completions'],
  ])('stream %s, api %s, at %s', async (stream, api, baseUrl, expected) => {
    let url = ''
    const request = {
      ...target,
      api,
      baseUrl,
      stream,
      messages: [{ role: 'user' as const, content: 'Hi' }],
      fetch: async (seen: string | URL | Request) => {
        url = urlOf(seen)
        return new Response(null, { status: 500 })
      },
    }
    await chatApiCall(request).catch(() => undefined)
    expect(url).toBe(expected)
  })

  test('the one model of a server is listed', async () => {
    const orchestrator = createOrchestrator({
      fetch: async (url) => {
        expect(urlOf(url)).toBe('http://localhost:5001/api/v1/model')
        return Response.json({ result: 'koboldcpp/some-model' })
      },
    })
    expect(await orchestrator.listModels('koboldcpp')).toEqual([{ id: 'koboldcpp/some-model' }])
    await orchestrator.close()
  })
})
