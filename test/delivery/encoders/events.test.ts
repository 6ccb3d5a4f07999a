import { describe, expect, test } from 'vitest'
import type { EventBatch, StreamEvent } from '../../../src/core/event.ts'
import { anthropicMessagesEncoder } from '../../../src/protocols/anthropic-messages/index.ts'
import {
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
} from '../../../src/delivery/encoders/index.ts'
import { openaiChatEncoder } from '../../../src/protocols/openai-chat/index.ts'
import { openaiResponsesEncoder } from '../../../src/protocols/openai-responses/index.ts'
import type { Encoder } from '../../../src/protocols/index.ts'
import { ids, start, text, usage } from './answers.ts'

const makers = {
  chat: () => openaiChatEncoder(ids),
  responses: () => openaiResponsesEncoder(ids),
  anthropic: () => anthropicMessagesEncoder(ids),
  ui: () => uiMessageEncoder(ids),
  plain: () => plainSseEncoder(ids),
  ndjson: ndjsonEncoder,
  text: plainTextEncoder,
} as const
type Name = keyof typeof makers

// For each kind of event, what each encoder writes of it in an answer that has begun: a part of the frames; '' is nothing.
const call = { id: 'c', name: 'now' }
const table: readonly (readonly [what: string, event: StreamEvent, told: Readonly<Record<Name, string>>])[] =
  [
    [
      'start',
      start,
      { chat: '', responses: '', anthropic: '', ui: '', plain: '', ndjson: '"type":"start"', text: '' },
    ],
    [
      'text',
      text('hi'),
      {
        chat: '"delta":{"content":"hi"}',
        responses: '"type":"response.output_text.delta","item_id":"msg_answer_1_0","output_index":0',
        anthropic: '"delta":{"type":"text_delta","text":"hi"}',
        ui: '{"type":"text-delta","id":"text-0","delta":"hi"}',
        plain: 'data: {"type":"content","content":"hi"}\n\n',
        ndjson: '{"type":"text-delta","text":"hi"}\n',
        text: 'hi',
      },
    ],
    [
      'empty text',
      text(''),
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '',
        plain: '',
        ndjson: '{"type":"text-delta","text":""}\n',
        text: '',
      },
    ],
    [
      'text of another answer',
      text('hi', 1),
      {
        chat: '"choices":[{"index":1,"delta":{"content":"hi"}',
        responses: '',
        anthropic: '',
        ui: '',
        plain: '{"type":"content","content":"hi","choice":1}',
        ndjson: '"choice":1',
        text: '',
      },
    ],
    [
      'reasoning',
      { type: 'reasoning-delta', text: 'hm' },
      {
        chat: '"delta":{"reasoning_content":"hm"}',
        responses: '"type":"response.reasoning_summary_text.delta"',
        anthropic: '{"type":"thinking_delta","thinking":"hm"}',
        ui: '{"type":"reasoning-delta","id":"reasoning-0","delta":"hm"}',
        plain: '{"type":"reasoning","content":"hm"}',
        ndjson: '"type":"reasoning-delta"',
        text: '',
      },
    ],
    [
      'a signature',
      { type: 'reasoning-delta', text: '', signature: 's' },
      {
        chat: '',
        responses: '',
        anthropic: '{"type":"signature_delta","signature":"s"}',
        ui: '{"type":"reasoning-start","id":"reasoning-0"}',
        plain: '',
        ndjson: '"signature":"s"',
        text: '',
      },
    ],
    [
      'sealed reasoning',
      { type: 'reasoning-delta', text: '', encrypted: 'e', id: 'rs_9' },
      {
        chat: '',
        responses: '"item":{"id":"rs_9","type":"reasoning"',
        anthropic: '{"type":"redacted_thinking","data":"e"}',
        ui: '"type":"reasoning-start"',
        plain: '',
        ndjson: '"encrypted":"e"',
        text: '',
      },
    ],
    [
      'details of reasoning',
      { type: 'reasoning-delta', text: '', details: [{ a: 1 }] },
      {
        chat: '"delta":{"reasoning_details":[{"a":1}]}',
        responses: '',
        anthropic: '',
        ui: '"type":"reasoning-start"',
        plain: '',
        ndjson: '"details":[{"a":1}]',
        text: '',
      },
    ],
    [
      'the beginning of a call',
      { type: 'tool-call-start', ...call },
      {
        chat: '"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"now","arguments":""}}]',
        responses: '"call_id":"c","name":"now","arguments":""',
        anthropic: '"content_block":{"type":"tool_use","id":"c","name":"now","input":{}}',
        ui: '{"type":"tool-input-start","toolCallId":"c","toolName":"now"}',
        plain: '',
        ndjson: '"type":"tool-call-start"',
        text: '',
      },
    ],
    [
      'a piece of a call that nobody knows',
      { type: 'tool-call-delta', id: 'x', delta: '{' },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '',
        plain: '',
        ndjson: '"type":"tool-call-delta"',
        text: '',
      },
    ],
    [
      'a call',
      { type: 'tool-call', ...call, arguments: { a: 1 } },
      {
        chat: '"function":{"arguments":"{\\"a\\":1}"}',
        responses: '"type":"response.function_call_arguments.done"',
        anthropic: '"partial_json":"{\\"a\\":1}"',
        ui: '{"type":"tool-input-available","toolCallId":"c","toolName":"now","input":{"a":1}}',
        plain: '{"type":"tool_call_start","id":"c","name":"now","args":{"a":1}}',
        ndjson: '"type":"tool-call"',
        text: '',
      },
    ],
    [
      'a result',
      { type: 'tool-result', ...call, result: { b: 2 } },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '{"type":"tool-output-available","toolCallId":"c","output":{"b":2}}',
        plain: '{"type":"tool_result","id":"c","name":"now","result":{"b":2}}',
        ndjson: '"type":"tool-result"',
        text: '',
      },
    ],
    [
      'the error of a tool',
      { type: 'tool-error', ...call, message: 'no' },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '{"type":"tool-output-error","toolCallId":"c","errorText":"no"}',
        plain: '{"type":"tool_error","id":"c","name":"now","error":"no"}',
        ndjson: '"type":"tool-error"',
        text: '',
      },
    ],
    [
      'a step',
      { type: 'step', index: 0, finishReason: 'tool-calls', usage },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '',
        plain: '{"type":"step","index":0,"finishReason":"tool-calls"',
        ndjson: '"type":"step"',
        text: '',
      },
    ],
    [
      'a source without text so far',
      { type: 'citation', url: 'https://a.example/' },
      {
        chat: '"delta":{"annotations":[{"type":"url_citation"',
        responses: '',
        anthropic: '',
        ui: '{"type":"source-url","sourceId":"source-0","url":"https://a.example/"}',
        plain: '{"type":"citation","url":"https://a.example/"}',
        ndjson: '"type":"citation"',
        text: '',
      },
    ],
    [
      'a source without an address',
      { type: 'citation', title: 'Book' },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '{"type":"source-document","sourceId":"source-0","mediaType":"text/plain","title":"Book"}',
        plain: '{"type":"citation","title":"Book"}',
        ndjson: '"type":"citation"',
        text: '',
      },
    ],
    [
      'a picture',
      { type: 'file', mediaType: 'image/png', data: 'AAAA' },
      {
        chat: '"images":[{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}}]',
        responses:
          '"type":"image_generation_call","status":"completed","output_format":"png","result":"AAAA"',
        anthropic: '',
        ui: '{"type":"file","url":"data:image/png;base64,AAAA","mediaType":"image/png"}',
        plain: '{"type":"file","mediaType":"image/png","data":"AAAA"}',
        ndjson: '"type":"file"',
        text: '',
      },
    ],
    [
      'sound',
      { type: 'file', mediaType: 'audio/wav', data: 'AAAA' },
      {
        chat: '"delta":{"audio":{"data":"AAAA"}}',
        responses: '',
        anthropic: '',
        ui: '"mediaType":"audio/wav"',
        plain: '"mediaType":"audio/wav"',
        ndjson: '"type":"file"',
        text: '',
      },
    ],
    [
      'usage',
      { type: 'usage', usage },
      { chat: '', responses: '', anthropic: '', ui: '', plain: '', ndjson: '"type":"usage"', text: '' },
    ],
    [
      'a warning',
      { type: 'warning', warning: { type: 'other', message: 'mind' } },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '{"type":"data-warning","data":{"type":"other","message":"mind"},"transient":true}',
        plain: '{"type":"warning","warning":{"type":"other","message":"mind"}}',
        ndjson: '"type":"warning"',
        text: '',
      },
    ],
    [
      'a continuation',
      { type: 'continued', offset: 4, provider: 'p', model: 'm', after: 'network' },
      {
        chat: '',
        responses: '',
        anthropic: '',
        ui: '{"type":"data-continued","data":{"offset":4},"transient":true}',
        plain: 'data: {"type":"continued","offset":4}\n\n',
        ndjson: '"type":"continued"',
        text: '',
      },
    ],
    [
      'the finish',
      { type: 'finish', finishReason: 'stop', usage },
      {
        chat: '"finish_reason":"stop"',
        responses: '',
        anthropic: '"type":"message_delta"',
        ui: '',
        plain: '',
        ndjson: '',
        text: '',
      },
    ],
  ]

describe.each(table)('%s', (_what, event, told) => {
  test.each(Object.entries(makers))('as %s', (name, make) => {
    const encoder: Encoder = make()
    encoder.open()
    encoder.encode([start])
    const frames = encoder.encode([event])
    const expected = told[name as Name]
    if (expected === '') expect(frames).toBe('')
    else expect(frames).toContain(expected)
  })
})

describe('frames', () => {
  test('of all encoders say what they are', () => {
    const types = Object.values(makers).map((make) => make().contentType)
    expect(new Set(types)).toEqual(
      new Set([
        'text/event-stream; charset=utf-8',
        'application/x-ndjson; charset=utf-8',
        'text/plain; charset=utf-8',
      ]),
    )
    expect(makers.ui().headers).toEqual({ 'x-vercel-ai-ui-message-stream': 'v1' })
  })

  test('the first chunk of OpenAI chat names the speaker, each answer its own', () => {
    const encoder = openaiChatEncoder(ids)
    expect(encoder.encode([start])).toContain('"delta":{"role":"assistant","content":""}')
    expect(encoder.encode([text('x', 1)])).toContain('{"index":1,"delta":{"role":"assistant"')
    expect(encoder.encode([text('y', 1)])).not.toContain('role')
  })

  const { text: _text, ...framed } = makers
  test.each(Object.entries(framed))(
    'every separator that some readers split at is escaped: %s',
    (_name, make) => {
      const encoder: Encoder = make()
      const frames = encoder.open() + encoder.encode([start, text('a\u2028b\u2029c\u0085d\re\nf')])
      expect(frames).toContain('a\\u2028b\\u2029c\\u0085d\\re\\nf')
      expect(frames).not.toMatch(/[\u2028\u2029\u0085\r]/)
    },
  )

  test('plain text never cuts a character in two', () => {
    const encoder = plainTextEncoder()
    const frames = ['a\ud83d', '', '\ude00b', '\ud83d'].map((piece) => encoder.encode([text(piece)]))
    expect([...frames, encoder.close({ type: 'done' })]).toEqual(['a', '', '😀b', '', '\ud83d'])
  })

  test('an id is made where none is given', () => {
    const { createdMs } = ids
    expect(openaiChatEncoder({ createdMs }).encode([start])).toMatch(/"id":"chatcmpl_\w+"/)
    expect(openaiResponsesEncoder({ createdMs }).encode([start])).toMatch(/"id":"resp_\w+"/)
    expect(anthropicMessagesEncoder({ createdMs }).encode([start])).toMatch(/"id":"msg_\w+"/)
    expect(uiMessageEncoder({ createdMs }).encode([start])).toMatch(/"messageId":"msg_\w+"/)
  })

  test('the model is the one asked for by the host, else the one that answers', () => {
    for (const make of [
      openaiChatEncoder,
      openaiResponsesEncoder,
      anthropicMessagesEncoder,
      uiMessageEncoder,
    ]) {
      expect(make(ids).encode([start])).toContain('"model":"fake-1"')
      expect(make({ ...ids, model: 'mine' }).encode([start])).toContain('"model":"mine"')
    }
  })

  test('every answer gets its reason to stop, also one that the finish does not name', () => {
    const encoder = openaiChatEncoder(ids)
    encoder.encode([start, text('a', 0), text('b', 1)])
    const frames = encoder.encode([{ type: 'finish', finishReason: 'length', usage }])
    expect(frames).toContain('{"index":0,"delta":{},"logprobs":null,"finish_reason":"length"}')
    expect(frames).toContain('{"index":1,"delta":{},"logprobs":null,"finish_reason":"stop"}')
  })

  test('thoughts keep their ids in OpenAI responses, and no two items share one', () => {
    const thought: StreamEvent = { type: 'reasoning-delta', text: 'hm', id: 'rs_up' }
    const batches: EventBatch[] = [[start, thought], [text('a')], [thought]]
    const encoder = openaiResponsesEncoder(ids)
    const frames = batches.map((batch) => encoder.encode(batch)).join('')
    const added = [...frames.matchAll(/"type":"response.output_item.added".*?"id":"(\w+)"/g)]
    expect(added.map(([, id]) => id)).toEqual(['rs_up', 'msg_answer_1_1', 'rs_answer_1_2'])
  })
})
