import { describe, expect, test } from 'vitest'
import type { Fragment } from '../../src/core/dialect.ts'
import type { Usage } from '../../src/core/response.ts'
import { createTextSizeLimit, createNormalizer } from '../../src/stream/index.ts'

const estimated: Usage = { inputTokens: 1, outputTokens: 1, totalTokens: 2, estimated: true }
const normalizer = () =>
  createNormalizer({
    provider: 'p',
    model: 'm',
    finishReasons: { stop: 'stop', length: 'length' },
    estimate: () => estimated,
  })
const text = (value: string): Fragment => ({ type: 'text-delta', text: value })

describe('the normalizer', () => {
  test('gives start first, with what was known before the first content', () => {
    const events = normalizer().push([{ type: 'meta', id: 'r1', model: 'm-2026' }, text('a')])
    expect(events).toEqual([{ type: 'start', provider: 'p', model: 'm-2026', id: 'r1' }, text('a')])
  })

  test.each([
    ['STOP', 'stop'],
    ['length: of the prompt', 'length'],
    ['tide', 'other'],
    ['toString', 'other'],
  ])('the reason %s is %s', (reason, finishReason) => {
    const end = normalizer()
      .push([text('a'), { type: 'finish', reason }, { type: 'end' }])
      .at(-1)
    expect(end).toMatchObject({ type: 'finish', finishReason, rawFinishReason: reason })
  })

  test('drops empty deltas and gives finish once, at the end mark', () => {
    const one = normalizer()
    expect(
      one.push([text(''), text('a'), { type: 'finish', reason: 'stop' }]).map(({ type }) => type),
    ).toEqual(['start', 'text-delta'])
    expect(one.stopped).toBe(true)
    const end = one.push([
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 4 } },
      { type: 'end' },
      text('late'),
    ])
    expect(end).toEqual([
      { type: 'usage', usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 } },
      {
        type: 'finish',
        finishReason: 'stop',
        rawFinishReason: 'stop',
        usage: { inputTokens: 3, outputTokens: 4, totalTokens: 7 },
      },
    ])
    expect(one.push([text('later')])).toEqual([])
    expect(one.end()).toEqual([])
  })

  test('an end mark without a reason finishes as other; an end of the source with a reason is complete', () => {
    expect(
      normalizer()
        .push([text('a'), { type: 'end' }])
        .at(-1),
    ).toMatchObject({ type: 'finish', finishReason: 'other', usage: estimated })
    const one = normalizer()
    one.push([text('a'), { type: 'finish', reason: 'length' }])
    expect(one.end()?.at(-1)).toMatchObject({ type: 'finish', finishReason: 'length' })
  })

  test('an end of the source with neither has no events: the answer is cut', () => {
    const one = normalizer()
    one.push([text('a')])
    expect(one.end()).toBeUndefined()
  })

  test('usage is merged field by field from any number of pieces', () => {
    const one = normalizer()
    one.push([{ type: 'usage', usage: { inputTokens: 10, cachedInputTokens: 4 } }])
    one.push([{ type: 'usage', usage: { outputTokens: 1 } }])
    one.push([{ type: 'usage', usage: { inputTokens: undefined, outputTokens: 7 } }])
    expect(one.usage).toEqual({ inputTokens: 10, outputTokens: 7, totalTokens: 17, cachedInputTokens: 4 })
  })

  test('a stop with tool calls is tool-calls; a length stays', () => {
    const call: Fragment = { type: 'tool', id: 'i', name: 'a', delta: '{}' }
    expect(
      normalizer()
        .push([call, { type: 'finish', reason: 'stop' }, { type: 'end' }])
        .at(-1),
    ).toMatchObject({ finishReason: 'tool-calls' })
    expect(
      normalizer()
        .push([call, { type: 'finish', reason: 'length' }, { type: 'end' }])
        .at(-1),
    ).toMatchObject({ finishReason: 'length' })
  })

  test('several answers keep their own reasons', () => {
    const fragments: Fragment[] = [
      text('a'),
      { type: 'text-delta', text: 'b', choice: 1 },
      { type: 'finish', reason: 'stop' },
      { type: 'finish', reason: 'length', choice: 1 },
      { type: 'end' },
    ]
    const finish = normalizer().push(fragments).at(-1)
    expect(finish).toMatchObject({
      finishReason: 'stop',
      choices: [{ finishReason: 'stop' }, { finishReason: 'length' }],
    })
  })

  test('nothing comes after an error inside the stream', () => {
    const one = normalizer()
    const fault = { kind: 'overloaded', message: 'busy' } as const
    expect(one.push([text('a'), { type: 'fault', fault }, text('b')]).map(({ type }) => type)).toEqual([
      'start',
      'text-delta',
    ])
    expect(one.fault).toEqual(fault)
  })
})

describe('the guard', () => {
  const delta = (value: string) => ({ type: 'text-delta' as const, text: value })

  test('lets exactly the bound through and cuts between characters', () => {
    const guard = createTextSizeLimit(10)
    expect(guard.check([delta('12345'), delta('67890')])).toHaveLength(2)
    expect(guard.error).toBeUndefined()
    expect(guard.check([delta('x')])).toEqual([delta('')])
    expect(guard.error?.kind).toBe('reply-malformed')
  })

  test.each([
    ['é', 2],
    ['€', 3],
    ['😄', 4],
    ['a', 1],
  ])('%s counts %i bytes, wherever a pair is split', (character, bytes) => {
    const fits = createTextSizeLimit(bytes)
    for (const unit of character.split('')) fits.check([delta(unit)])
    expect(fits.error).toBeUndefined()
    const tight = createTextSizeLimit(bytes - 1)
    if (bytes > 1) for (const unit of character.split('')) tight.check([delta(unit)])
    if (bytes > 1) expect(tight.error).toBeDefined()
  })

  test('cuts a long delta at a character', () => {
    const guard = createTextSizeLimit(5)
    expect(guard.check([delta('ab😄c')])).toEqual([delta('ab')])
  })

  test('0 is no bound', () => {
    const guard = createTextSizeLimit(0)
    guard.check([delta('x'.repeat(100_000))])
    expect(guard.error).toBeUndefined()
  })
})
