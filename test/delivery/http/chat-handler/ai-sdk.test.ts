import * as ai7 from 'ai'
import * as ai5 from 'ai5'
import * as ai6 from 'ai6'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createOrchestrator } from 'llm-switchyard'
import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import {
  createChatHandler,
  type ChatHandler,
  type ChatHandlerOptions,
} from '../../../../src/delivery/http/index.ts'
import { createUpstream, finish, start, text, type Upstream } from '../../runs/sources.ts'
import { serveHandler } from './served.ts'

/** What is used of any version of the AI SDK: its own types differ in places that do not matter here. */
interface Sdk {
  readonly DefaultChatTransport: new (options: { api: string }) => Transport
  readonly readUIMessageStream: (options: { stream: ReadableStream }) => AsyncIterable<Message>
}
interface Transport {
  sendMessages(options: object): Promise<ReadableStream>
  reconnectToStream(options: { chatId: string }): Promise<ReadableStream | null>
}
interface Message {
  readonly id: string
  readonly role: string
  readonly parts: readonly { readonly type: string; readonly text?: string }[]
  readonly metadata?: unknown
}

const versions = [
  ['ai 7', ai7],
  ['ai 6', ai6],
  ['ai 5', ai5],
] as const

describe.each(versions)('%s DefaultChatTransport', (_name, module) => {
  const sdk = module as object as Sdk

  async function serve(handler: ChatHandler): Promise<Transport> {
    onTestFinished(() => handler.close())
    return new sdk.DefaultChatTransport({ api: `${await serveHandler(handler)}/api/chat` })
  }

  async function overProvider(script: FakeScript, options: Partial<ChatHandlerOptions> = {}) {
    const provider = await createFakeProvider({ script })
    const orchestrator = createOrchestrator({
      providers: { openai: { apiKey: 'sk-test', baseUrl: provider.baseUrl('openai-chat') } },
    })
    onTestFinished(async () => {
      await orchestrator.close()
      await provider.close()
    })
    const defaults = { model: 'openai/gpt-4.1-mini' }
    return {
      provider,
      transport: await serve(createChatHandler(orchestrator, { authorize: 'open', defaults, ...options })),
    }
  }

  const user = (words: string): object => ({ id: 'm1', role: 'user', parts: [{ type: 'text', text: words }] })
  const send = (transport: Transport, messages: readonly object[], abortSignal?: AbortSignal) =>
    transport.sendMessages({
      chatId: 'chat/1',
      messages,
      abortSignal,
      trigger: 'submit-message',
      messageId: undefined,
    })

  async function lastOf(stream: ReadableStream): Promise<Message | undefined> {
    let last: Message | undefined
    for await (const message of sdk.readUIMessageStream({ stream })) last = message
    return last
  }
  const textOf = (message: Message | undefined): string =>
    (message?.parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('')

  test('sends a chat and reads the answer', async () => {
    const { provider, transport } = await overProvider({ text: 'Hello from here!', reasoning: 'Well.' })
    const message = await lastOf(await send(transport, [user('Hi')]))
    expect(textOf(message)).toBe('Hello from here!')
    expect(message).toMatchObject({
      role: 'assistant',
      metadata: { usage: { totalTokens: expect.any(Number) } },
    })
    expect(provider.log[0]?.request?.turns).toMatchObject([{ role: 'user', text: 'Hi' }])
  })

  test('sends what was said before, with tools and pictures', async () => {
    const { provider, transport } = await overProvider('Warm.', { allow: { system: true } })
    const pixel = 'data:image/png;base64,iVBORw0KGgo='
    const messages = [
      { id: '1', role: 'system', parts: [{ type: 'text', text: 'Be short.' }] },
      {
        id: '2',
        role: 'user',
        parts: [
          { type: 'text', text: 'Weather?' },
          { type: 'file', mediaType: 'image/png', url: pixel },
        ],
      },
      {
        id: '3',
        role: 'assistant',
        parts: [
          { type: 'step-start' },
          {
            type: 'tool-weather',
            toolCallId: 'call_1',
            state: 'output-available',
            input: { city: 'Oslo' },
            output: { degrees: 20 },
          },
          {
            type: 'dynamic-tool',
            toolName: 'left',
            toolCallId: 'call_2',
            state: 'input-available',
            input: {},
          },
          { type: 'step-start' },
          { type: 'text', text: 'It is 20 degrees.' },
        ],
      },
      user('Is that warm?'),
    ]
    expect(textOf(await lastOf(await send(transport, messages)))).toBe('Warm.')
    const turns = provider.log[0]?.request?.turns ?? []
    expect(turns.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool', 'assistant', 'user'])
    expect(JSON.stringify(turns)).toContain('Oslo')
    expect(JSON.stringify(turns)).not.toContain('call_2')
  })

  test('reconnects to a stream that runs, and gets the whole message', async () => {
    const upstream: Upstream = createUpstream()
    const handler = createChatHandler(
      { respond: (_input, { signal }) => upstream.open(signal) },
      { authorize: 'open', onClientGone: 'finish' },
    )
    const transport = await serve(handler)
    expect(await transport.reconnectToStream({ chatId: 'chat/1' })).toBeNull()
    const leave = new AbortController()
    const first = await send(transport, [user('Hi')], leave.signal)
    upstream.push(start, text('The first '))
    const reader = first.getReader()
    await reader.read()
    leave.abort()
    await reader.cancel().catch(() => undefined)
    const again = await transport.reconnectToStream({ chatId: 'chat/1' })
    if (again === null) throw new Error('nothing to reconnect to')
    upstream.push(text('and the rest.'))
    upstream.push(finish)
    upstream.end()
    expect(textOf(await lastOf(again))).toBe('The first and the rest.')
    expect(await transport.reconnectToStream({ chatId: 'chat/1' })).toBeNull()
  })

  test('a stop in the page, without a route of its own, cancels the provider', async () => {
    const { provider, transport } = await overProvider({
      text: 'word '.repeat(200),
      chunks: 'words',
      pacing: { betweenMs: 20 },
    })
    const leave = new AbortController()
    const stream = await send(transport, [user('Hi')], leave.signal)
    const reader = stream.getReader()
    await reader.read()
    leave.abort()
    await reader.cancel().catch(() => undefined)
    await expect.poll(() => provider.log[0]?.abortedAt).toBeDefined()
  })

  test('an error in the stream is the error of the chat', async () => {
    const { transport } = await overProvider({
      text: 'some words before',
      chunks: 3,
      chaos: { type: 'cut', at: 'middle' },
    })
    const errors: unknown[] = []
    const stream = await send(transport, [user('Hi')])
    for await (const chunk of stream as ReadableStream<{ type: string }>)
      if (chunk.type === 'error') errors.push(chunk)
    expect(errors).toEqual([{ type: 'error', errorText: 'The answer broke off before its end.' }])
  })
})
