import { describe, expect, test } from 'vitest'
import { collectResponse } from '../../../src/core/accumulate-response.ts'
import type { EventBatch } from '../../../src/core/event.ts'
import type { ChatResponse } from '../../../src/core/response.ts'
import { renderAnthropicMessage } from '../../../src/protocols/anthropic-messages/index.ts'
import { renderOpenaiChat } from '../../../src/protocols/openai-chat/index.ts'
import { renderOpenaiResponse } from '../../../src/protocols/openai-responses/index.ts'
import * as answers from './answers.ts'
import { finish, ids, start } from './answers.ts'

const whole = (batches: readonly EventBatch[]): ChatResponse =>
  collectResponse(batches.flat(), { provider: 'fake', model: 'fake-1' })
const isServerTool = (name: string): boolean => name === 'weather'

describe('OpenAI chat', () => {
  test('has every answer, and names the conversation', () => {
    expect(renderOpenaiChat(whole(answers.several), { ...ids, conversationId: 'conv_1' })).toMatchObject({
      id: 'answer_1',
      object: 'chat.completion',
      created: 1_700_000_000,
      model: 'fake-1',
      conversation_id: 'conv_1',
      choices: [
        { index: 0, message: { role: 'assistant', content: 'Aa' }, finish_reason: 'stop' },
        { index: 1, message: { role: 'assistant', content: 'Bb' }, finish_reason: 'length' },
      ],
      usage: { total_tokens: 42 },
    })
  })

  test('has calls without text as null, sources and pictures beside the text', () => {
    const calls = whole([[start, ...answers.call('a', 'clock', {}), ...finish('tool-calls')]])
    const { choices } = renderOpenaiChat(calls, ids)
    expect(choices).toMatchObject([
      {
        message: { content: null, tool_calls: [{ id: 'a', function: { name: 'clock', arguments: '{}' } }] },
        finish_reason: 'tool_calls',
      },
    ])
    expect(renderOpenaiChat(whole(answers.rich), ids)['choices']).toMatchObject([
      {
        message: {
          annotations: [{ url_citation: { url: 'https://sky.example/' } }],
          images: [{ image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
        },
      },
    ])
  })

  test('leaves out the calls of the server', () => {
    const { choices } = renderOpenaiChat(whole(answers.calling), { ...ids, isServerTool })
    expect(choices).toMatchObject([{ message: { tool_calls: [{ id: 'call_b' }] } }])
  })
})

describe('OpenAI responses', () => {
  test('has items in order, sources with their text', () => {
    expect(renderOpenaiResponse(whole(answers.rich), ids)).toMatchObject({
      object: 'response',
      status: 'completed',
      output: [
        { type: 'message', content: [{ text: 'Blue sky.', annotations: [{ title: 'Sky' }] }] },
        { type: 'image_generation_call' },
        { type: 'message', content: [{ text: ' Indeed.' }] },
      ],
    })
  })

  test('says why it is incomplete', () => {
    const cut = whole([[start, answers.text('Hel'), ...finish('length')]])
    expect(renderOpenaiResponse(cut, ids)).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    })
  })
})

describe('Anthropic messages', () => {
  test('has thoughts with their signatures, sources with their text', () => {
    expect(renderAnthropicMessage(whole(answers.thoughtful), ids)).toMatchObject({
      type: 'message',
      content: [
        { type: 'thinking', thinking: 'Let me see.', signature: 'sig==' },
        { type: 'text', text: 'Yes.' },
      ],
      stop_reason: 'end_turn',
      usage: { input_tokens: 20, cache_read_input_tokens: 10, output_tokens: 12 },
    })
    expect(renderAnthropicMessage(whole(answers.rich), ids)['content']).toMatchObject([
      { text: 'Blue sky.', citations: [{ url: 'https://sky.example/' }] },
      { text: ' Indeed.' },
    ])
  })

  test('leaves out the calls of the server', () => {
    const only = whole([[start, ...answers.call('a', 'weather', {}), ...finish('tool-calls')]])
    const message = renderAnthropicMessage(only, { ...ids, isServerTool })
    expect(message).toMatchObject({ content: [], stop_reason: 'end_turn' })
  })
})
