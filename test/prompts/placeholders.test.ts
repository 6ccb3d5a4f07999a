import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { MessageInput } from 'llm-switchyard'
import { createRandom, fillMessages, fillPlaceholders, type PlaceholderNames } from 'llm-switchyard/prompts'

const names = { char: 'Ada', user: 'Bob' }

test.each<[string, PlaceholderNames, string]>([
  ['{{char}} and {{user}}, <CHAR> and <USER>', names, 'Ada and Bob, Ada and Bob'],
  ['{{random_user}}', names, 'Bob'],
  ['{{char}} meets {{user}} and {{random_user}}', {}, 'Character meets User and User'],
  ['{{char}} {{user}}', { char: '  ', user: '' }, 'Character User'],
  ['{{random_user}}', { ...names, randomUsers: ['Eve'] }, 'Eve'],
  ['{{random_user}}', { ...names, randomUsers: [' '] }, 'Bob'],
  ['{{Char}} {{ user }} <user> <Bot> {{BOT}} {char} {{{char}}}', names, 'Ada Bob Bob Ada Ada {char} {Ada}'],
  ['nothing here', names, 'nothing here'],
  ['', names, ''],
  // A name is not a pattern, and is not filled again.
  ['{{char}}', { char: '$& $1 $$' }, '$& $1 $$'],
  ['{{char}} {{user}}', { char: '{{user}}', user: '{{char}}' }, '{{user}} {{char}}'],
])('%s with %j is %s', (text, who, expected) => {
  expect(fillPlaceholders(text, who)).toBe(expected)
})

test('random users are drawn for each placeholder, the same for the same seed', () => {
  const randomUsers = ['Ann', 'Ben', 'Cem', 'Dora']
  const text = '{{random_user}} '.repeat(40)
  const fill = (seed: string) => fillPlaceholders(text, { randomUsers, random: createRandom(seed) })
  expect(fill('a')).toBe(fill('a'))
  expect(fill('a')).not.toBe(fill('b'))
  expect(new Set(fill('a').trim().split(' '))).toEqual(new Set(randomUsers))
})

test('seeded numbers are even enough', () => {
  const random = createRandom(7)
  const draws = Array.from({ length: 10_000 }, random)
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...draws)).toBeLessThan(1)
  for (let tenth = 0; tenth < 10; tenth++) {
    const count = draws.filter((draw) => Math.floor(draw * 10) === tenth).length
    expect(count).toBeGreaterThan(900)
    expect(count).toBeLessThan(1_100)
  }
})

describe('in turns', () => {
  test('texts and text parts are filled, images, tools and signed text are not', () => {
    const image = { type: 'image' as const, url: 'https://example.org/{{char}}.png' }
    const signed = { type: 'text' as const, text: '{{char}}', signature: 's' }
    const call = { type: 'tool-call' as const, id: 'a', name: 't', arguments: { x: '{{char}}' } }
    const messages: MessageInput[] = [
      { role: 'system', content: 'You are {{char}}.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi <CHAR>' }, image] },
      { role: 'assistant', content: [{ type: 'text', text: 'Hi {{user}}' }, signed, call] },
      { role: 'tool', toolCallId: 'a', content: '{{char}}' },
      { role: 'assistant', content: null },
      // The message that is being sent is what the user wrote.
      { role: 'user', content: 'What does {{char}} mean?' },
      { role: 'assistant', content: [call] },
    ]
    const before = structuredClone(messages)
    expect(fillMessages(messages, names)).toEqual([
      { role: 'system', content: 'You are Ada.' },
      { role: 'user', content: [{ type: 'text', text: 'Hi Ada' }, image] },
      { role: 'assistant', content: [{ type: 'text', text: 'Hi Bob' }, signed, call] },
      messages[3],
      ...messages.slice(4),
    ])
    expect(messages).toEqual(before)
  })
})

test('a text without a placeholder never changes', () => {
  const without = fc.string().filter((text) => !/\{\{|<[bcu]/i.test(text))
  fc.assert(fc.property(without, (text) => fillPlaceholders(text, names) === text))
})
