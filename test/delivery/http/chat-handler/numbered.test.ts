import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { LlmError } from '../../../../src/core/error.ts'
import type { EventBatch, StreamEvent } from '../../../../src/core/event.ts'
import type { StreamEnd } from '../../../../src/protocols/index.ts'
import { numberedEncoder, readPosition } from '../../../../src/delivery/http/chat-handler/event-ids.ts'
import { encoderFor } from '../../../../src/delivery/http/chat-handler/protocol.ts'
import { createFakeClock } from '../../../../src/testing/index.ts'
import { finish, start, text } from '../../runs/sources.ts'

const event: fc.Arbitrary<StreamEvent> = fc.oneof(
  fc.string().map(text),
  fc.string().map((piece): StreamEvent => ({ type: 'reasoning-delta', text: piece })),
  fc.constant<StreamEvent>({ type: 'tool-call-start', id: 't', name: 'get' }),
  fc.string().map((delta): StreamEvent => ({ type: 'tool-call-delta', id: 't', delta })),
  fc
    .json()
    .map((json): StreamEvent => ({ type: 'tool-call', id: 't', name: 'get', arguments: JSON.parse(json) })),
  fc.constant<StreamEvent>({ type: 'tool-result', id: 't', name: 'get', result: null }),
  fc.constant<StreamEvent>({ type: 'citation', url: 'https://a.example' }),
)
const batches = fc.array(fc.array(event, { maxLength: 5 }), { maxLength: 8 })
const ending = fc.constantFrom<StreamEnd>(
  { type: 'done' },
  { type: 'error', error: new LlmError('stream-broken', 'cut') },
)

const meta = { conversationId: 'c', createdMs: 1, streamFrames: true }

/** The frames of one connection, comments left out. */
function framesOf(
  all: readonly EventBatch[],
  end: StreamEnd,
  protocol: 'sse' | 'ui-message',
  after?: string,
): string[] {
  const encoder = numberedEncoder(
    encoderFor({ runId: 'run_1', meta, protocol, clock: createFakeClock() }),
    'run_1',
    readPosition(after),
  )
  const body = encoder.open() + all.map((batch) => encoder.encode(batch)).join('') + encoder.close(end)
  return body.split('\n\n').filter((frame) => frame !== '' && !frame.startsWith(':'))
}

const idOf = (frame: string): string => /^id: (.*)$/m.exec(frame)?.[1] ?? ''

describe.each(['sse', 'ui-message'] as const)('frames of %s', (protocol) => {
  test('whatever was the last that a reader got, it gets the rest and nothing twice', () => {
    fc.assert(
      fc.property(batches, ending, (given, end) => {
        const all = [[start], ...given, ...(end.type === 'done' ? [[finish]] : [])]
        const whole = framesOf(all, end, protocol)
        expect(new Set(whole.map(idOf)).size).toBe(whole.length)
        for (const [index, frame] of whole.entries())
          expect(framesOf(all, end, protocol, idOf(frame))).toEqual(whole.slice(index + 1))
      }),
      { numRuns: 150 },
    )
  })
})

test('reads positions of ours and no others', () => {
  expect(readPosition('run_1:12.3')).toEqual({ runId: 'run_1', seq: 12, frame: 3 })
  expect(readPosition('run:with:colons:7')).toEqual({ runId: 'run:with:colons', seq: 7, frame: Infinity })
  expect(readPosition('run_1:end')).toEqual({ runId: 'run_1', seq: Infinity, frame: Infinity })
  for (const other of [
    '',
    'run_1',
    'run_1:',
    'run_1:-1',
    'run_1:1.',
    ':1',
    'x'.repeat(300) + ':1',
    null,
    undefined,
  ])
    expect(readPosition(other)).toBeUndefined()
})
