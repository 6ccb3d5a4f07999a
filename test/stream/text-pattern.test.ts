import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fragment } from '../../src/core/dialect.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { openaiChat } from '../../src/dialects/index.ts'
import { DeltaFastPath } from '../../src/stream/index.ts'

interface Frame {
  readonly data: string
  readonly event?: string | undefined
}

/** What a stream's frames give: each parsed, or with the pattern, and how many were not parsed then. */
function readAll(frames: readonly Frame[], pattern?: DeltaFastPath): { out: Fragment[]; skipped: number } {
  const reader = openaiChat.reader({})
  const out: Fragment[] = []
  let skipped = 0
  for (const frame of frames) {
    const known = pattern?.read(frame)
    if (known !== undefined) {
      out.push(known)
      skipped++
      continue
    }
    const before = out.length
    reader.read(JSON.parse(frame.data) as JsonValue, frame.event, out)
    const only = out.length === before + 1 ? out[before] : undefined
    if (only !== undefined) pattern?.learn(frame, only)
  }
  return { out, skipped }
}

const chunk = (delta: object, rest: object = {}): Frame => ({
  data: JSON.stringify({ id: 'x', model: 'm', choices: [{ index: 0, delta, finish_reason: null, ...rest }] }),
})
const texts = (...contents: string[]): Frame[] => contents.map((content) => chunk({ content }))

// Texts that look like the JSON around them, and ordinary ones.
const text = fc.oneof(
  fc.constantFrom(
    'the',
    ' a',
    ':',
    ',',
    '":"',
    '"',
    '\\',
    '\n',
    'content',
    'x',
    '0',
    '',
    '}',
    ' null',
    'é',
    '你好',
  ),
  fc.string(),
)
const frame = fc
  .record({
    content: text,
    field: fc.constantFrom('content', 'content', 'content', 'reasoning_content', 'refusal'),
    id: fc.constantFrom('x', 'x', 'x', 'y', 'the'),
    index: fc.constantFrom(0, 0, 0, 1),
    reason: fc.constantFrom(null, null, null, null, 'stop'),
    spaced: fc.constantFrom(0, 0, 0, 1),
    event: fc.constantFrom(undefined, undefined, 'message', 'error'),
  })
  .map(({ content, field, id, index, reason, spaced, event }): Frame => {
    const choices = [{ index, delta: { role: 'assistant', [field]: content }, finish_reason: reason }]
    return { data: JSON.stringify({ id, object: 'chunk', model: 'm', choices }, null, spaced), event }
  })

describe('frames that repeat all but their text', () => {
  test('give what parsing gives, whatever they hold', () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 30 }), (frames) => {
        expect(readAll(frames, new DeltaFastPath()).out).toEqual(readAll(frames).out)
      }),
      { numRuns: 1_000 },
    )
  })

  test('are not parsed', () => {
    const frames = texts('Every', ' train', '"', '\\', ' \n', ' é', ' 你好', ' stops')
    const { out, skipped } = readAll(frames, new DeltaFastPath())
    expect(skipped).toBe(frames.length - 2)
    expect(out).toEqual(readAll(frames).out)
  })

  test('are parsed where their text is cut, not a string, or more than one', () => {
    const [first = chunk({}), second = chunk({})] = texts('Every', ' train')
    const pattern = new DeltaFastPath()
    pattern.learn(first, { type: 'text-delta', text: 'Every' })
    expect(pattern.read(second)).toEqual({ type: 'text-delta', text: ' train' })
    for (const odd of ['null', '" train","content":"', '"\t"', '""'])
      expect(pattern.read({ data: second.data.replace('" train"', odd) })).toBeUndefined()
    expect(pattern.read({ ...second, event: 'error' })).toBeUndefined()
  })

  test('teach nothing where the text stands in two places, or the fragment holds more', () => {
    for (const [data, fragment] of [
      ['{"id":"a","text":"a"}', { type: 'text-delta', text: 'a' }],
      ['{"id":"x","text":"a"}', { type: 'text-delta', text: 'a', choice: 1 }],
      ['{"id":"x","text":":"}', { type: 'text-delta', text: ':' }],
    ] as const) {
      const pattern = new DeltaFastPath()
      pattern.learn({ data }, fragment)
      expect(pattern.read({ data })).toBeUndefined()
    }
  })

  test('are given up where every frame is another', () => {
    const pattern = new DeltaFastPath()
    const frames = Array.from({ length: 9 }, (_none, id) => ({ data: `{"id":${id},"text":"word"}` }))
    for (const each of frames) pattern.learn(each, { type: 'text-delta', text: 'word' })
    for (const id of [3, 8]) expect(pattern.read({ data: `{"id":${id},"text":"more"}` })).toBeUndefined()
  })
})
