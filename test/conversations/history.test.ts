import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fitWindow } from '../../src/conversations/context/fit-window.ts'
import { selectHistory, unitsOf } from '../../src/conversations/context/select-history.ts'
import { placeImages } from '../../src/conversations/context/past-images.ts'
import type { Message } from '../../src/core/message.ts'

const user = (content: string): Message => ({ role: 'user', content })
const assistant = (content: string): Message => ({ role: 'assistant', content })
const call = (id: string): Message => ({
  role: 'assistant',
  content: [{ type: 'tool-call', id, name: 'look', arguments: {} }],
})
const result = (id: string): Message => ({ role: 'tool', toolCallId: id, name: 'look', content: 'seen' })
const one = (): number => 1

describe('which turns go along', () => {
  const talk = Array.from({ length: 30 }, (_, at) => (at % 2 === 0 ? user(`q${at}`) : assistant(`a${at}`)))

  test('the newest in order; the oldest are dropped', () => {
    const { messages, dropped } = selectHistory(talk)
    expect(messages).toEqual(talk.slice(10))
    expect(dropped).toEqual(talk.slice(0, 10))
  })

  test('never more than 200, whatever is asked for', () => {
    const long = Array.from({ length: 500 }, (_, at) => user(`q${at}`))
    expect(selectHistory(long, { maxMessages: 10_000 }).messages).toEqual(long.slice(300))
  })

  test('system turns are kept and come first', () => {
    const system: Message = { role: 'system', content: 'Be brief.' }
    expect(selectHistory([system, ...talk], { maxMessages: 2 }).messages).toEqual([system, ...talk.slice(28)])
  })

  test('a tool call stays with its results, or goes with them', () => {
    const tools = [user('q'), call('c1'), result('c1'), assistant('a')]
    expect(selectHistory(tools, { maxMessages: 2 }).messages).toEqual([assistant('a')])
    expect(selectHistory(tools, { maxMessages: 3 }).messages).toEqual(tools.slice(1))
  })

  test('a result without its call is dropped', () => {
    expect(unitsOf([user('q'), result('gone'), assistant('a')]).flat()).toEqual([user('q'), assistant('a')])
  })

  test('a token budget cuts between turns', () => {
    const { messages, tokens } = selectHistory(talk, { maxTokens: 5, maxMessages: 100 }, one)
    expect(messages).toEqual(talk.slice(25))
    expect(tokens).toBe(5)
  })

  test('for any conversation and bounds: a suffix, within bounds, with whole pairs', () => {
    const unit = fc.oneof(
      fc.string().map((text) => [user(text)]),
      fc.string().map((text) => [assistant(text)]),
      fc.uuid().map((id) => [call(id), result(id)]),
    )
    fc.assert(
      fc.property(fc.array(unit), fc.nat(30), fc.nat(2000), (units, maxMessages, maxTokens) => {
        const all = units.flat()
        const { messages, dropped, tokens } = selectHistory(all, { maxMessages, maxTokens })
        expect([...dropped, ...messages]).toEqual(all)
        expect(messages.length).toBeLessThanOrEqual(maxMessages)
        expect(tokens).toBeLessThanOrEqual(maxTokens)
        expect(messages[0]?.role).not.toBe('tool')
      }),
    )
  })
})

describe('images of past turns', () => {
  const picture = { type: 'image', url: 'https://example.com/a.png' } as const
  const other = { type: 'image', url: 'https://example.com/b.png' } as const
  const shown: Message = { role: 'user', content: [{ type: 'text', text: 'this?' }, picture, other] }
  const bare: Message = { role: 'user', content: [picture] }
  const past = [bare, assistant('a cat'), shown, assistant('a dog')]

  test('send-all sends all', () => {
    expect(placeImages(past, 'send-all')).toEqual(past)
  })

  test('describe-past replaces each by a text', () => {
    expect(placeImages(past, 'describe-past')[2]?.content).toEqual([
      { type: 'text', text: 'this?' },
      { type: 'text', text: '<image 1>' },
      { type: 'text', text: '<image 2>' },
    ])
  })

  test('ignore-past leaves them out, and no turn empty', () => {
    const placed = placeImages(past, 'ignore-past')
    expect(placed[2]?.content).toEqual([{ type: 'text', text: 'this?' }])
    expect(placed[0]?.content).toBe('[1 image]')
  })

  test('send-last-user-image spares the newest one, unless the turn being sent shows one', () => {
    const placed = placeImages(past, 'send-last-user-image', user('and now?'))
    expect(placed[2]?.content).toEqual([{ type: 'text', text: 'this?' }, other])
    expect(placed[0]?.content).toBe('[1 image]')
    const showing = placeImages(past, 'send-last-user-image', bare)
    expect(showing[2]?.content).toEqual([{ type: 'text', text: 'this?' }])
  })
})

describe('the window of a model', () => {
  const history = Array.from({ length: 10 }, (_, at) => user(`q${at}`))
  const fixed = [user('now')]
  const base = { history, fixed, countTokens: one, answerTokens: 4 }

  test('the oldest go until the call fits', () => {
    const fitted = fitWindow({ ...base, traits: { contextWindow: 8 } })
    expect(fitted.history).toEqual(history.slice(7))
    expect(fitted.dropped).toEqual(history.slice(0, 7))
    expect(fitted).toMatchObject({ inputTokens: 4, answerTokens: 4, contextWindow: 8 })
  })

  test('a turn that cannot fit is refused with the numbers', () => {
    const fit = (): unknown =>
      fitWindow({ ...base, fixed: [user('a'), user('b')], traits: { contextWindow: 5 } })
    expect(fit).toThrow(expect.objectContaining({ kind: 'context-too-long' }))
    expect(fit).toThrow(/needs 2 tokens .* 4 for the answer: 6 of a context window of 5/)
  })

  test('system turns of the history may be too much alone', () => {
    const system: Message[] = Array.from({ length: 9 }, () => ({ role: 'system', content: 'x' }))
    const fit = (): unknown => fitWindow({ ...base, history: system, traits: { contextWindow: 8 } })
    expect(fit).toThrow(expect.objectContaining({ kind: 'context-too-long' }))
  })

  test('a window that is not known bounds nothing', () => {
    expect(fitWindow({ ...base, traits: {} }).history).toEqual(history)
  })
})
