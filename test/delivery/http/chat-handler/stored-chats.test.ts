import { expect, test } from 'vitest'
import { keptTurns } from '../../../conversations/chat-host.ts'
import { site, type Reply } from './stored-site.ts'

const ada = { userId: 'ada' }

/** The ids that a page learns in each of its protocols. */
const protocols = {
  sse: ({ frames }: Reply) => frames.at(-1) as unknown as Ids,
  'ui-message': ({ frames }: Reply) => {
    const { messageId, messageMetadata } = frames[0] as unknown as Ids & { messageMetadata: Ids }
    return { ...messageMetadata, messageId }
  },
  ndjson: ({ text }: Reply) => JSON.parse(text.split('\n')[0] ?? '') as Ids,
  whole: ({ text }: Reply) => JSON.parse(text) as Ids,
  headers: ({ headers }: Reply) => ({
    conversationId: headers.get('x-conversation-id') ?? '',
    messageId: headers.get('x-message-id') ?? '',
    userMessageId: headers.get('x-user-message-id') ?? '',
  }),
}

interface Ids {
  readonly conversationId: string
  readonly messageId: string
  readonly userMessageId: string
}

const named = ['sse', 'ui-message', 'ndjson', 'whole', 'headers'] as const

test.each(named)('what %s tells is what is stored, and every method takes it', async (told) => {
  const protocol = told === 'whole' || told === 'headers' ? 'sse' : told
  const it = await site({}, { protocol })
  const body = { message: 'Hi', stream: told !== 'whole' }
  const { conversationId, messageId, userMessageId } = protocols[told](await it.ask(body))
  const { messages } = await it.chats.get({ identity: ada, conversationId })
  expect(messages.map(({ id }) => id)).toEqual([userMessageId, messageId])
  const at = { identity: ada, conversationId }
  await it.chats.toggleReaction({ ...at, messageId, emoji: '👍' })
  await it.chats.editMessage({ ...at, messageId: userMessageId, content: 'Hello' })
  const fork = await it.chats.fork({ ...at, messageId })
  expect(await keptTurns(it.store, fork.id)).toEqual(['user: Hello', 'assistant: Hello from the fake.'])
  const again = protocols[told](await it.ask({ again: true, messageId, conversationId, stream: body.stream }))
  const variants = await it.chats.variants({ ...at, messageId: again.messageId })
  expect(variants.map(({ id }) => id)).toEqual([messageId, again.messageId])
})

test('a page goes on in the conversation that the first turn began', async () => {
  const it = await site()
  const first = await it.ask({ message: 'Hi' })
  const conversationId = first.headers.get('x-conversation-id') ?? ''
  expect(first.headers.get('x-stream-id')).toMatch(/^run_/)
  const second = await it.ask({ message: 'And now?', conversationId })
  expect(second.frames.at(-1)).toMatchObject({ type: 'done', conversationId })
  expect(await keptTurns(it.store, conversationId)).toEqual([
    'user: Hi',
    'assistant: Hello from the fake.',
    'user: And now?',
    'assistant: Hello from the fake.',
  ])
  expect((await it.chats.list({ identity: ada })).data).toHaveLength(1)
})

test('an unknown conversation is not found unless the page begins it', async () => {
  const it = await site()
  const conversationId = 'chat-of-the-page'
  expect(await it.ask({ message: 'Hi', conversationId })).toMatchObject({ status: 404 })
  expect(await it.ask({ message: 'Hi', conversationId, begin: true })).toMatchObject({ status: 200 })
  expect(await it.ask({ message: 'Ho', conversationId, begin: true })).toMatchObject({ status: 200 })
  expect((await it.chats.list({ identity: ada })).data.map(({ id }) => id)).toEqual([conversationId])
  expect(await it.ask({ message: 'Hi', conversationId: 'a b', begin: true })).toMatchObject({ status: 400 })
})

const uiMessage = (id: string, role: string, text: string): object => ({
  id,
  role,
  parts: [{ type: 'text', text }],
})

test('a page of the AI SDK begins, goes on, regenerates and edits under ids of its own', async () => {
  const it = await site({ script: ({ prompt }) => `About ${prompt}.` })
  const id = 'chat-of-the-page'
  const first = uiMessage('question-of-page', 'user', 'one')
  const one = await it.ask({ id, messages: [first], trigger: 'submit-message' })
  const answer = uiMessage(protocols['ui-message'](one).messageId, 'assistant', 'About one.')
  const second = uiMessage('q2', 'user', 'two')
  await it.ask({ id, messages: [first, answer, second], trigger: 'submit-message' })
  await it.ask({ id, messages: [first, answer, second], trigger: 'regenerate-message' })
  const history = ['user: one', 'assistant: About one.', 'user: two', 'assistant: About two.']
  expect(await keptTurns(it.store, id)).toEqual(history)
  await it.ask({ id, messages: [first], trigger: 'regenerate-message', messageId: 'question-of-page' })
  expect(await keptTurns(it.store, id)).toEqual(history.slice(0, 2))
  const edited = uiMessage('question-of-page', 'user', 'three')
  await it.ask({ id, messages: [edited], trigger: 'submit-message', messageId: 'question-of-page' })
  await it.ask({ id, messages: [edited], trigger: 'regenerate-message' })
  expect(await keptTurns(it.store, id)).toEqual(['user: three', 'assistant: About three.'])
  expect((await it.chats.list({ identity: ada })).data).toHaveLength(1)
})

test('members follow a stream, only who asked or manages stops it, and strangers find nothing', async () => {
  const it = await site(
    { script: { text: 'word '.repeat(200), chunks: 'words', pacing: { betweenMs: 20 } } },
    { onClientGone: 'finish' },
  )
  const { id } = await it.chats.create({
    identity: ada,
    members: [
      { userId: 'bob', role: 'member' },
      { userId: 'vic', role: 'viewer' },
    ],
  })
  const asking = it.ask({ message: 'Hi', conversationId: id }, 'bob')
  await expect.poll(async () => (await it.call('GET', `/${id}/status`, 'vic')).status).toBe(200)
  const following = it.call('GET', `/${id}/stream`, 'vic')
  for (const stranger of ['eve', 'bob@acme', 'ada@acme'])
    for (const [method, tail, status] of [
      ['GET', 'status', 404],
      ['GET', 'metrics', 404],
      ['GET', 'stream', 204],
      ['POST', 'cancel', 404],
      ['POST', 'stop', 404],
      ['DELETE', 'stream', 404],
    ] as const)
      expect((await it.call(method, `/${id}/${tail}`, stranger)).status).toBe(status)
  expect((await it.ask({ message: 'Hi', conversationId: id }, 'eve')).status).toBe(404)
  expect((await it.ask({ message: 'Hi', conversationId: id }, 'vic')).status).toBe(403)
  expect((await it.call('POST', `/${id}/stop`, 'vic')).status).toBe(403)
  expect((await it.call('POST', `/${id}/stop`, 'ada')).status).toBe(200)
  const [asked, followed] = await Promise.all([asking, following])
  expect(followed.frames.at(-1)).toEqual(asked.frames.at(-1))
})

test('a whole answer names the provider and model that gave it', async () => {
  const it = await site()
  const { text } = await it.ask({ message: 'Hi', stream: false })
  expect(JSON.parse(text)).toMatchObject({ provider: 'openai', model: 'gpt-4.1-mini' })
})

test('a page that deletes its chat and begins it again follows and stops the new one under its id', async () => {
  const it = await site(
    {
      script: ({ prompt }) => ({
        text: `${prompt} `.repeat(40),
        pacing: { betweenMs: prompt === 'new' ? 20 : 0 },
      }),
    },
    { onClientGone: 'finish' },
  )
  const id = 'chat-of-the-page'
  const body = { conversationId: id, begin: true }
  const old = await it.ask({ ...body, message: 'old' })
  await it.chats.delete({ identity: ada, conversationId: id })
  const asking = it.ask({ ...body, message: 'new' })
  await expect.poll(() => it.provider.log.length).toBe(2)
  const following = it.call('GET', `/${id}/stream`)
  const told = JSON.parse((await it.call('GET', `/${id}/status`)).text) as { readonly streamId: string }
  expect(told.streamId).not.toBe(old.headers.get('x-stream-id'))
  expect(JSON.parse((await it.call('POST', `/${id}/stop`)).text)).toMatchObject({ cancelled: true })
  const [asked, followed] = await Promise.all([asking, following])
  expect(asked.headers.get('x-stream-id')).not.toBe(old.headers.get('x-stream-id'))
  expect(followed.text).toContain('new')
  expect(followed.text).not.toContain('old')
  // The run of the deleted chat keeps its own id.
  expect((await it.call('GET', `/${old.headers.get('x-stream-id')}/status`)).status).toBe(200)
})
