import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { chatApiCall, type ChatResponse, type StreamEvent } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { byteByByte, crlf, seeded, whole, type Cut } from '../conformance/replay.ts'

const FOLDER = join(import.meta.dirname, '../fixtures/anthropic-messages')
const cuts: Readonly<Record<string, Cut>> = {
  whole,
  'byte by byte': byteByByte,
  crlf,
  'seeded cuts': seeded(7),
}

interface Expected {
  readonly events: readonly StreamEvent[]
  readonly response: Partial<ChatResponse>
}

const request = {
  provider: 'anthropic',
  model: 'claude-test-1',
  apiKey: 'test-key',
  baseUrl: 'http://own.test/v1',
  messages: [{ role: 'user' as const, content: 'Hello!' }],
}

function answer(body: Uint8Array, type: string, cut: Cut): typeof fetch {
  return async () => {
    const pieces = cut(body)
    const stream = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        const piece = pieces.shift()
        if (piece === undefined) controller.close()
        else controller.enqueue(piece)
      },
    })
    return new Response(stream, { headers: { 'content-type': type } })
  }
}

/** Of a response, what the shapes of a reply decide. */
function essence(response: ChatResponse): Partial<ChatResponse> {
  const { text, reasoning, toolCalls, citations, finishReason, rawFinishReason } = response
  const { usage, message, warnings } = response
  return { text, reasoning, toolCalls, citations, finishReason, rawFinishReason, usage, message, warnings }
}

const shapes = readdirSync(FOLDER)
const wholeShapes = shapes.filter((name) => existsSync(join(FOLDER, name, 'reply.json')))

function readExpected(name: string): Expected {
  return JSON.parse(readFileSync(join(FOLDER, name, 'expected.json'), 'utf8')) as Expected
}

describe.each(shapes)('stream of shape %s', (name) => {
  const expected = readExpected(name)

  test.each(Object.entries(cuts))('%s', async (_cut, cut) => {
    const fetch = answer(readFileSync(join(FOLDER, name, 'stream.sse')), 'text/event-stream', cut)
    const stream = await chatApiCall({ ...request, fetch, stream: true })
    const events: StreamEvent[] = []
    for await (const event of stream) events.push(event)
    expect(events).toEqual(expected.events)
    expect(essence(await stream.response)).toEqual(expected.response)
  })
})

describe.each(wholeShapes)('whole reply of shape %s', (name) => {
  const expected = readExpected(name)
  const body = readFileSync(join(FOLDER, name, 'reply.json'))

  test('is read as its stream is', async () => {
    const fetch = answer(body, 'application/json', whole)
    expect(essence(await chatApiCall({ ...request, fetch }))).toEqual(expected.response)
  })

  test('is sent back as history block by block', async () => {
    let sent: { messages: { role: string; content: unknown }[] } | undefined
    const fetch: typeof globalThis.fetch = async (_url, init) => {
      sent = JSON.parse(init?.body as string) as typeof sent
      return Response.json({ content: [{ type: 'text', text: 'ok' }], stop_reason: 'end_turn' })
    }
    const { message, toolCalls = [] } = expected.response
    const results = toolCalls.map(({ id }) => ({ role: 'tool' as const, toolCallId: id, content: 'done' }))
    const messages = [...request.messages, message as NonNullable<typeof message>, ...results]
    await chatApiCall({ ...request, messages: [...messages, { role: 'user', content: 'Go on.' }], fetch })
    const turn = sent?.messages.find(({ role }) => role === 'assistant')?.content
    const { content } = JSON.parse(body.toString('utf8')) as { content: Block[] }
    const blocks = typeof turn === 'string' ? [{ type: 'text', text: turn }] : (turn ?? [])
    expect(blocks).toEqual(joinTexts(content))
  })
})

interface Block {
  readonly type: string
  readonly text?: string
}

/** Neighbouring texts are one part of the answer; citations are not sent back. */
function joinTexts(blocks: readonly Block[]): Block[] {
  const joined: Block[] = []
  for (const block of blocks) {
    const last = joined.at(-1)
    if (block.type !== 'text') joined.push(block)
    else if (last?.type === 'text') joined.splice(-1, 1, { type: 'text', text: `${last.text}${block.text}` })
    else joined.push({ type: 'text', text: block.text ?? '' })
  }
  return joined
}
