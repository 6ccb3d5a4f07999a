import type { LlmError, OrchestratorOptions } from 'llm-switchyard'
import type { DraftContext, DraftMessage } from 'llm-switchyard/conversations'
import { createMessagePipeline } from 'llm-switchyard/prompts'
import { describe, expect, test } from 'vitest'
import { ada, host, keptTurns, sentTurns, type Hosted } from './chat-host.ts'

const identity = ada

/** The doors through which a text is stored without a call, with the path that errors name. */
const doors: Readonly<
  Record<
    string,
    readonly [store: (it: Hosted, conversationId: string, text: string) => Promise<unknown>, path: string]
  >
> = {
  post: [
    ({ chats }, conversationId, text) => chats.post({ identity, conversationId, message: text }),
    'message',
  ],
  'post of a text file': [
    ({ chats }, conversationId, text) =>
      chats.post({
        identity,
        conversationId,
        message: 'see the file',
        attachments: [{ name: 'a.txt', mediaType: 'text/plain', text }],
      }),
    'message.1',
  ],
  editMessage: [
    async ({ chats, store }, conversationId, text) => {
      const [first] = await store.messages.history(conversationId, { limit: 1 })
      return chats.editMessage({ identity, conversationId, messageId: first?.id ?? '', content: text })
    },
    'content',
  ],
  'import over a conversation': [
    ({ chats }, conversationId, text) => chats.import({ identity, conversationId, file: fileOf(text) }),
    'file.messages.1.content',
  ],
  'import into a new one': [
    ({ chats }, _id, text) => chats.import({ identity, file: fileOf(text) }),
    'file.messages.1.content',
  ],
}

function fileOf(content: string): {
  format: 'llm-switchyard/conversation'
  version: 1
  messages: { role: 'user' | 'assistant'; content: string }[]
} {
  return {
    format: 'llm-switchyard/conversation',
    version: 1,
    messages: [
      { role: 'user', content: 'imported' },
      { role: 'assistant', content },
    ],
  }
}

const refusals: Readonly<Record<string, readonly [OrchestratorOptions, text: string, kind: string]>> = {
  'a rule that blocks': [
    { moderation: { rules: 'forbidden -> block' } },
    'something forbidden',
    'content-blocked',
  ],
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
    'content-blocked',
  ],
  'a limit on texts': [{ requestLimits: { maxTextChars: 1_000 } }, 'a'.repeat(1_001), 'invalid-request'],
  'unsafe content': [
    { requestLimits: { unsafeContent: true } },
    '<script>alert(1)</script>',
    'invalid-request',
  ],
}

async function started(orchestrator: OrchestratorOptions): Promise<{ it: Hosted; conversationId: string }> {
  const it = await host({ orchestrator })
  const { conversationId } = await it.chats.send({ identity, message: 'first' })
  return { it, conversationId }
}

describe.each(Object.entries(doors))('%s', (_door, [put, path]) => {
  test.each(Object.entries(refusals))(
    'is refused by %s, before anything is stored',
    async (_name, [options, text, kind]) => {
      const { it, conversationId } = await started(options)
      await using _host = it
      const before = await keptTurns(it.store, conversationId)
      const error: LlmError = await put(it, conversationId, text).then(
        () => expect.fail('was stored'),
        (thrown: unknown) => thrown as LlmError,
      )
      expect(error).toMatchObject({ kind, issues: [{ path: expect.stringContaining(path) }] })
      expect(error.message).toContain(path)
      expect(error.message).not.toContain('messages.0')
      expect(await keptTurns(it.store, conversationId)).toEqual(before)
      expect((await it.chats.list({ identity })).data).toHaveLength(1)
      expect((await it.chats.attachments({ identity, conversationId })).items).toEqual([])
      expect(await it.chats.send({ identity, conversationId, message: 'goes on' })).toMatchObject({
        warnings: [],
      })
    },
  )

  test('is stored masked', async () => {
    const { it, conversationId } = await started({ moderation: { rules: 'secret -> redact:[X]' } })
    await using _host = it
    await put(it, conversationId, 'my secret')
    const { data } = await it.chats.list({ identity })
    const kept = await Promise.all(data.map(({ id }) => keptTurns(it.store, id)))
    expect(kept.flat().join('\n')).toContain('my [X]')
    expect(kept.flat().join('\n')).not.toContain('secret')
  })
})

describe('the pipeline of a service', () => {
  const shout = (seen: DraftContext[]): NonNullable<Parameters<typeof host>[0]>['service'] => ({
    pipeline: createMessagePipeline<DraftMessage, DraftContext>([
      { name: 'spam', filter: ({ content }) => content !== 'spam' },
      {
        name: 'rude',
        validate: ({ content }) => (content === 'rude' ? [{ path: '', message: 'be kind' }] : []),
      },
      {
        name: 'shout',
        process: (message, context) => {
          seen.push(context)
          const { content } = message
          return { ...message, content: typeof content === 'string' ? content.toUpperCase() : content }
        },
      },
    ]),
  })

  test('runs on send, resend, post, edit and import, with who and where', async () => {
    const seen: DraftContext[] = []
    await using it = await host({ service: shout(seen) })
    const { chats, store, provider } = it
    const sent = await chats.send({ identity, message: 'hello' })
    const { conversationId, userMessageId: messageId } = sent
    expect(sentTurns(provider)).toEqual(['user: HELLO'])
    await chats.resend({ identity, conversationId, messageId, message: 'hello again' })
    expect(sentTurns(provider)).toEqual(['user: HELLO AGAIN'])
    const posted = await chats.post({ identity, conversationId, message: 'by the way' })
    await chats.editMessage({ identity, conversationId, messageId: posted.id, content: 'edited' })
    expect((await keptTurns(store, conversationId)).filter((line) => line.startsWith('user'))).toEqual([
      'user: HELLO AGAIN',
      'user: EDITED',
    ])
    const imported = await chats.import({ identity, file: fileOf('an answer') })
    expect(await keptTurns(store, imported.id)).toEqual(['user: IMPORTED', 'assistant: AN ANSWER'])
    expect(seen.map(({ operation }) => operation)).toEqual([
      'send',
      'resend',
      'post',
      'edit',
      'import',
      'import',
    ])
    expect(seen.every((context) => context.identity.userId === 'ada')).toBe(true)
    expect(seen[2]?.conversationId).toBe(conversationId)
  })

  test.each([
    ['spam', { kind: 'content-blocked', code: 'pipeline', message: expect.stringContaining('"spam"') }],
    ['rude', { kind: 'invalid-request', message: expect.stringContaining('be kind') }],
  ])('refuses %s at every door', async (text, refusal) => {
    await using it = await host({ service: shout([]) })
    const { conversationId, userMessageId: messageId } = await it.chats.send({ identity, message: 'hello' })
    const before = await keptTurns(it.store, conversationId)
    await expect(it.chats.send({ identity, message: text })).rejects.toMatchObject(refusal)
    await expect(it.chats.stream({ identity, conversationId, message: text })).rejects.toMatchObject(refusal)
    await expect(
      it.chats.resend({ identity, conversationId, messageId, message: text }),
    ).rejects.toMatchObject(refusal)
    for (const [name, [put]] of Object.entries(doors))
      if (!name.includes('file')) await expect(put(it, conversationId, text)).rejects.toMatchObject(refusal)
    expect(await keptTurns(it.store, conversationId)).toEqual(before)
    expect((await it.chats.list({ identity })).data).toHaveLength(1)
  })

  test.each([
    ['throws', () => Promise.reject(new Error('down')), 'server-failed'],
    ['returns no message', () => Promise.resolve({ message: { role: 'user' } as never }), 'misconfigured'],
  ])('that %s fails the one message, typed', async (_how, run, kind) => {
    await using it = await host({ service: { pipeline: { run } } })
    await expect(it.chats.send({ identity, message: 'hello' })).rejects.toMatchObject({ kind })
    expect((await it.chats.list({ identity })).data).toEqual([])
  })

  test('that never ends is left by the signal of the caller', async () => {
    await using it = await host({ service: { pipeline: { run: () => new Promise(() => undefined) } } })
    const { id: conversationId } = await it.chats.create({ identity })
    const signal = AbortSignal.abort()
    await expect(it.chats.send({ identity, message: 'hello', signal })).rejects.toMatchObject({
      kind: 'aborted',
    })
    await expect(it.chats.post({ identity, conversationId, message: 'hello', signal })).rejects.toMatchObject(
      { kind: 'aborted' },
    )
  })
})
