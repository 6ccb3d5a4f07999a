import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/core/wire.ts'
import { createNdjsonDecoder } from '../../src/transport/ndjson.ts'
import { createSseDecoder } from '../../src/transport/sse.ts'

const utf8 = new TextEncoder()
const MAX_BYTES = 1_048_576

// What a broken server may repeat without ever completing a frame: the beginning, and what follows again and again.
const endless: readonly [name: string, head: string, again: string][] = [
  ['a field without an end', 'data: ', 'x'],
  ['a line that is no field', '', 'x'],
  ['JSON without an end', '{"a":"', 'x'],
  ['spaces', '', ' '],
  ['characters without width', '', '\u200B'],
  ['a comment without an end', ': ', 'x'],
  ['comments', '', ': x\n'],
  ['a name without an end', 'event: ', 'x'],
  ['an id without an end', 'id: ', 'x'],
  ['ids', '', 'id: 5\n'],
  ['carriage returns', '', '\r'],
  ['line ends', '', '\n'],
  ['an event of many lines', '', 'data: xxxx\n'],
  ['an event of empty lines', '', 'data\n'],
  ['lines that are no fields', '', 'x\n'],
  ['brackets', '[', '{\n'],
  ['beginnings of JSON', '', '{"a":\n'],
  ['a field behind characters without width', '\u200Bdata: ', 'x'],
  ['an error without an end', 'error: ', 'x'],
  ['an error without an end behind spaces', '   error: ', 'x'],
]

test.each(endless)('server-sent events end typed, and are read once: %s', (_name, head, again) => {
  const decoder = createSseDecoder(MAX_BYTES)
  const piece = utf8.encode(again.repeat(Math.ceil(1_400 / again.length)))
  const frames: Frame[] = []
  const read = (): void => {
    decoder.push(utf8.encode(head), frames)
    for (let sent = 0; sent < 5 * MAX_BYTES; sent += piece.length) decoder.push(piece, frames)
  }
  expect(read).toThrow(expect.objectContaining({ kind: 'reply-malformed' }))
  expect(frames).toEqual([])
})

test.each([
  ['a line without an end', '{"a":"', 'x'],
  ['blank lines', '', ' \n'],
  ['line ends', '', '\n'],
  ['spaces', '', ' '],
])('newline-delimited JSON ends typed: %s', (_name, head, again) => {
  const decoder = createNdjsonDecoder(MAX_BYTES)
  const piece = utf8.encode(again.repeat(Math.ceil(1_400 / again.length)))
  const read = (): void => {
    decoder.push(utf8.encode(head), [])
    for (let sent = 0; sent < 5 * MAX_BYTES; sent += piece.length) decoder.push(piece, [])
  }
  expect(read).toThrow(expect.objectContaining({ kind: 'reply-malformed' }))
})

test.each([
  ['invisible characters before a field', `${' '.repeat(40)}data: {"n":1}\n\n`],
  ['a field behind many of them', `\uFEFF${'\u200B'.repeat(300)}data: {"n":1}\n\n`],
  ['a line of spaces alone between fields', `data: {"n":\n${' '.repeat(40)}\ndata: 1}\n\n`],
  ['an odd line that begins like a field', `eve ${'x'.repeat(60)}\ndata: {"n":1}\n\n`],
  ['an error field', `error: {"message":"${'long '.repeat(30)}"}\n\n`],
])('frames do not depend on where the network cuts: %s', (_name, text) => {
  const bytes = utf8.encode(text)
  const framesOf = (cuts: readonly number[]): readonly Frame[] => {
    const decoder = createSseDecoder(100_000)
    const frames: Frame[] = []
    const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length]
    places.slice(1).forEach((to, index) => decoder.push(bytes.subarray(places[index], to), frames))
    decoder.end(frames)
    return frames.map(({ event, data }) => ({ event, data }))
  }
  const whole = framesOf([])
  expect(whole.length).toBeGreaterThan(0)
  expect(framesOf([...bytes.keys()])).toEqual(whole)
  fc.assert(
    fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
      expect(framesOf(cuts)).toEqual(whole)
    }),
    { numRuns: 100, seed: 5 },
  )
})
