import { expect, test } from 'vitest'
import type { EventBatch } from '../../../src/core/event.ts'
import { objectOf } from '../../../src/core/json.ts'
import { anthropicMessagesEncoder } from '../../../src/protocols/anthropic-messages/index.ts'
import { openaiChatEncoder } from '../../../src/protocols/openai-chat/index.ts'
import { finish, ids, start, tangled, written } from './answers.ts'

test('Anthropic blocks follow one another, whatever the order of the pieces', () => {
  const frames = written(anthropicMessagesEncoder(ids), tangled)
  const order = [...frames.matchAll(/event: content_block_(\w+)\ndata: .*?"index":(\d)/g)]
  expect(order.map(([, what, index]) => `${what} ${index}`).join(', ')).toBe(
    'start 0, delta 0, delta 0, stop 0, start 1, delta 1, delta 1, stop 1, start 2, delta 2, stop 2',
  )
})

test('the first call of several is told as it comes', () => {
  const encoder = anthropicMessagesEncoder(ids)
  const told = tangled.map((batch) => encoder.encode(batch))
  expect(told[1]).toContain('"partial_json":"{\\"city\\":"')
  // The second waits for the first.
  expect([told[2], told[4]]).toEqual(['', ''])
})

test('arguments of OpenAI chat are JSON in the end, also where no piece came', () => {
  const batches: readonly EventBatch[] = [
    [start, { type: 'tool-call-start', id: 'c', name: 'now' }],
    [{ type: 'tool-call', id: 'c', name: 'now', arguments: {} }, ...finish('tool-calls')],
  ]
  const frames = written(openaiChatEncoder(ids), batches)
  const pieces = [...frames.matchAll(/"function":(\{.*?\})\}\]/g)].map(([, json = '']) =>
    String(objectOf(JSON.parse(json))['arguments']),
  )
  expect(pieces).toEqual(['', '{}'])
})
