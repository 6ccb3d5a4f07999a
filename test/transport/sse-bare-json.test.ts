import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Frame } from '../../src/core/wire.ts'
import { createSseDecoder } from '../../src/transport/sse.ts'

const utf8 = new TextEncoder()

function framesOf(text: string, cuts: readonly number[] = []): string[] {
  const bytes = utf8.encode(text)
  const decoder = createSseDecoder(100_000)
  const frames: Frame[] = []
  const places = [0, ...cuts.filter((at) => at < bytes.length).toSorted((a, b) => a - b), bytes.length]
  places.slice(1).forEach((to, index) => decoder.push(bytes.subarray(places[index], to), frames))
  decoder.end(frames)
  return frames.map(({ data }) => data)
}

const oops = { error: { code: 499, message: 'It wás cancelled.', details: [{ reason: 'OOPS' }] } }
const spread = JSON.stringify(oops, null, 2)

test.each([
  ['on one line', `data: {"n":1}\n\n${JSON.stringify(oops)}\n`, ['{"n":1}', JSON.stringify(oops)]],
  ['without an end of line', `data: {"n":1}\n\n${JSON.stringify(oops)}`, ['{"n":1}', JSON.stringify(oops)]],
  ['over many lines', `data: {"n":1}\n\n${spread}\n\ndata: {"n":2}\n\n`, ['{"n":1}', spread, '{"n":2}']],
  ['in place of all events', spread, [spread]],
  ['in a list', `[${spread}\n]`, [`[${spread}\n]`]],
])('bare JSON is a frame: %s', (_name, text, expected) => {
  fc.assert(
    fc.property(fc.array(fc.nat(400), { maxLength: 8 }), fc.boolean(), (cuts, crlf) => {
      const sent = crlf ? text.replaceAll('\n', '\r\n') : text
      expect(framesOf(sent, cuts)).toEqual(expected)
    }),
    { numRuns: 60, seed: 11 },
  )
})

test.each([
  ['a field that is not known', 'kind: {"n":0}\ndata: {"n":1}\n\n'],
  ['JSON that is never closed', '{\n  "error": 1\n\ndata: {"n":1}\n\n'],
  ['brackets that are no JSON', '[DONE]\n\ndata: {"n":1}\n\n}\n'],
  ['a line longer than any error', `{"a": "${'x'.repeat(70_000)}"}\n\ndata: {"n":1}\n\n`],
  ['more than any error needs', `{\n"a": "${'x'.repeat(70_000)}"\n}\n\ndata: {"n":1}\n\n`],
])('other lines stay passed over: %s', (_name, text) => {
  expect(framesOf(text, [3, 17, 69_000])).toEqual(['{"n":1}'])
})
