import { describe, expect, test } from 'vitest'
import { LlmError } from '../../../src/core/error.ts'
import { anthropicMessagesEncoder } from '../../../src/protocols/anthropic-messages/index.ts'
import {
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
} from '../../../src/delivery/encoders/index.ts'
import { openaiChatEncoder } from '../../../src/protocols/openai-chat/index.ts'
import { openaiResponsesEncoder } from '../../../src/protocols/openai-responses/index.ts'
import type { Encoder } from '../../../src/protocols/index.ts'
import { streamingBody, type BodyEnd } from '../../../src/delivery/http/streaming-body.ts'
import { chatApiCall, createOrchestrator } from '../../../src/index.ts'
import { ids } from '../encoders/answers.ts'
import { serve } from '../../loopback.ts'
import { stopwatch } from '../../proof.ts'

const makers: Readonly<Record<string, () => Encoder>> = {
  'OpenAI chat': () => openaiChatEncoder(ids),
  'OpenAI responses': () => openaiResponsesEncoder(ids),
  Anthropic: () => anthropicMessagesEncoder(ids),
  'UI messages': () => uiMessageEncoder(ids),
  'plain SSE': () => plainSseEncoder(ids),
  NDJSON: ndjsonEncoder,
  'plain text': plainTextEncoder,
}

const chunk = (content: string): string =>
  `data: {"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"${content}"}}]}\n\n`

const ask = (url: string) =>
  ({
    provider: 'openai',
    model: 'm',
    apiKey: 'none',
    baseUrl: url,
    messages: [{ role: 'user', content: 'Hi' }],
    stream: true,
  }) as const

describe.each(Object.entries(makers))('%s over a real connection', (_name, make) => {
  test('a reader that leaves while the model thinks is seen upstream at once', async () => {
    await using server = await serve((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk('hello'))
    })
    const ends: BodyEnd[] = []
    const stream = await chatApiCall(ask(server.url))
    const body = streamingBody(stream, make(), { onEnd: (end) => ends.push(end) })
    const reader = body.getReader()
    let seen = ''
    while (!seen.includes('hello')) seen += new TextDecoder().decode((await reader.read()).value)
    const waiting = reader.read()
    const took = stopwatch()
    await reader.cancel('left')
    await server.left()
    took.atMost(100)
    expect((await waiting).done).toBe(true)
    expect(ends).toEqual([{ type: 'cancelled', reason: 'left' }])
    await expect(stream.response).rejects.toMatchObject({ kind: 'aborted' })
  })
})

test('a host that goes down ends the answer with words of its own', async () => {
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chunk('hello'))
  })
  const orchestrator = createOrchestrator({})
  const stream = await orchestrator.chatApiCall(ask(server.url))
  const ends: BodyEnd[] = []
  const frames = new Response(
    streamingBody(stream, plainSseEncoder(ids), { onEnd: (end) => ends.push(end) }),
  ).text()
  await orchestrator.close({ drainMs: 0 })
  const text = await frames
  expect(text).toContain('"content":"hello"')
  expect(text).toContain('"message":"The service is shutting down; try again."')
  expect(text.match(/\[DONE\]/g)).toHaveLength(1)
  expect(ends).toMatchObject([{ type: 'error', error: { kind: 'aborted' } }])
})

test('a reader that stops reading stops the upstream', async () => {
  let written = 0
  await using server = await serve((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const piece = chunk('x'.repeat(1000))
    const more = (): void => {
      while (!response.destroyed && written < 200_000_000) {
        written += piece.length
        if (!response.write(piece)) return void response.once('drain', more)
      }
    }
    more()
  })
  const stream = await chatApiCall({ ...ask(server.url), fetch })
  const body = streamingBody(stream, openaiChatEncoder(ids))
  const reader = body.getReader()
  await reader.read()
  let before = -1
  // Until the buffers of the connection are full: from then on nothing moves.
  while (before !== written) {
    before = written
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(written).toBeLessThan(50_000_000)
  await reader.cancel()
  expect(await stream.response.catch((error: unknown) => LlmError.is(error, 'aborted'))).toBe(true)
})
