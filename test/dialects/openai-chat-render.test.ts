import { describe, expect, test } from 'vitest'
import type { JsonObject } from '../../src/core/json.ts'
import type { Message } from '../../src/core/message.ts'
import { openaiChat, type OpenAIChatQuirks } from '../../src/dialects/index.ts'
import { renderWith } from './sent.ts'

function messagesOf(messages: readonly Message[], quirks: OpenAIChatQuirks = {}): unknown {
  return renderWith(openaiChat, messages, quirks).body['messages']
}
const user = (content: string): Message => ({ role: 'user', content })
const call = (id: string) => ({ type: 'tool-call', id, name: 'look', arguments: { a: 1 } }) as const
const wireCall = (id: string) => ({ id, type: 'function', function: { name: 'look', arguments: '{"a":1}' } })

describe('turns in chat completions', () => {
  test.each<[string, Message, unknown]>([
    ['text', user('Hi'), [{ role: 'user', content: 'Hi' }]],
    ['instructions', { role: 'developer', content: 'Be brief.' }, [{ role: 'system', content: 'Be brief.' }]],
    [
      'an image by URL',
      { role: 'user', content: [{ type: 'image', url: 'https://x.test/a.png', detail: 'low' }] },
      [
        {
          role: 'user',
          content: [{ type: 'image_url', image_url: { url: 'https://x.test/a.png', detail: 'low' } }],
        },
      ],
    ],
    [
      'an image by bytes',
      { role: 'user', content: [{ type: 'image', data: Uint8Array.of(1, 2, 3), mediaType: 'image/png' }] },
      [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AQID' } }] }],
    ],
    [
      'a document',
      {
        role: 'user',
        content: [{ type: 'file', data: 'AQID', mediaType: 'application/pdf', filename: 'a.pdf' }],
      },
      [
        {
          role: 'user',
          content: [
            { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AQID' } },
          ],
        },
      ],
    ],
    [
      'sound',
      { role: 'user', content: [{ type: 'audio', data: 'AQID', mediaType: 'audio/mpeg' }] },
      [{ role: 'user', content: [{ type: 'input_audio', input_audio: { data: 'AQID', format: 'mp3' } }] }],
    ],
  ])('%s', (_name, message, expected) => {
    expect(messagesOf([message])).toEqual(expected)
  })

  test('a tool round trip; a result that failed says so', () => {
    const conversation: Message[] = [
      user('Look.'),
      { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }, call('a')] },
      { role: 'tool', toolCallId: 'a', content: 'no such thing', isError: true },
    ]
    expect(messagesOf(conversation)).toEqual([
      { role: 'user', content: 'Look.' },
      { role: 'assistant', content: null, tool_calls: [wireCall('a')] },
      { role: 'tool', tool_call_id: 'a', content: 'Error: no such thing' },
    ])
  })

  test('what results show besides their text comes after the last of them', () => {
    const picture = { type: 'image', url: 'https://x.test/a.png' } as const
    const conversation: Message[] = [
      user('Look.'),
      { role: 'assistant', content: [call('a'), call('b')] },
      { role: 'tool', toolCallId: 'a', content: [picture] },
      { role: 'tool', toolCallId: 'b', content: 'plain' },
      user('And?'),
    ]
    const roles = (messagesOf(conversation) as { role: string }[]).map(({ role }) => role)
    expect(roles).toEqual(['user', 'assistant', 'tool', 'tool', 'user', 'user'])
  })

  test('quirks: thoughts sent back', () => {
    const conversation: Message[] = [
      user('Look.'),
      { role: 'assistant', content: [{ type: 'reasoning', text: 'Hm.' }, call('toolu_0123456789')] },
      { role: 'tool', toolCallId: 'toolu_0123456789', content: 'seen' },
    ]
    const [, assistant] = messagesOf(conversation, {
      reasoningField: 'reasoning_content',
    }) as JsonObject[]
    expect(assistant).toMatchObject({
      reasoning_content: 'Hm.',
    })
  })
})
