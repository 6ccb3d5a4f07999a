import type { EventBatch, StreamEvent } from '../../../src/core/event.ts'
import type { Usage } from '../../../src/core/response.ts'
import type { Encoder, StreamEnd } from '../../../src/protocols/index.ts'

export const usage: Usage = {
  inputTokens: 30,
  outputTokens: 12,
  totalTokens: 42,
  cachedInputTokens: 10,
  reasoningTokens: 4,
}
export const ids: { id: string; createdMs: number } = { id: 'answer_1', createdMs: 1_700_000_000_500 }

export const start: StreamEvent = { type: 'start', provider: 'fake', model: 'fake-1', id: 'up_1' }

export function text(value: string, choice?: number): StreamEvent {
  return choice === undefined
    ? { type: 'text-delta', text: value }
    : { type: 'text-delta', text: value, choice }
}

export function finish(
  finishReason: Extract<StreamEvent, { type: 'finish' }>['finishReason'] = 'stop',
): StreamEvent[] {
  return [
    { type: 'usage', usage },
    { type: 'finish', finishReason, usage },
  ]
}

export function call(id: string, name: string, args: Record<string, string>): StreamEvent[] {
  const json = JSON.stringify(args)
  return [
    { type: 'tool-call-start', id, name },
    { type: 'tool-call-delta', id, delta: json.slice(0, 5) },
    { type: 'tool-call-delta', id, delta: json.slice(5) },
    { type: 'tool-call', id, name, arguments: args },
  ]
}

/** Everything that hurts a frame: lines, separators of other alphabets, marks, halves of characters. */
export const ODD_TEXT =
  '\uFEFFone\ntwo\r\nthree\rfour\u2028five\u2029six\u0085 data: x\n\n"q" \\ \u0000 😀 \ud83d'
export const ODD_REST = '\ude00 end'

export const plain: readonly EventBatch[] = [[start], [text('Hel'), text('lo')], [text(' you'), ...finish()]]
export const odd: readonly EventBatch[] = [
  [start, text(ODD_TEXT)],
  [text(''), text(ODD_REST), ...finish()],
]
export const thoughtful: readonly EventBatch[] = [
  [start, { type: 'reasoning-delta', text: 'Let me ' }],
  [
    { type: 'reasoning-delta', text: 'see.' },
    { type: 'reasoning-delta', text: '', signature: 'sig==' },
  ],
  [text('Yes.'), ...finish()],
]
export const calling: readonly EventBatch[] = [
  [start, text('I look.')],
  [...call('call_a', 'weather', { city: 'Rome' }), ...call('call_b', 'clock', { zone: 'CET' })],
  finish('tool-calls'),
]
/** Two calls told in turns, text between them, and both whole only at the end. */
export const tangled: readonly EventBatch[] = [
  [start, { type: 'tool-call-start', id: 'a', name: 'weather' }],
  [{ type: 'tool-call-delta', id: 'a', delta: '{"city":' }],
  [
    { type: 'tool-call-start', id: 'b', name: 'clock' },
    { type: 'tool-call-delta', id: 'b', delta: '{"zone":' },
  ],
  [{ type: 'tool-call-delta', id: 'a', delta: '"Rome"}' }, text('Both.')],
  [{ type: 'tool-call-delta', id: 'b', delta: '"CET"}' }],
  [
    { type: 'tool-call', id: 'a', name: 'weather', arguments: { city: 'Rome' } },
    { type: 'tool-call', id: 'b', name: 'clock', arguments: { zone: 'CET' } },
    ...finish('tool-calls'),
  ],
]
/** A round of the tool loop: the server ran the tool itself. */
export const looped: readonly EventBatch[] = [
  [start, text('I look. '), ...call('call_a', 'weather', { city: 'Rome' })],
  [
    { type: 'tool-result', id: 'call_a', name: 'weather', result: { sky: 'blue' } },
    { type: 'step', index: 0, finishReason: 'tool-calls', usage },
  ],
  [...call('call_b', 'clock', { zone: 'CET' })],
  [
    { type: 'tool-error', id: 'call_b', name: 'clock', message: 'the clock stands still' },
    { type: 'step', index: 1, finishReason: 'tool-calls', usage },
  ],
  [text('It is blue.'), { type: 'step', index: 2, finishReason: 'stop', usage }, ...finish()],
]
export const rich: readonly EventBatch[] = [
  [start, { type: 'warning', warning: { type: 'unsupported', setting: 'seed', message: 'no seed here' } }],
  [text('Blue sky.'), { type: 'citation', url: 'https://sky.example/', title: 'Sky', start: 0, end: 4 }],
  [{ type: 'file', mediaType: 'image/png', data: 'iVBORw0KGgo=' }],
  [{ type: 'continued', offset: 9, provider: 'fake', model: 'fake-2', after: 'stream-broken' }],
  [text(' Indeed.'), ...finish()],
]
export const several: readonly EventBatch[] = [
  [start, text('A', 0), text('B', 1)],
  [text('a', 0), text('b', 1)],
  [
    { type: 'usage', usage },
    {
      type: 'finish',
      finishReason: 'stop',
      usage,
      choices: [{ finishReason: 'stop' }, { finishReason: 'length' }],
    },
  ],
]

/** All that an encoder writes for an answer. */
export function written(
  encoder: Encoder,
  batches: readonly EventBatch[],
  ending: StreamEnd = { type: 'done' },
): string {
  let frames = encoder.open()
  for (const batch of batches) frames += encoder.encode(batch)
  return frames + encoder.close(ending)
}

/** A `fetch` that answers with these frames, cut into pieces of `size` bytes. */
export function fetchOf(
  frames: string,
  contentType = 'text/event-stream; charset=utf-8',
  size = 7,
): typeof fetch {
  return async () => {
    const bytes = new TextEncoder().encode(frames)
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (at >= bytes.length) return controller.close()
        controller.enqueue(bytes.slice(at, (at += size)))
      },
    })
    return new Response(body, { headers: { 'content-type': contentType } })
  }
}
