import { setTimeout as sleep } from 'node:timers/promises'
import * as ai7 from 'ai'
import * as ai5 from 'ai5'
import * as ai6 from 'ai6'
import { createChatClient, type ChatClient } from 'llm-switchyard/client'
import OpenAI from 'openai'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { until } from '../patience.ts'
import { startExample, type ExampleServer } from './example-server.ts'

/** What is used of any version of the AI SDK: what `useChat` of its React package is made of. */
interface Sdk {
  readonly DefaultChatTransport: new (options: object) => object
  readonly AbstractChat: new (options: object) => Chat
}
interface Part {
  readonly type: string
  readonly text?: string
  readonly state?: string
}
interface UiMessage {
  readonly id: string
  readonly role: string
  readonly parts: readonly Part[]
  readonly metadata?: Readonly<Record<string, unknown>>
}
interface Chat {
  readonly id: string
  readonly status: string
  readonly error?: Error
  readonly messages: readonly UiMessage[]
  sendMessage(message: { text: string }): Promise<void>
  regenerate(): Promise<void>
  resumeStream(): Promise<void>
  stop(): Promise<void>
}

interface StoredMessage {
  readonly id: string
  readonly role: string
  readonly content: unknown
  readonly partial: boolean
  readonly usage?: { readonly totalTokens: number }
}

let server: ExampleServer
beforeAll(async () => {
  server = await startExample('team-chat')
})
afterAll(() => server.stop())

const headers = { authorization: 'Bearer key-of-ada' }

async function call<T>(method: string, path: string): Promise<T> {
  const response = await fetch(`${server.url}${path}`, { method, headers })
  expect(response.status, `${method} ${path}`).toBe(200)
  return (await response.json()) as T
}

async function stored(conversationId: string): Promise<readonly StoredMessage[]> {
  const { messages } = await call<{ messages: readonly StoredMessage[] }>(
    'GET',
    `/api/conversations/${conversationId}`,
  )
  return messages
}

const rolesOf = (messages: readonly { readonly role: string }[]): readonly string[] =>
  messages.map(({ role }) => role)
const textOf = ({ parts }: UiMessage): string => parts.map(({ text = '' }) => text).join('')

describe.each([
  ['ai 7', ai7],
  ['ai 6', ai6],
  ['ai 5', ai5],
])('useChat of %s', (_name, module) => {
  const sdk = module as object as Sdk

  function openChat(id: string = crypto.randomUUID(), messages: readonly UiMessage[] = []): Chat {
    const state = {
      status: 'ready',
      error: undefined,
      messages: [...messages],
      pushMessage: (message: UiMessage) => void (state.messages = [...state.messages, message]),
      popMessage: () => void (state.messages = state.messages.slice(0, -1)),
      replaceMessage: (at: number, message: UiMessage) =>
        void (state.messages = state.messages.with(at, structuredClone(message))),
      snapshot: structuredClone,
    }
    const transport = new sdk.DefaultChatTransport({ api: `${server.url}/api/chat`, headers })
    return new sdk.AbstractChat({ id, transport, state })
  }

  test('tools, a second turn, and the ids of what is shown', async () => {
    const chat = openChat()
    await chat.sendMessage({ text: 'tides at Whitby' })
    expect(chat.error).toBeUndefined()
    expect(chat.messages[1]?.parts.find(({ type }) => type.includes('tool'))).toMatchObject({
      state: 'output-available',
    })
    await chat.sendMessage({ text: 'thanks' })
    expect(rolesOf(chat.messages)).toEqual(['user', 'assistant', 'user', 'assistant'])
    const kept = await stored(chat.id)
    expect(rolesOf(kept)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user', 'assistant'])
    const ids = new Set(kept.map(({ id }) => id))
    expect(chat.messages.filter(({ id }) => !ids.has(id))).toEqual([])
  })

  test('usage is the same in what is told and in what is stored', async () => {
    const chat = openChat()
    await chat.sendMessage({ text: 'tides at Whitby' })
    const told = chat.messages[1]?.metadata?.['usage']
    const sum = (await stored(chat.id)).reduce((total, { usage }) => total + (usage?.totalTokens ?? 0), 0)
    expect(told).toMatchObject({ totalTokens: sum })
  })

  test('a second round that fails ends the turn once, and it can be asked for again', async () => {
    const chat = openChat()
    await chat.sendMessage({ text: 'tides at Whitby, then fail' })
    expect(chat.status).toBe('error')
    await chat.regenerate()
    expect(chat.status).toBe('error')
    expect(rolesOf(chat.messages).filter((role) => role === 'user')).toEqual(['user'])
    const kept = await stored(chat.id)
    expect(rolesOf(kept).filter((role) => role === 'user')).toEqual(['user'])
    await chat.sendMessage({ text: 'hello after all' })
    expect(chat.status).toBe('ready')
  })

  test('stop stops the server, too; what came is stored', async () => {
    const chat = openChat()
    const sent = chat.sendMessage({ text: 'a long story' })
    await until(() => chat.messages.at(-1)?.role === 'assistant' && textOf(chat.messages.at(-1)!).length > 40)
    const response = await fetch(`${server.url}/api/chat/${chat.id}/stop`, { method: 'POST', headers })
    expect(response.status).toBe(200)
    await sent
    await until(async () => (await stored(chat.id)).some(({ role }) => role === 'assistant'))
    const [, answer] = await stored(chat.id)
    expect(answer).toMatchObject({ partial: true, content: expect.stringMatching(/^Part 1/) })
    expect(answer?.content).toBe(textOf(chat.messages[1]!))
  })

  test('a reload in mid-answer: the rest comes, and the answer is stored once', async () => {
    const chat = openChat()
    const sent = chat.sendMessage({ text: 'a long story' })
    await until(() => chat.messages.at(-1)?.role === 'assistant' && textOf(chat.messages.at(-1)!).length > 40)
    await chat.stop()
    await sent
    const again = openChat(chat.id, chat.messages.slice(0, 1))
    await again.resumeStream()
    const kept = await stored(chat.id)
    expect(rolesOf(kept)).toEqual(['user', 'assistant'])
    expect(textOf(again.messages[1]!)).toBe(kept[1]?.content)
    expect(kept[1]?.content).toContain('home')
  })

  test('another answer to the last message', async () => {
    const chat = openChat()
    await chat.sendMessage({ text: 'first words' })
    const [, first] = chat.messages
    await chat.regenerate()
    expect(rolesOf(chat.messages)).toEqual(['user', 'assistant'])
    const [, second] = chat.messages
    expect(second?.id).not.toBe(first?.id)
    const path = `/api/conversations/${chat.id}/messages/${second?.id}/variants`
    expect((await call<readonly StoredMessage[]>('GET', path)).map(({ id }) => id)).toEqual([
      first?.id,
      second?.id,
    ])
    expect((await stored(chat.id)).map(({ id }) => id)).toContain(second?.id)
  })
})

describe('the own client', () => {
  function openClient(options: object = {}): ChatClient {
    const client = createChatClient({ url: `${server.url}/api/chat`, headers, history: 'newest', ...options })
    onTestFinished(() => client.dispose())
    return client
  }

  test('begins a conversation, goes on in it, and tells the usage that is stored', async () => {
    const client = openClient()
    const first = await client.send('tides at Whitby')
    expect(first).toMatchObject({ status: 'complete' })
    const { conversationId } = client.getState()
    await client.send('thanks')
    const kept = await stored(conversationId)
    expect(rolesOf(kept)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user', 'assistant'])
    const shown = client.getState().messages.map(({ id }) => id)
    const ids = new Set(kept.map(({ id }) => id))
    expect(shown.filter((id) => !ids.has(id))).toEqual([])
    const sum = kept.slice(0, 4).reduce((total, { usage }) => total + (usage?.totalTokens ?? 0), 0)
    expect(first?.usage?.totalTokens).toBe(sum)
  })

  test('a failed answer, asked for again, leaves one message', async () => {
    const client = openClient()
    await client.send('tides at Whitby, then fail')
    expect(client.getState().status).toBe('error')
    await client.retry()
    const { conversationId } = client.getState()
    expect(rolesOf(await stored(conversationId)).filter((role) => role === 'user')).toEqual(['user'])
    await client.send('hello after all')
    expect(client.getState().status).toBe('idle')
  })
})

describe('curl', () => {
  test('two turns by the id in the header, each told once', async () => {
    const ask = async (body: object): Promise<{ id: string | null; text: string }> => {
      const response = await fetch(`${server.url}/api/chat`, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      return { id: response.headers.get('x-conversation-id'), text: await response.text() }
    }
    const first = await ask({ message: 'tides at Whitby' })
    const second = await ask({ message: 'thanks', conversationId: first.id })
    expect(second.id).toBe(first.id)
    expect(first.text.match(/"type":"done"/g)?.length ?? 0).toBe(1)
    expect(rolesOf(await stored(first.id ?? ''))).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'user',
      'assistant',
    ])
  })
})

describe('the openai package', () => {
  const open = (apiKey: string): OpenAI => new OpenAI({ baseURL: `${server.url}/v1`, apiKey, maxRetries: 0 })
  const messages = [{ role: 'user', content: 'hello' }] as const

  test('streams an answer, and counts it for the person', async () => {
    const stream = await open('key-of-ada').chat.completions.create({
      model: 'anthropic/demo',
      messages: [...messages],
      stream: true,
    })
    let text = ''
    for await (const { choices } of stream) text += choices[0]?.delta.content ?? ''
    expect(text).not.toBe('')
  })

  test('an unknown key is a 401', async () => {
    await expect(
      open('key-of-nobody').chat.completions.create({ model: 'anthropic/demo', messages: [...messages] }),
    ).rejects.toMatchObject({ status: 401 })
  })
})

test('nothing went wrong in the server meanwhile', async () => {
  await sleep(0)
  expect(server.errors()).toBe('')
})
