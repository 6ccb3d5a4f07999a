import type { OrchestratorOptions } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns } from './chat-host.ts'

const identity = ada

const refusals: Readonly<Record<string, readonly [OrchestratorOptions, string]>> = {
  'a rule that blocks': [{ moderation: { rules: 'forbidden -> block' } }, 'something forbidden'],
  'a judge that blocks': [
    {
      moderation: {
        moderators: [
          {
            name: 'judge',
            moderate: (text) => (text.includes('forbidden') ? [{ categories: [], action: 'block' }] : []),
          },
        ],
      },
    },
    'something forbidden',
  ],
  'a limit on texts': [{ requestLimits: { maxTextChars: 1_000 } }, 'a'.repeat(1_001)],
  'unsafe content': [{ requestLimits: { unsafeContent: true } }, '<script>alert(1)</script>'],
}

const roles = ['user', 'assistant', 'system', 'tool'] as const

describe.each(Object.entries(refusals))('%s', (_name, [options, text]) => {
  test.each(roles)('leaves a stored message of the role %s out, with a warning', async (role) => {
    await using it = await host({
      orchestrator: { ...options, limits: { user: { requestsPerMinute: 3, burst: 1 } } },
    })
    const { id: conversationId } = await it.chats.create({ identity })
    const call = { type: 'tool-call', id: 'c1', name: 't', arguments: {} } as const
    await it.store.messages.append(conversationId, [
      { role: 'user', content: 'first' },
      ...(role === 'tool'
        ? [
            { role: 'assistant' as const, content: [call] },
            { role: 'tool' as const, toolCallId: 'c1', content: text },
          ]
        : [{ role, content: text }]),
      { role: 'assistant', content: 'said' },
    ])
    for (const message of ['hello?', 'anybody?']) {
      const turn = await it.chats.send({ identity, conversationId, message, system: 'Be kind.' })
      expect(turn.warnings.map((warning) => 'message' in warning && warning.message)).toContainEqual(
        expect.stringContaining('was left out'),
      )
      expect(sentTurns(it.provider).join('\n')).not.toContain(text)
      expect(sentTurns(it.provider).at(-1)).toBe(`user: ${message}`)
    }
    const streamed = await it.chats.stream({ identity, conversationId, message: 'third' })
    expect((await streamed.turn).content).toBe('Hello from the fake.')
    expect((await keptTurns(it.store, conversationId)).at(-2)).toBe('user: third')
  })

  test('refuses a new message', async () => {
    await using it = await host({ orchestrator: options })
    await expect(it.chats.send({ identity, message: text })).rejects.toMatchObject({
      kind: expect.stringMatching(/content-blocked|invalid-request/),
    })
    expect((await it.chats.list({ identity })).data).toEqual([])
  })
})

test('instructions of the application are not moderated', async () => {
  await using it = await host({ orchestrator: { moderation: { rules: 'forbidden -> block', pii: true } } })
  const system = 'Say nothing forbidden; refer to help@example.com.'
  await it.chats.send({ identity, message: 'q', system })
  expect(sentTurns(it.provider)).toEqual([`system: ${system}`, 'user: q'])
})

test('a masked message is stored masked, also behind one that is left out', async () => {
  await using it = await host({
    orchestrator: { moderation: { rules: 'forbidden -> block\nsecret -> redact:[X]' } },
  })
  const { id: conversationId } = await it.chats.create({ identity })
  await it.store.messages.append(conversationId, [{ role: 'user', content: 'forbidden' }])
  await it.chats.send({ identity, conversationId, message: 'my secret', system: 'Be kind.' })
  expect(sentTurns(it.provider)).toEqual(['system: Be kind.', 'user: my [X]'])
  expect((await keptTurns(it.store, conversationId))[1]).toBe('user: my [X]')
})

test.each([
  ['messages', { maxMessages: 6 }],
  ['characters', { maxRequestChars: 400 }],
])(
  'a history of too many %s is shortened, with a warning, instead of ending every turn',
  async (_what, limits) => {
    await using it = await host({ orchestrator: { requestLimits: limits } })
    const { id: conversationId } = await it.chats.create({ identity })
    for (let at = 1; at <= 20; at++)
      await it.store.messages.append(conversationId, [
        { role: at % 2 === 1 ? 'user' : 'assistant', content: `line ${at} ${'x'.repeat(40)}` },
      ])
    const { warnings } = await it.chats.send({ identity, conversationId, message: 'and now?' })
    expect(warnings.map((warning) => 'message' in warning && warning.message)).toContainEqual(
      expect.stringContaining('was left out'),
    )
    const sent = sentTurns(it.provider)
    expect(sent.at(-1)).toBe('user: and now?')
    expect(sent.at(-2)).toContain('line 20')
    expect(sent.length).toBeGreaterThan(2)
    await it.chats.regenerate({ identity, conversationId })
    expect(sentTurns(it.provider).at(-1)).toBe('user: and now?')
  },
)

test.each(['the call', 'the result'])('a tool round is left out whole if %s is refused', async (which) => {
  await using it = await host({ orchestrator: { moderation: { rules: 'forbidden -> block' } } })
  const { id: conversationId } = await it.chats.create({ identity })
  const query = which === 'the call' ? 'forbidden' : 'fine'
  const call = (id: string): object => ({ type: 'tool-call', id, name: 't', arguments: { query } })
  await it.store.messages.append(conversationId, [
    { role: 'user', content: 'first' },
    { role: 'assistant', content: [{ type: 'text', text: 'I look.' }, call('c1'), call('c2')] as never },
    { role: 'tool', toolCallId: 'c1', content: 'harmless' },
    { role: 'tool', toolCallId: 'c2', content: which === 'the result' ? 'forbidden' : 'harmless' },
    { role: 'assistant', content: 'said' },
  ])
  await it.chats.send({ identity, conversationId, message: 'next' })
  expect(sentTurns(it.provider)).toEqual(['user: first', 'assistant: said', 'user: next'])
})

describe.each(Object.entries(refusals))('titles and summaries: %s', (_name, [options, text]) => {
  test('are made without the message that is refused', async () => {
    await using it = await host({ orchestrator: options, service: { autoTitle: true } })
    const { id: conversationId } = await it.chats.create({ identity })
    await it.store.messages.append(conversationId, [
      { role: 'user', content: text },
      { role: 'assistant', content: 'said' },
      { role: 'user', content: 'about ships' },
    ])
    const made = await it.chats.summarize({ identity, conversationId })
    expect(made.text).toBe('Hello from the fake.')
    expect(sentTurns(it.provider).join('\n')).toContain('user: about ships')
    expect(sentTurns(it.provider).join('\n')).not.toContain(text)
    await it.chats.send({ identity, conversationId, message: 'next' })
    await it.chats.settled()
    expect((await it.chats.get({ identity, conversationId })).title).toMatch(/^Hello from the fake/)
    expect(sentTurns(it.provider).at(-1)).toContain('about ships')
  })
})

test('a summary of messages that are too long together is made from the newest', async () => {
  await using it = await host({ orchestrator: { requestLimits: { maxTextChars: 500 } } })
  const { id: conversationId } = await it.chats.create({ identity })
  for (let at = 1; at <= 8; at++)
    await it.store.messages.append(conversationId, [
      { role: 'user', content: `line ${at} ${'x'.repeat(90)}` },
    ])
  const made = await it.chats.summarize({ identity, conversationId })
  expect(made.text).toBe('Hello from the fake.')
  expect(sentTurns(it.provider).join('\n')).toContain('line 8')
})
