import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatApiCall, type ChatRequest, type ChatResponse, type StreamEvent } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { byteByByte, crlf, seeded, whole, type Cut } from '../conformance/replay.ts'

type Target = Pick<ChatRequest, 'provider' | 'model' | 'api'>

interface Expected {
  readonly events: readonly StreamEvent[]
  readonly response: Partial<ChatResponse>
}

const cuts: Readonly<Record<string, Cut>> = {
  whole,
  'byte by byte': byteByByte,
  crlf,
  'seeded cuts': seeded(7),
}

/** The call that everything in these tests answers. */
export function callTo(
  target: Target,
  body: Uint8Array | string,
  type: string,
  cut: Cut = whole,
): ChatRequest {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  return {
    ...target,
    apiKey: 'test-key',
    baseUrl: 'http://own.test/v1',
    messages: [{ role: 'user', content: 'Hello!' }],
    fetch: async () => {
      const pieces = cut(bytes)
      const stream = new ReadableStream<Uint8Array>({
        pull: (controller) => {
          const piece = pieces.shift()
          if (piece === undefined) controller.close()
          else controller.enqueue(piece)
        },
      })
      return new Response(stream, { headers: { 'content-type': type } })
    },
  }
}

/** How a fixture's stream becomes the body of a reply. */
export interface StreamFile {
  readonly name: string
  /** Its `content-type`. */
  readonly type: string
  /** Makes binary frames of it; line ends mean nothing in them. */
  readonly encode?: (file: Buffer) => Uint8Array
}

const sse: StreamFile = { name: 'stream.sse', type: 'text/event-stream' }

/** Every shape in a folder of own fixtures: its stream under every cut, and its whole reply, which must agree. */
export function testShapes(dialect: string, target: Target, { name, type, encode }: StreamFile = sse): void {
  const folder = join(import.meta.dirname, '../fixtures', dialect)
  const read = (shape: string, file: string): Buffer => readFileSync(join(folder, shape, file))
  const shapes = readdirSync(folder)

  describe.each(shapes)('stream of shape %s', (shape) => {
    const expected = JSON.parse(read(shape, 'expected.json').toString('utf8')) as Expected

    const fitting = Object.entries(cuts).filter(([, cut]) => encode === undefined || cut !== crlf)
    test.each(fitting)('%s', async (_name, cut) => {
      const file = read(shape, name)
      const request = callTo(target, encode?.(file) ?? file, type, cut)
      const stream = await chatApiCall({ ...request, stream: true })
      const events: StreamEvent[] = []
      for await (const event of stream) events.push(event)
      expect(events).toEqual(expected.events)
      expect(essence(await stream.response)).toEqual(essence(expected.response))
    })
  })

  const replied = shapes.filter((shape) => existsSync(join(folder, shape, 'reply.json')))
  test.each(replied)('the whole reply of shape %s is read as its stream is', async (shape) => {
    const expected = JSON.parse(read(shape, 'expected.json').toString('utf8')) as Expected
    const request = callTo(target, read(shape, 'reply.json'), 'application/json')
    const response = await chatApiCall({ ...request, stream: false })
    expect(essence(response)).toEqual(essence(expected.response))
  })
}

/** Where a call to `fetch` went. */
export function urlOf(input: string | URL | Request): string {
  return new Request(input).url
}

/** Of a response, what the shape of a reply decides. */
function essence(response: Partial<ChatResponse>): Partial<ChatResponse> {
  const {
    provider: _provider,
    model: _model,
    id: _id,
    requestId: _own,
    attempts: _attempts,
    ...rest
  } = response
  return rest
}
