import { describe, expect, test } from 'vitest'
import { createOrchestrator, LlmError, type ChatRequest, type OrchestratorOptions } from 'llm-switchyard'
import { isConversationId, isPersonaName } from 'llm-switchyard/adapter'
import { unsafePatterns } from 'llm-switchyard/limits'
import { fakeFetch } from 'llm-switchyard/testing'
import { cpuStopwatch } from '../proof.ts'

const target = { provider: 'openai', model: 'gpt-4.1-mini', apiKey: 'none' }
const say = (content: string) => ({ role: 'user' as const, content })

/** What becomes of a request: the error, or `undefined` where it was answered. */
async function outcome(
  request: Partial<ChatRequest>,
  requestLimits: OrchestratorOptions['requestLimits'] = true,
): Promise<{ error: LlmError | undefined; sent: number }> {
  const fetch = fakeFetch({ text: 'Hello!' })
  await using orchestrator = createOrchestrator({ fetch, requestLimits })
  const call = orchestrator.chatApiCall({ ...target, messages: [say('Hi')], ...request })
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error !== undefined && !LlmError.is(error)) throw error
  return { error, sent: fetch.log.length }
}

const image = (bytes: number, mediaType = 'image/png') => ({
  type: 'image' as const,
  mediaType,
  data: 'A'.repeat(Math.ceil((bytes * 4) / 3)),
})
const MIB = 1024 * 1024

describe('what is within the limits is sent', () => {
  test.each<[string, Partial<ChatRequest>]>([
    ['a plain turn', {}],
    ['1 000 turns', { messages: Array.from({ length: 1_000 }, () => say('x')) }],
    ['a turn of 400 000 characters', { messages: [say('x'.repeat(400_000))] }],
    [
      '10 images by address',
      {
        messages: [
          {
            role: 'user',
            content: Array.from({ length: 10 }, () => ({
              type: 'image' as const,
              url: 'https://example.org/a.png',
            })),
          },
        ],
      },
    ],
    ['an id that is a UUID', { conversationId: '3f2504e0-4f89-41d3-9a0c-0305e82c3301' }],
    ['a model with its prefix', { provider: undefined, model: 'openai/ft:gpt-4.1-mini:acme:run-1@2' }],
    ['four stop sequences of 500', { stop: Array.from({ length: 4 }, () => 's'.repeat(500)) }],
    ['talk about HTML', { messages: [say('What does <script> do, and javascript: links?')] }],
    [
      'a tool turn',
      {
        messages: [
          say('x'),
          { role: 'assistant', toolCalls: [{ id: 'a', name: 't', arguments: {} }] },
          { role: 'tool', toolCallId: 'a', content: '' },
        ],
      },
    ],
  ])('%s', async (_what, request) => {
    expect(await outcome(request)).toEqual({ error: undefined, sent: 1 })
  })

  // The original capped the request at 1 000 000 characters with its images inside, so that ten images of 3 MB could never pass.
  test('ten images of 3 MiB each beside 400 000 characters of text', async () => {
    const content = [
      { type: 'text' as const, text: 'x'.repeat(400_000) },
      ...Array.from({ length: 10 }, () => image(3 * MIB)),
    ]
    expect(await outcome({ messages: [{ role: 'user', content }] })).toEqual({ error: undefined, sent: 1 })
  })

  test('without the option nothing is held back', async () => {
    const messages = Array.from({ length: 1_001 }, () => say('x'))
    const fetch = fakeFetch({ text: 'Hello!' })
    await using orchestrator = createOrchestrator({ fetch })
    await orchestrator.chatApiCall({ ...target, messages })
    expect(fetch.log).toHaveLength(1)
  })
})

describe('what is beyond them is refused before it is sent, with its path and its status', () => {
  const tool = (name: string, chars = 10) => ({ name, description: 'd'.repeat(chars) })
  test.each<[string, Partial<ChatRequest>, string, number]>([
    ['1 001 turns', { messages: Array.from({ length: 1_001 }, () => say('x')) }, 'messages', 413],
    [
      'a turn of 400 001 characters',
      { messages: [say('Hi'), say('x'.repeat(400_001))] },
      'messages.1.content',
      413,
    ],
    [
      'a part of 400 001 characters',
      {
        messages: [
          {
            role: 'user',
            content: [
              { type: 'text', text: 'a' },
              { type: 'text', text: 'x'.repeat(400_001) },
            ],
          },
        ],
      },
      'messages.0.content.1',
      413,
    ],
    ['instructions of 400 001 characters', { system: 'x'.repeat(400_001) }, 'system', 413],
    [
      'text of more than 1 000 000 characters',
      { messages: [1, 2, 3].map(() => say('x'.repeat(350_000))) },
      '',
      413,
    ],
    [
      '11 images',
      { messages: [{ role: 'user', content: Array.from({ length: 11 }, () => image(9)) }] },
      'messages',
      413,
    ],
    [
      'an image above 3 MiB',
      { messages: [{ role: 'user', content: [image(3 * MIB + 3)] }] },
      'messages.0.content.0',
      413,
    ],
    [
      'bytes above 3 MiB',
      {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', mediaType: 'image/png', data: new Uint8Array(3 * MIB + 1) }],
          },
        ],
      },
      'messages.0.content.0',
      413,
    ],
    ['129 tools', { tools: Array.from({ length: 129 }, (_, at) => tool(`t${at}`)) }, 'tools', 413],
    ['a tool above 10 000 characters', { tools: [tool('a'), tool('b', 10_000)] }, 'tools.1', 413],
    ['a model above 100 characters', { model: 'm'.repeat(101) }, 'model', 413],
    [
      'an image of another type',
      { messages: [{ role: 'user', content: [image(9, 'image/gif')] }] },
      'messages.0.content.0',
      400,
    ],
    [
      'an image that is percent-encoded, and badly',
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'data:image/png,%E0%A4' }] }] },
      'messages.0.content.0',
      400,
    ],
    [
      'an image of another type by its address',
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'data:image/svg+xml;base64,AAAA' }] }] },
      'messages.0.content.0',
      400,
    ],
    [
      'an image without a type',
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'data:image/;base64,AAAA' }] }] },
      'messages.0.content.0',
      400,
    ],
    // The original let a bad image through and wrote a text in its place.
    [
      'an image that is not base64',
      { messages: [{ role: 'user', content: [{ type: 'image', url: 'data:image/png;base64,@@@@' }] }] },
      'messages.0.content.0',
      400,
    ],
    [
      'an image at a file address',
      {
        messages: [
          { role: 'user', content: [{ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }] },
        ],
      },
      'messages.0.content.0.url',
      400,
    ],
    ['two tools of one name', { tools: [tool('a'), tool('a')] }, 'tools.1.name', 400],
    ['maxTokens above 128 000', { maxTokens: 128_001 }, 'maxTokens', 400],
    ['five stop sequences', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'stop', 400],
    ['a stop sequence of 501', { stop: ['a', 's'.repeat(501)] }, 'stop.1', 400],
    ['topLogprobs without logprobs', { logprobs: false, topLogprobs: 2 }, 'topLogprobs', 400],
    ['a conversation id that leads out', { conversationId: '../../etc/passwd' }, 'conversationId', 400],
    ['a conversation id of 101', { conversationId: 'c'.repeat(101) }, 'conversationId', 400],
    ['a user id with a line break', { userId: 'a\nb' }, 'userId', 400],
    ['a model with a blank', { model: 'gpt 4' }, 'model', 400],
    ['an empty user turn', { messages: [say('  ')] }, 'messages.0.content', 400],
    [
      'an assistant turn without content and calls',
      { messages: [say('a'), { role: 'assistant', content: null }, say('b')] },
      'messages.1.content',
      400,
    ],
  ])('%s', async (_what, request, path, status) => {
    const { error, sent } = await outcome(request)
    expect(error?.kind).toBe('invalid-request')
    expect(error?.issues?.map((issue) => issue.path)).toEqual([path])
    expect(error?.httpStatus).toBe(status)
    expect(sent).toBe(0)
  })

  test.each<[string, Partial<ChatRequest>, string]>([
    ['temperature', { temperature: 2.1 }, 'temperature'],
    ['topP', { topP: 1.1 }, 'topP'],
    ['a penalty', { presencePenalty: -2.1 }, 'presencePenalty'],
    ['n', { n: 129 }, 'n'],
    ['topLogprobs', { topLogprobs: 21 }, 'topLogprobs'],
    ['the name of a tool', { tools: [{ name: 'a b' }] }, 'tools.0.name'],
  ])('the range of %s is checked with and without limits', async (_what, request, path) => {
    for (const limits of [true, undefined] as const) {
      const { error } = await outcome(request, limits)
      expect(error?.issues?.[0]?.path).toBe(path)
      expect(error?.httpStatus).toBe(400)
    }
  })

  test('everything that is wrong is told at once; one thing of another kind than size makes it 400', async () => {
    const { error } = await outcome({ conversationId: 'a/b', messages: [say('x'.repeat(400_001))] })
    expect(error?.issues?.map(({ path, status }) => [path, status])).toEqual([
      ['conversationId', undefined],
      ['messages.0.content', 413],
    ])
    expect(error?.httpStatus).toBe(400)
    expect(error?.message).not.toContain('xxx')
  })

  test('a hostile request is not answered with a hostile error', async () => {
    const { error } = await outcome({ messages: Array.from({ length: 1_000 }, () => say('')) })
    expect(error?.issues).toHaveLength(20)
    expect(JSON.stringify(error).length).toBeLessThan(20_000)
  })

  test('the id of the request is in the error', async () => {
    const { error } = await outcome({ requestId: 'req_1', messages: [say('')] })
    expect(error?.requestId).toBe('req_1')
  })

  test('streams, too', async () => {
    const { error, sent } = await outcome({ stream: true, messages: [say('')] })
    expect([error?.kind, sent]).toEqual(['invalid-request', 0])
  })
})

describe('limits are options', () => {
  test('a public chat: 10 000 characters, users and assistant alone', async () => {
    const limits = { maxTextChars: 10_000, roles: ['user', 'assistant'] as const }
    expect((await outcome({}, limits)).error).toBeUndefined()
    const long = await outcome({ messages: [say('x'.repeat(10_001))] }, limits)
    expect(long.error?.httpStatus).toBe(413)
    const role = await outcome({ messages: [{ role: 'system', content: 'Obey.' }, say('Hi')] }, limits)
    expect(role.error?.issues?.[0]?.path).toBe('messages.0.role')
  })

  test('blank turns may be allowed', async () => {
    expect((await outcome({ messages: [say('')] }, { allowBlank: true })).error).toBeUndefined()
  })

  test.each([
    '<script>alert(1)</script>',
    '< SCRIPT src=x',
    'JavaScript:alert(1)',
    'vbscript :x',
    'data:text/html,<b>',
  ])('unsafe content is refused where that is asked for: %s', async (text) => {
    const { error } = await outcome({ messages: [say(`see ${text}`)] }, { unsafeContent: true })
    expect(error?.issues?.[0]?.path).toBe('messages.0.content')
    expect(error?.httpStatus).toBe(400)
  })

  test('the list of unsafe content is replaceable, and a shared expression keeps no state', async () => {
    const unsafeContent = ['Forbidden', /drop\s+table/g]
    for (const text of ['forBIDden word', 'x drop table', 'drop table'])
      expect((await outcome({ messages: [say(text)] }, { unsafeContent })).error?.kind).toBe(
        'invalid-request',
      )
    expect((await outcome({ messages: [say('<script>')] }, { unsafeContent })).error).toBeUndefined()
    // A client may write an answer itself, so history is looked at, too.
    const history = [say('a'), { role: 'assistant' as const, content: 'forbidden' }, say('b')]
    const { error } = await outcome({ messages: history }, { unsafeContent })
    expect(error?.issues?.map(({ path }) => path)).toEqual(['messages.1.content'])
  })

  test('ten images of almost base64 are refused in time', async () => {
    const url = `data:image/png;base64,${'A'.repeat(1_000_000)}${' '.repeat(3_000_000)}@`
    const content = Array.from({ length: 10 }, () => ({ type: 'image' as const, url }))
    const took = cpuStopwatch()
    const { error } = await outcome({ messages: [{ role: 'user', content }] })
    expect(error?.issues).toHaveLength(10)
    took.atMost(1_000)
  })

  test('the shipped patterns stay fast on 200 000 characters', () => {
    // Every repetition has an end: no pattern looks at one character more often than that.
    for (const pattern of unsafePatterns)
      expect(pattern instanceof RegExp ? pattern.source : pattern).not.toMatch(/[*+]|\{\d+,\}/)
    for (const text of [
      '<'.repeat(200_000),
      '< '.repeat(100_000),
      'javascript '.repeat(18_000),
      'data: '.repeat(33_000),
    ])
      for (const pattern of unsafePatterns) {
        const took = cpuStopwatch()
        if (typeof pattern !== 'string') pattern.test(text)
        took.atMost(50)
      }
  })

  test.each<[unknown, string]>([
    [{ maxMessage: 3 }, 'requestLimits.maxMessage'],
    [{ maxMessages: -1 }, 'requestLimits.maxMessages'],
    [{ maxMessages: Number.NaN }, 'requestLimits.maxMessages'],
    [{ roles: ['admin'] }, 'requestLimits.roles.0'],
    [{ unsafeContent: [''] }, 'requestLimits.unsafeContent.0'],
    [{ imageTypes: 'image/png' }, 'requestLimits.imageTypes'],
    [false, 'requestLimits'],
  ])('a limit that is none is misconfigured: %j', (requestLimits, path) => {
    const make = () => createOrchestrator({ requestLimits } as OrchestratorOptions)
    expect(make).toThrow(
      expect.objectContaining({ kind: 'misconfigured', issues: [expect.objectContaining({ path })] }),
    )
  })
})

test.each<[unknown, boolean, boolean]>([
  ['abc-1_2', true, true],
  ['3f2504e0-4f89-41d3-9a0c-0305e82c3301', true, true],
  ['42', true, true],
  ['Ada Lovelace', false, true],
  ['Zoë', false, true],
  ['   ', false, false],
  ['', false, false],
  ['../up', false, false],
  ['a/b', false, false],
  ['a.b', false, false],
  ['x'.repeat(101), false, false],
  [42, false, false],
])('%j names a conversation: %s, a persona: %s', (value, conversation, persona) => {
  expect([isConversationId(value), isPersonaName(value)]).toEqual([conversation, persona])
})
