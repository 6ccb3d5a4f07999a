import { describe, expect, test } from 'vitest'
import {
  createContextResolver,
  createMessagePipeline,
  defaultModes,
  mapResponseText,
  type PipelineStep,
} from 'llm-switchyard/prompts'

describe('what to say in which context', () => {
  const contexts = {
    'guild-1': { persona: 'Ada', systemPrompt: 'In {{context}}.', mode: 'creative' },
    'guild-2': { mode: 'terse' },
  }
  const resolver = createContextResolver({
    contexts,
    community: { systemPrompt: 'Community {{context}}.', persona: 'Host', mode: 'casual' },
    general: { systemPrompt: 'General.', mode: 'professional' },
    modes: { terse: 'Three words.' },
  })

  test.each<[string | undefined, string | undefined, object]>([
    [
      'guild-1',
      undefined,
      {
        kind: 'community',
        persona: 'Ada',
        mode: 'creative',
        systemPrompt: `In guild-1.\n${defaultModes.creative}`,
      },
    ],
    [
      'guild-1',
      'casual',
      { persona: 'Ada', mode: 'casual', systemPrompt: `In guild-1.\n${defaultModes.casual}` },
    ],
    [
      'guild-2',
      undefined,
      { persona: 'Host', mode: 'terse', systemPrompt: 'Community guild-2.\nThree words.' },
    ],
    [
      'elsewhere',
      undefined,
      { persona: 'Host', mode: 'casual', systemPrompt: `Community elsewhere.\n${defaultModes.casual}` },
    ],
    ['__proto__', undefined, { persona: 'Host', mode: 'casual' }],
    ['$&', undefined, { systemPrompt: `Community $&.\n${defaultModes.casual}` }],
    [
      undefined,
      undefined,
      {
        kind: 'general',
        contextId: undefined,
        persona: undefined,
        mode: 'professional',
        systemPrompt: `General.\n${defaultModes.professional}`,
      },
    ],
    ['', undefined, { kind: 'general' }],
  ])('%j in mode %j', async (contextId, mode, expected) => {
    expect(await resolver.resolve(contextId, mode)).toMatchObject(expected)
  })

  test('as it comes, and looked up', async () => {
    expect((await createContextResolver().resolve()).systemPrompt).toBe(
      `You are an assistant.\n${defaultModes.helpful}`,
    )
    const looked = createContextResolver({
      contexts: async (id) => (id === 'a' ? { systemPrompt: 'A' } : undefined),
    })
    expect((await looked.resolve('a')).systemPrompt).toBe(`A\n${defaultModes.helpful}`)
    expect((await looked.resolve('b')).systemPrompt).toContain('a community')
  })

  test('unknown modes are refused', async () => {
    await expect(resolver.resolve('guild-1', 'angry')).rejects.toMatchObject({
      kind: 'invalid-request',
      issues: [{ path: 'mode' }],
    })
    await expect(resolver.resolve('guild-1', 'constructor')).rejects.toMatchObject({
      kind: 'invalid-request',
    })
    expect(() => createContextResolver({ general: { mode: 'angry' } })).toThrow(
      expect.objectContaining({ kind: 'misconfigured' }),
    )
  })
})

describe('steps of a message', () => {
  const steps: PipelineStep<string, { readonly banned: readonly string[] }>[] = [
    { name: 'trim', process: (text) => text.trim() },
    { name: 'not empty', validate: (text) => (text === '' ? [{ path: 'text', message: 'is empty' }] : []) },
    { name: 'not banned', filter: async (text, { banned }) => !banned.includes(text) },
    { name: 'shout', process: async (text) => text.toUpperCase() },
  ]
  const context = { banned: ['spam'] }

  test('run in their order', async () => {
    const pipeline = createMessagePipeline(steps)
    expect(pipeline.steps).toEqual(['trim', 'not empty', 'not banned', 'shout'])
    expect(await pipeline.run(' hi ', context)).toEqual({ message: 'HI' })
    expect(await pipeline.run(' spam ', context)).toEqual({ droppedBy: 'not banned' })
    await expect(pipeline.run('  ', context)).rejects.toMatchObject({
      kind: 'invalid-request',
      issues: [{ path: 'text', message: 'is empty' }],
      message: expect.stringContaining('"not empty"'),
    })
  })

  test('are put in where they belong, and what one throws is not hidden', async () => {
    const pipeline = createMessagePipeline(steps)
    const more = pipeline.with({ name: 'mark', process: (text) => `${text}!` }, 'shout')
    expect(await more.with({ name: 'end', process: (text) => `${text}?` }).run('a', context)).toEqual({
      message: 'A!?',
    })
    expect(await pipeline.run('a', context)).toEqual({ message: 'A' })
    const failing = pipeline.with({ name: 'fail', process: () => Promise.reject(new TypeError('no')) })
    await expect(failing.run('a', context)).rejects.toThrow(TypeError)
    expect(() => pipeline.with({ name: 'x', filter: () => true }, 'nowhere')).toThrow('no step "nowhere"')
    expect(() => pipeline.with({ name: 'trim', filter: () => true })).toThrow('two steps')
  })
})

describe('an answer of any shape', () => {
  const up = (text: string) => text.toUpperCase()
  const call = { type: 'tool-call', id: 'a', name: 'b', arguments: { text: 'c' } }
  const base = {
    toolCalls: [call],
    reasoning: 'r',
    finishReason: 'stop',
    warnings: [{ type: 'other', message: 'm' }],
  }

  test.each<[string, unknown, unknown]>([
    ['a text', 'abc', 'ABC'],
    ['nothing', null, null],
    ['a number', 3, 3],
    [
      'a response',
      { ...base, text: 'a', message: { role: 'assistant', content: 'a' } },
      { ...base, text: 'A', message: { role: 'assistant', content: 'A' } },
    ],
    [
      'a response of parts',
      {
        ...base,
        text: 'ab',
        message: {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'r' },
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
            call,
          ],
        },
      },
      {
        ...base,
        text: 'AB',
        message: {
          role: 'assistant',
          content: [
            { type: 'reasoning', text: 'r' },
            { type: 'text', text: 'A' },
            { type: 'text', text: 'B' },
            call,
          ],
        },
      },
    ],
    [
      'several choices',
      {
        ...base,
        text: 'a',
        message: { role: 'assistant', content: 'a' },
        choices: [
          { index: 0, text: 'a', message: { role: 'assistant', content: 'a' } },
          { index: 1, text: 'b', message: { role: 'assistant', content: 'b' } },
        ],
      },
      {
        ...base,
        text: 'A',
        message: { role: 'assistant', content: 'A' },
        choices: [
          { index: 0, text: 'A', message: { role: 'assistant', content: 'A' } },
          { index: 1, text: 'B', message: { role: 'assistant', content: 'B' } },
        ],
      },
    ],
    [
      "a body of OpenAI's",
      { id: 'x', choices: [{ message: { role: 'assistant', content: 'a', tool_calls: [] } }] },
      { id: 'x', choices: [{ message: { role: 'assistant', content: 'A', tool_calls: [] } }] },
    ],
    [
      'a body with parts',
      { choices: [{ text: 'a' }], content: [{ type: 'text', text: 'b' }] },
      { choices: [{ text: 'A' }], content: [{ type: 'text', text: 'B' }] },
    ],
    [
      'signed text',
      [
        { type: 'text', text: 'a', signature: 's' },
        { type: 'text', text: 'b' },
      ],
      [
        { type: 'text', text: 'a', signature: 's' },
        { type: 'text', text: 'B' },
      ],
    ],
    ['a tool turn', { role: 'tool', content: 'a' }, { role: 'tool', content: 'a' }],
    [
      'no words',
      { message: { role: 'assistant', content: null } },
      { message: { role: 'assistant', content: null } },
    ],
  ])('%s', async (_what, answer, expected) => {
    const before = structuredClone(answer)
    expect(await mapResponseText(answer, up)).toEqual(expected)
    expect(answer).toEqual(before)
  })

  test('text and message never say different things, however the map falls', async () => {
    let calls = 0
    const draw = (text: string) => `${text}${calls++}`
    const content = [
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
    ]
    const { text, message } = await mapResponseText(
      { text: 'ab', message: { role: 'assistant', content } },
      draw,
    )
    expect(text).toBe('a0b1')
    expect(message.content.map((part) => part.text).join('')).toBe(text)
  })
})
