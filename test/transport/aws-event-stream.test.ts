import { crc32 } from 'node:zlib'
import { EventStreamCodec } from '@smithy/eventstream-codec'
import { fromUtf8, toUtf8 } from '@smithy/util-utf8'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import type { Frame } from '../../src/core/wire.ts'
import { createAwsEventStreamDecoder } from '../../src/transport/aws-event-stream.ts'

const codec = new EventStreamCodec(toUtf8, fromUtf8)
type Headers = Parameters<EventStreamCodec['encode']>[0]['headers']

function text(value: string): Headers[string] {
  return { type: 'string', value }
}

function message(headers: Headers, payload: string): Uint8Array {
  return codec.encode({ headers, body: fromUtf8(payload) })
}

function event(name: string, payload: unknown): Uint8Array {
  const headers = {
    ':event-type': text(name),
    ':content-type': text('application/json'),
    ':message-type': text('event'),
  }
  return message(headers, JSON.stringify(payload))
}

function decode(pieces: readonly Uint8Array[], maxEventBytes = 1_000_000): Frame[] {
  const decoder = createAwsEventStreamDecoder(maxEventBytes)
  const out: Frame[] = []
  for (const piece of pieces) decoder.push(piece, out)
  decoder.end(out)
  return out
}

function errorOf(pieces: readonly Uint8Array[], maxEventBytes?: number): LlmError {
  try {
    decode(pieces, maxEventBytes)
  } catch (error) {
    if (LlmError.is(error)) return error
  }
  throw new Error('no LlmError was thrown')
}

const stream = Buffer.concat([
  event('messageStart', { role: 'assistant', p: 'abcdefg' }),
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Grüße, 世界 🙂' } }),
  message({ ':message-type': text('event'), ':event-type': text('empty') }, ''),
  event('messageStop', { stopReason: 'end_turn' }),
])
const frames: Frame[] = [
  { event: 'messageStart', data: '{"role":"assistant","p":"abcdefg"}' },
  { event: 'contentBlockDelta', data: '{"contentBlockIndex":0,"delta":{"text":"Grüße, 世界 🙂"}}' },
  { event: 'empty', data: '' },
  { event: 'messageStop', data: '{"stopReason":"end_turn"}' },
]

describe('frames made by the vendor’s own codec', () => {
  test('are read in one piece and byte by byte', () => {
    expect(decode([stream])).toEqual(frames)
    expect(decode(Array.from(stream, (byte) => Uint8Array.of(byte)))).toEqual(frames)
  })

  test('are read with a cut at every place', () => {
    for (let at = 0; at <= stream.length; at++)
      expect(decode([stream.subarray(0, at), stream.subarray(at)]), `cut at ${at}`).toEqual(frames)
  })

  test('any messages in any pieces', () => {
    const parts = fc.array(
      fc.record({
        name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
        data: fc.string({ unit: 'grapheme' }),
      }),
    )
    fc.assert(
      fc.property(parts, fc.array(fc.nat(2_000)), (events, cuts) => {
        const wellFormed = events.map(({ name, data }) => ({
          event: name.toWellFormed(),
          data: data.toWellFormed(),
        }))
        const bytes = Buffer.concat(
          wellFormed.map(({ event: name, data }) => message({ ':event-type': text(name) }, data)),
        )
        const places = [
          0,
          ...cuts.map((cut) => cut % (bytes.length + 1)).toSorted((a, b) => a - b),
          bytes.length,
        ]
        expect(decode(places.slice(1).map((to, index) => bytes.subarray(places[index], to)))).toEqual(
          wellFormed,
        )
      }),
      { numRuns: 300 },
    )
  })

  test('headers of every type are passed over', () => {
    const headers: Headers = {
      a: { type: 'boolean', value: true },
      b: { type: 'boolean', value: false },
      c: { type: 'byte', value: 7 },
      d: { type: 'short', value: 7 },
      e: { type: 'integer', value: 7 },
      g: { type: 'binary', value: Uint8Array.of(1, 2, 3) },
      h: { type: 'timestamp', value: new Date(0) },
      i: { type: 'uuid', value: '01234567-89ab-cdef-0123-456789abcdef' },
      ':event-type': text('last'),
    }
    expect(decode([message(headers, '{}')])).toEqual([{ event: 'last', data: '{}' }])
  })

  test('a message that is cut off is no frame', () => {
    expect(decode([stream.subarray(0, stream.length - 1)])).toEqual(frames.slice(0, 3))
    expect(decode([stream.subarray(0, 5)])).toEqual([])
    expect(decode([])).toEqual([])
  })
})

describe('exceptions and errors', () => {
  const exception = (payload: string): Uint8Array =>
    message({ ':message-type': text('exception'), ':exception-type': text('throttlingException') }, payload)

  test.each([
    ['as JSON', '{"message":"slow down"}', { message: 'slow down' }],
    ['in plain text', 'slow down', { message: 'slow down' }],
    ['without a word', '', { message: '' }],
  ])('an exception %s', (_name, payload, expected) => {
    const [frame, ...rest] = decode([exception(payload)])
    expect(rest).toEqual([])
    expect(frame?.event).toBe('exception:throttlingException')
    expect(JSON.parse(frame?.data ?? '')).toEqual(expected)
  })

  test('an error has its words in the headers', () => {
    const headers = {
      ':message-type': text('error'),
      ':error-code': text('InternalFailure'),
      ':error-message': text('oh'),
    }
    expect(decode([message(headers, '')])).toEqual([
      { event: 'exception:InternalFailure', data: '{"message":"oh"}' },
    ])
  })
})

describe('a stream that is not what it should be', () => {
  test('a change of any bit of any byte is noticed', () => {
    const one = event('messageStop', { stopReason: 'end_turn' })
    for (let at = 0; at < one.length; at++) {
      const changed = Uint8Array.from(one)
      changed[at] = (changed[at] as number) ^ (1 << (at % 8))
      expect(errorOf([changed]).kind, `byte ${at}`).toBe('reply-malformed')
    }
  })

  test.each([
    ['an HTML page', '<!doctype html><title>Bad gateway</title>'],
    ['JSON', '{"message":"no stream for you"}'],
  ])('%s', (_name, body) => {
    const error = errorOf([fromUtf8(body)])
    expect(error.kind).toBe('reply-malformed')
    expect(error.message).toContain('not an event stream')
  })

  test('a message above the bound is refused as soon as its length is known', () => {
    const large = event('contentBlockDelta', { text: 'x'.repeat(2_000) })
    expect(decode([large], large.length)).toHaveLength(1)
    for (const pieces of [
      [large],
      [large.subarray(0, 12)],
      Array.from(large, (byte) => Uint8Array.of(byte)),
    ]) {
      const error = errorOf(pieces, large.length - 1)
      expect(error.kind).toBe('reply-malformed')
      expect(error.message).toContain('maxEventBytes')
    }
  })

  test.each([
    ['headers longer than the message', 16, 100, []],
    ['a length below that of the frame itself', 4, 0, []],
    ['a header without a value', 16 + 3, 3, [1, 97, 7]],
    ['a header whose value goes on', 16 + 6, 6, [1, 97, 7, 0, 9, 98]],
    ['a header of an unknown type', 16 + 3, 3, [1, 97, 10]],
  ])('%s', (_name, length, headersLength, headers) => {
    const bytes = Buffer.alloc(Math.max(16, 16 + headers.length))
    bytes.writeUInt32BE(length, 0)
    bytes.writeUInt32BE(headersLength, 4)
    bytes.writeUInt32BE(crc32(bytes.subarray(0, 8)), 8)
    bytes.set(headers, 12)
    bytes.writeUInt32BE(crc32(bytes.subarray(0, bytes.length - 4)), bytes.length - 4)
    expect(errorOf([bytes]).kind).toBe('reply-malformed')
  })
})
