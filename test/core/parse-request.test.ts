import { describe, expect, test } from 'vitest'
import * as z from 'zod'
import { parseRequest } from '../../src/core/parse-request.ts'
import { LlmError, type Issue } from '../../src/core/error.ts'

const user = { role: 'user', content: 'Hi' }
const issuesOf = (request: unknown): readonly Issue[] => {
  try {
    parseRequest(request)
  } catch (error) {
    if (LlmError.is(error, 'invalid-request')) return error.issues ?? []
    throw error
  }
  return []
}

describe('a malformed request is refused, with the path of each thing that is wrong', () => {
  test.each<[string, unknown, string, string]>([
    ['not an object', 'hello', '', 'must be an object; got "hello"'],
    ['no messages', {}, 'messages', 'is missing; must be a list'],
    ['empty messages', { messages: [] }, 'messages', 'add at least one user message'],
    [
      'an unknown role',
      { messages: [{ role: 'robot', content: '' }] },
      'messages.0.role',
      'or "tool"; got "robot"',
    ],
    [
      'content of the wrong type',
      { messages: [{ role: 'user', content: 5 }] },
      'messages.0.content',
      'must be text or a list of parts; got 5',
    ],
    [
      'an unknown part',
      { messages: [{ role: 'user', content: [{ type: 'video' }] }] },
      'messages.0.content.0.type',
      'must be "text", "image", "file", "audio", "image_url" or "input_audio"; got "video"',
    ],
    [
      'an image without a source',
      { messages: [{ role: 'user', content: [{ type: 'image' }] }] },
      'messages.0.content.0',
      'url or data',
    ],
    [
      'bytes without a media type',
      { messages: [{ role: 'user', content: [{ type: 'image', data: 'AAAA' }] }] },
      'messages.0.content.0.mediaType',
      'image/png',
    ],
    [
      'a result without an id',
      { messages: [{ role: 'tool', content: 'x' }] },
      'messages.0.toolCallId',
      'must be the id of the tool call',
    ],
    ['a temperature out of range', { messages: [user], temperature: 3 }, 'temperature', 'from 0 to 2; got 3'],
    [
      'an infinite number',
      { messages: [user], topP: Number.NaN },
      'topP',
      'must be a number from 0 to 1; got NaN',
    ],
    ['a wire name', { messages: [user], max_tokens: 5 }, 'max_tokens', 'write maxTokens'],
    [
      'a misspelt field',
      { messages: [user], temprature: 1 },
      'temprature',
      'did you mean "temperature"? Or use extraBody',
    ],
    ['a misspelt timeout', { messages: [user], timeouts: { idle: 5 } }, 'timeouts.idle', '"idleMs"'],
    [
      'a timeout below 0',
      { messages: [user], timeouts: { totalMs: -1 } },
      'timeouts.totalMs',
      '0 or more, or Infinity; got -1',
    ],
    ['a key that is none', { messages: [user], apiKey: ['sk-1'] }, 'apiKey', 'gives one; got a list'],
    ['null', { messages: [user], userId: null }, 'userId', 'must be text; got null'],
    ['an unknown field', { messages: [user], frobnicate: 1 }, 'frobnicate', 'extraBody'],
    [
      'a tool name that providers refuse',
      { messages: [user], tools: [{ name: 'a b' }] },
      'tools.0.name',
      'letters',
    ],
    [
      'a choice of a tool that is not there',
      { messages: [user], toolChoice: { name: 'x' } },
      'toolChoice',
      'not among',
    ],
    ['a base URL without a scheme', { messages: [user], baseUrl: 'localhost:1234' }, 'baseUrl', 'http(s)'],
    ['a signal that is none', { messages: [user], signal: {} }, 'signal', 'AbortSignal'],
  ])('%s', (_name, request, path, words) => {
    const issues = issuesOf(request)
    expect(issues.map((issue) => issue.path)).toContain(path)
    expect(issues.find((issue) => issue.path === path)?.message).toContain(words)
  })
})

describe('one shape behind the door', () => {
  test('system comes first', () => {
    expect(parseRequest({ system: 'Be brief.', messages: [user] }).messages[0]).toEqual({
      role: 'system',
      content: 'Be brief.',
    })
  })

  test("OpenAI's own turns are read", () => {
    const { messages } = parseRequest({
      messages: [
        { role: 'user', content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png' } }] },
        {
          role: 'assistant',
          content: null,
          tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
        },
        { role: 'tool', tool_call_id: 'c', content: { ok: true } },
      ],
    })
    expect(messages).toMatchObject([
      { content: [{ type: 'image', url: 'https://x.test/a.png' }] },
      { content: [{ type: 'tool-call', id: 'c', name: 'f', arguments: { a: 1 } }] },
      { role: 'tool', toolCallId: 'c', content: '{"ok":true}' },
    ])
  })

  test.each([
    ['JSON Schema', { type: 'object', properties: { a: { type: 'string' } } }],
    ['zod', z.object({ a: z.string() })],
  ])('tools from %s', (_name, parameters) => {
    const { settings } = parseRequest({ messages: [user], tools: [{ name: 't', parameters }] })
    expect(settings.tools?.[0]?.parameters).toMatchObject({
      type: 'object',
      properties: { a: { type: 'string' } },
    })
  })

  test('a Standard Schema without a JSON Schema of its own is refused, saying what to do', () => {
    const schema = { '~standard': { version: 1, vendor: 'other', validate: () => ({}) } }
    expect(issuesOf({ messages: [user], tools: [{ name: 't', parameters: schema }] })[0]?.message).toContain(
      'JSON Schema',
    )
  })

  test.each([
    ['json', { type: 'json' }],
    [{ type: 'json_object' }, { type: 'json' }],
    [
      { type: 'json_schema', json_schema: { name: 'n', schema: { type: 'object' } } },
      { type: 'json', name: 'n', schema: { type: 'object' } },
    ],
    [
      { type: 'object', properties: {} },
      { type: 'json', schema: { type: 'object' } },
    ],
    ['text', { type: 'text' }],
  ])('responseFormat %j', (responseFormat, expected) => {
    expect(parseRequest({ messages: [user], responseFormat }).settings.responseFormat).toMatchObject(expected)
  })

  test.each([
    [true, { effort: 'medium' }],
    [false, { effort: 'none' }],
    ['high', { effort: 'high' }],
    [{ budgetTokens: 9 }, { budgetTokens: 9 }],
  ])('reasoning %j', (reasoning, expected) => {
    expect(parseRequest({ messages: [user], reasoning }).settings.reasoning).toEqual(expected)
  })
})
