import Anthropic from '@anthropic-ai/sdk'
import { ChatOpenAI } from '@langchain/openai'
import * as ai7 from 'ai'
import * as ai5 from 'ai5'
import * as ai6 from 'ai6'
import OpenAI from 'openai'
import { describe, expect, test } from 'vitest'
import { LlmError } from '../../../src/core/error.ts'
import type { EventBatch } from '../../../src/core/event.ts'
import { anthropicMessagesEncoder } from '../../../src/protocols/anthropic-messages/index.ts'
import { openaiChatEncoder } from '../../../src/protocols/openai-chat/index.ts'
import { openaiResponsesEncoder } from '../../../src/protocols/openai-responses/index.ts'
import { uiMessageEncoder } from '../../../src/delivery/encoders/index.ts'
import type { StreamEnd } from '../../../src/protocols/index.ts'
import * as answers from './answers.ts'
import { fetchOf, ids, ODD_REST, ODD_TEXT, usage, written } from './answers.ts'

const broke: StreamEnd = { type: 'error', error: new LlmError('stream-broken', 'the wire was cut') }
const cut = answers.plain.slice(0, 2)
const isServerTool = (): boolean => true

describe('the openai client', () => {
  function stream(
    batches: readonly EventBatch[],
    ending?: StreamEnd,
    tools = {},
  ): ReturnType<OpenAI['chat']['completions']['stream']> {
    const encoder = openaiChatEncoder({ ...ids, includeUsage: true, ...tools })
    const frames = written(encoder, batches, ending)
    const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: fetchOf(frames) })
    return client.chat.completions.stream({ model: 'any', messages: [] })
  }

  test('reads text, usage and the reason to stop', async () => {
    const completion = await stream(answers.plain).finalChatCompletion()
    expect(completion).toMatchObject({
      id: 'answer_1',
      created: 1_700_000_000,
      model: 'fake-1',
      choices: [{ message: { role: 'assistant', content: 'Hello you' }, finish_reason: 'stop' }],
      usage: {
        prompt_tokens: 30,
        completion_tokens: 12,
        total_tokens: 42,
        prompt_tokens_details: { cached_tokens: 10 },
      },
    })
  })

  test('reads every character', async () => {
    expect(await stream(answers.odd).finalContent()).toBe(ODD_TEXT + ODD_REST)
  })

  test.each([
    ['one after another', answers.calling],
    ['in turns', answers.tangled],
  ])('reads tool calls that came %s', async (_how, batches) => {
    const { message, finish_reason: reason } = (await stream(batches).finalChatCompletion())
      .choices[0] as OpenAI.ChatCompletion.Choice
    expect(reason).toBe('tool_calls')
    expect(message.tool_calls).toMatchObject([
      { type: 'function', function: { name: 'weather', arguments: '{"city":"Rome"}' } },
      { type: 'function', function: { name: 'clock', arguments: '{"zone":"CET"}' } },
    ])
  })

  test('sees nothing of tools that the server runs', async () => {
    const { message, finish_reason: reason } = (
      await stream(answers.looped, undefined, { isServerTool }).finalChatCompletion()
    ).choices[0] as OpenAI.ChatCompletion.Choice
    expect(message.tool_calls).toBeUndefined()
    expect([message.content, reason]).toEqual(['I look. It is blue.', 'stop'])
  })

  test('reads several answers', async () => {
    const { choices } = await stream(answers.several).finalChatCompletion()
    expect(choices.map(({ message, finish_reason: reason }) => [message.content, reason])).toEqual([
      ['Aa', 'stop'],
      ['Bb', 'length'],
    ])
  })

  test.each([
    ['before content', []],
    ['after content', cut],
  ])('throws an error that comes %s', async (_when, batches) => {
    const failed = stream(batches, broke).finalChatCompletion()
    await expect(failed).rejects.toMatchObject({
      name: 'Error',
      code: 'stream_broken',
      type: 'server_error',
      message: 'The answer broke off before its end.',
    })
  })

  test('gets no usage that it did not ask for', async () => {
    const frames = written(openaiChatEncoder(ids), answers.plain)
    expect(frames).not.toContain('usage')
    const client = new OpenAI({ apiKey: 'none', fetch: fetchOf(frames) })
    const chunks = await client.chat.completions.create({ model: 'any', messages: [], stream: true })
    for await (const chunk of chunks) expect(chunk.choices).toHaveLength(1)
  })
})

describe('the LangChain client', () => {
  function model(batches: readonly EventBatch[], ending?: StreamEnd): ChatOpenAI {
    const frames = written(openaiChatEncoder({ ...ids, includeUsage: true }), batches, ending)
    const configuration = { fetch: fetchOf(frames) }
    return new ChatOpenAI({ model: 'any', apiKey: 'none', maxRetries: 0, configuration })
  }

  test('reads text, calls and usage', async () => {
    let content = ''
    for await (const chunk of await model(answers.odd).stream('Hi')) content += chunk.content as string
    expect(content).toBe(ODD_TEXT + ODD_REST)
    const chunks = []
    for await (const chunk of await model(answers.calling).stream('Hi')) chunks.push(chunk)
    const whole = chunks.reduce((held, chunk) => held.concat(chunk))
    expect(whole.tool_calls).toMatchObject([
      { name: 'weather', args: { city: 'Rome' } },
      { name: 'clock', args: { zone: 'CET' } },
    ])
    expect(whole.usage_metadata).toMatchObject({ input_tokens: 30, output_tokens: 12 })
  })

  test('throws an error that comes after content', async () => {
    const read = async (): Promise<void> => {
      for await (const _chunk of await model(cut, broke).stream('Hi'));
    }
    await expect(read()).rejects.toThrow('The answer broke off before its end.')
  })
})

describe('the openai client, responses', () => {
  async function final(
    batches: readonly EventBatch[],
    ending?: StreamEnd,
  ): Promise<OpenAI.Responses.Response> {
    const frames = written(openaiResponsesEncoder({ ...ids, id: 'resp_1' }), batches, ending)
    const client = new OpenAI({ apiKey: 'none', maxRetries: 0, fetch: fetchOf(frames) })
    return client.responses.stream({ model: 'any', input: 'any' }).finalResponse()
  }

  test('reads text and usage', async () => {
    expect(await final(answers.plain)).toMatchObject({
      id: 'resp_1',
      status: 'completed',
      output_text: 'Hello you',
      usage: { input_tokens: 30, output_tokens: 12, total_tokens: 42 },
    })
    expect((await final(answers.odd)).output_text).toBe(ODD_TEXT + ODD_REST)
  })

  test('reads thoughts, calls, sources and pictures as items', async () => {
    const thoughtful = await final(answers.thoughtful)
    expect(thoughtful.output).toMatchObject([
      { type: 'reasoning', summary: [{ text: 'Let me see.' }] },
      { type: 'message', content: [{ text: 'Yes.' }] },
    ])
    const tangled = await final(answers.tangled)
    expect(tangled.output).toMatchObject([
      { type: 'function_call', call_id: 'a', name: 'weather', arguments: '{"city":"Rome"}' },
      { type: 'function_call', call_id: 'b', name: 'clock', arguments: '{"zone":"CET"}' },
      { type: 'message', content: [{ text: 'Both.' }] },
    ])
    const rich = await final(answers.rich)
    expect(rich.output).toMatchObject([
      { content: [{ annotations: [{ url: 'https://sky.example/', start_index: 0, end_index: 4 }] }] },
      { type: 'image_generation_call', result: 'iVBORw0KGgo=' },
      { content: [{ text: ' Indeed.' }] },
    ])
  })

  test.each([
    ['before content', [], ''],
    ['after content', cut, 'Hello'],
  ])('sees a response that failed %s', async (_when, batches, said) => {
    const error = { code: 'stream_broken', message: 'The answer broke off before its end.' }
    expect(await final(batches, broke)).toMatchObject({ status: 'failed', error, output_text: said })
  })
})

describe('the anthropic client', () => {
  async function final(
    batches: readonly EventBatch[],
    ending?: StreamEnd,
    tools = {},
  ): Promise<Anthropic.Message> {
    const frames = written(anthropicMessagesEncoder({ ...ids, ...tools }), batches, ending)
    const client = new Anthropic({ apiKey: 'none', maxRetries: 0, fetch: fetchOf(frames) })
    return client.messages.stream({ model: 'any', max_tokens: 9, messages: [] }).finalMessage()
  }

  test('reads text, usage and the reason to stop', async () => {
    expect(await final(answers.plain)).toMatchObject({
      id: 'answer_1',
      role: 'assistant',
      model: 'fake-1',
      content: [{ type: 'text', text: 'Hello you' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 20, cache_read_input_tokens: 10, output_tokens: 12 },
    })
    expect((await final(answers.odd)).content).toMatchObject([{ text: ODD_TEXT + ODD_REST }])
  })

  test('reads signed thoughts', async () => {
    expect((await final(answers.thoughtful)).content).toMatchObject([
      { type: 'thinking', thinking: 'Let me see.', signature: 'sig==' },
      { type: 'text', text: 'Yes.' },
    ])
  })

  test('reads calls that came in turns as blocks one after another', async () => {
    const message = await final(answers.tangled)
    expect(message.stop_reason).toBe('tool_use')
    expect(message.content).toMatchObject([
      { type: 'tool_use', id: 'a', name: 'weather', input: { city: 'Rome' } },
      { type: 'tool_use', id: 'b', name: 'clock', input: { zone: 'CET' } },
      { type: 'text', text: 'Both.' },
    ])
  })

  test('sees nothing of tools that the server runs', async () => {
    const message = await final(answers.looped, undefined, { isServerTool })
    expect(message.content).toMatchObject([{ type: 'text', text: 'I look. It is blue.' }])
    expect(message.stop_reason).toBe('end_turn')
  })

  test('reads sources beside the text', async () => {
    const [block] = (await final(answers.rich)).content
    expect(block).toMatchObject({
      text: 'Blue sky. Indeed.',
      citations: [{ url: 'https://sky.example/', title: 'Sky' }],
    })
  })

  test.each([
    ['before content', []],
    ['after content', cut],
  ])('throws an error that comes %s', async (_when, batches) => {
    await expect(final(batches, broke)).rejects.toMatchObject({
      error: { error: { type: 'api_error', message: 'The answer broke off before its end.' } },
    })
  })
})

const versions = { 'ai 5': ai5, 'ai 6': ai6, 'ai 7': ai7 } as const

interface Seen {
  readonly message: ai7.UIMessage | undefined
  readonly error: unknown
}

describe.each(Object.entries(versions))('the chat transport of %s', (_version, installed) => {
  async function read(batches: readonly EventBatch[], ending?: StreamEnd): Promise<Seen> {
    const ai = installed as typeof ai7
    const frames = written(uiMessageEncoder({ ...ids, conversationId: 'conv_1' }), batches, ending)
    const transport = new ai.DefaultChatTransport({ api: 'http://localhost/chat', fetch: fetchOf(frames) })
    const stream = await transport.sendMessages({
      chatId: 'c',
      messageId: undefined,
      trigger: 'submit-message',
      messages: [],
      abortSignal: undefined,
    })
    let message: ai7.UIMessage | undefined
    let error: unknown
    const onError = (thrown: unknown): void => void (error = thrown)
    for await (const state of ai.readUIMessageStream({ stream, onError })) message = state
    return { message, error }
  }

  test('reads text, and who said it at what price', async () => {
    const { message, error } = await read(answers.odd)
    expect(error).toBeUndefined()
    expect(message).toMatchObject({
      id: 'answer_1',
      metadata: { model: 'fake-1', conversationId: 'conv_1', usage },
      parts: [{ type: 'step-start' }, { type: 'text', text: ODD_TEXT + ODD_REST, state: 'done' }],
    })
  })

  test('reads thoughts, with what has to go back', async () => {
    const { message } = await read(answers.thoughtful)
    const providerMetadata = { switchyard: { signature: 'sig==' } }
    expect(message?.parts.slice(1)).toMatchObject([
      { type: 'reasoning', text: 'Let me see.', state: 'done', providerMetadata },
      { type: 'text', text: 'Yes.' },
    ])
  })

  test('reads the rounds of a tool loop', async () => {
    const { message, error } = await read(answers.looped)
    expect(error).toBeUndefined()
    expect(message?.parts).toMatchObject([
      { type: 'step-start' },
      { type: 'text', text: 'I look. ' },
      { type: 'tool-weather', state: 'output-available', input: { city: 'Rome' }, output: { sky: 'blue' } },
      { type: 'step-start' },
      { type: 'tool-clock', state: 'output-error', errorText: 'the clock stands still' },
      { type: 'step-start' },
      { type: 'text', text: 'It is blue.' },
    ])
  })

  test('reads calls that came in turns', async () => {
    const { message } = await read(answers.tangled)
    expect(message?.parts.slice(1)).toMatchObject([
      { type: 'tool-weather', state: 'input-available', input: { city: 'Rome' } },
      { type: 'tool-clock', state: 'input-available', input: { zone: 'CET' } },
      { type: 'text', text: 'Both.' },
    ])
  })

  test('reads sources and files without breaking the text where it need not', async () => {
    const { message } = await read(answers.rich)
    expect(message?.parts.slice(1)).toMatchObject([
      { type: 'text', text: 'Blue sky.' },
      { type: 'source-url', url: 'https://sky.example/', title: 'Sky' },
      { type: 'file', mediaType: 'image/png', url: 'data:image/png;base64,iVBORw0KGgo=' },
      { type: 'text', text: ' Indeed.' },
    ])
  })

  test('hears of an error, before and after content', async () => {
    for (const batches of [[], cut]) {
      const { error, message } = await read(batches, broke)
      expect(error).toMatchObject({ message: 'The answer broke off before its end.' })
      expect(message?.parts.at(-1)).toEqual(
        batches.length === 0 ? undefined : expect.objectContaining({ text: 'Hello' }),
      )
    }
  })

  test('takes an abort for the end that somebody asked for', async () => {
    const { error, message } = await read(cut, { type: 'error', error: new LlmError('aborted', 'stopped') })
    expect(error).toBeUndefined()
    expect(message?.parts.at(-1)).toMatchObject({ text: 'Hello' })
  })
})
