import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseParser, readFrame, type SseEvent } from '../../../src/delivery/client/index.ts'

function parse(pieces: readonly string[]): SseEvent[] {
  const parser = createSseParser()
  return pieces.flatMap((piece) => parser.feed(piece))
}

const WHOLE =
  '\uFEFF:ok\n\nid: r:1.1\ndata: {"a":1}\n\n: ping\n\nevent: named\ndata: one\ndata:two\ndata\nretry: 5\nother: x\n\ndata: é🙂\n\n'
const EVENTS: SseEvent[] = [
  { event: '', data: '{"a":1}', id: 'r:1.1' },
  { event: 'named', data: 'one\ntwo\n', id: '' },
  { event: '', data: 'é🙂', id: '' },
]

describe('the parser', () => {
  test.each(['\n', '\r\n', '\r'])('line ends %j, cut at every character', (end) => {
    const text = WHOLE.replaceAll('\n', end)
    expect(parse([text])).toEqual(EVENTS)
    expect(parse(text.split(''))).toEqual(EVENTS)
    for (let at = 0; at <= text.length; at++)
      expect(parse([text.slice(0, at), text.slice(at)])).toEqual(EVENTS)
  })

  test('any cuts give the same events', () => {
    const line = fc.constantFrom('data: x', 'data:', 'id: 1', 'event: e', ':c', '', 'data', 'nonsense')
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
    fc.assert(
      fc.property(fc.array(fc.tuple(line, lineEnd)), fc.array(fc.nat(40)), (lines, sizes) => {
        const text = lines.map((pair) => pair.join('')).join('')
        const pieces: string[] = []
        let at = 0
        for (const size of sizes) pieces.push(text.slice(at, (at += size)))
        pieces.push(text.slice(at))
        expect(parse(pieces)).toEqual(parse([text]))
      }),
    )
  })

  test('an event without its empty line was never sent', () => {
    expect(parse(['data: a\n\ndata: b\n'])).toEqual([{ event: '', data: 'a', id: '' }])
  })

  test('an event without end is refused in time', () => {
    const parser = createSseParser()
    const piece = 'x'.repeat(4 * 1024 * 1024)
    expect(() => {
      for (let count = 0; count < 5; count++) parser.feed(piece)
    }).toThrow('too large')
  })
})

describe('frames', () => {
  const read = (data: unknown, event = ''): unknown =>
    readFrame({ event, data: typeof data === 'string' ? data : JSON.stringify(data), id: '' })

  test('are read by their type, or by the name of the event', () => {
    expect(read({ type: 'content', content: 'a' })).toEqual({ type: 'content', content: 'a' })
    expect(read({ model: 'm' }, 'stream_start')).toEqual({ type: 'stream_start', model: 'm' })
    expect(read('[DONE]')).toEqual({ type: 'end' })
    expect(read({ error: { code: 'timeout', message: 'late' } })).toMatchObject({
      type: 'error',
      error: { code: 'timeout', message: 'late' },
    })
    expect(read({ type: 'error', error: 'just words' })).toMatchObject({ error: { message: 'just words' } })
  })

  test('nothing throws: what is not known is handed on', () => {
    for (const odd of [
      '',
      '{',
      'null',
      '[1]',
      '7',
      { type: 'content' },
      { type: 'constructor' },
      { type: 5 },
    ])
      expect(read(odd)).toMatchObject({ type: 'other' })
  })
})
