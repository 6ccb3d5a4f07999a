import { chatApiCall } from 'llm-switchyard'
import { expect, test } from 'vitest'
import { choiceOf } from '../../src/dialects/choice.ts'
import { callTo } from './shapes.ts'

test.each([
  [1, 1],
  [127, 127],
  [0, undefined],
  [-1, undefined],
  [0.5, undefined],
  ['2', undefined],
  [null, undefined],
  [50_000_000, undefined],
  [1e308, undefined],
])('the place %j is %j', (index, place) => {
  expect(choiceOf(index)).toBe(place)
})

test('an answer at a place far away makes no room for those before it', async () => {
  const candidate = { index: 100_000, content: { parts: [{ text: 'Low.' }] }, finishReason: 'STOP' }
  const target = { provider: 'google', model: 'some-model' } as const
  const reply = callTo(target, JSON.stringify({ candidates: [candidate] }), 'application/json')
  const { text, choices } = await chatApiCall({ ...reply, stream: false })
  expect([text, choices]).toEqual(['Low.', undefined])
})
