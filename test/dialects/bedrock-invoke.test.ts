import { chatApiCall, LlmError, type ChatRequest } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { byteByByte, whole, type Cut } from '../conformance/replay.ts'
import { sentBy } from '../providers/sent.ts'
import { event, exception } from './bedrock-converse-frames.ts'
import { callTo } from './shapes.ts'

const target = { provider: 'bedrock', api: 'invoke', model: 'eu.anthropic.claude-sonnet-4-6-v1:0' } as const
const TYPE = 'application/vnd.amazon.eventstream'

/** One event of the messages format as a chunk of the stream around it. */
function chunk(inner: object): Uint8Array {
  const bytes = Buffer.from(JSON.stringify(inner)).toString('base64')
  return event(JSON.stringify({ chunk: { bytes, p: 'abc' } }))
}

const start = {
  type: 'message_start',
  message: { id: 'msg_1', model: 'claude-sonnet-4-6', content: [], usage: { input_tokens: 7 } },
}
const words = { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Grüß dich' } }
const block = { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }
const ended = [
  { type: 'content_block_stop', index: 0 },
  { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 3 } },
  { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 7 } },
]

function streamOf(frames: readonly Uint8Array[], cut: Cut = whole): ChatRequest & { stream: true } {
  return { ...callTo(target, Buffer.concat(frames), TYPE, cut), stream: true }
}

async function failureOf(request: ChatRequest): Promise<unknown> {
  try {
    const answer: unknown = await chatApiCall(request)
    return await (answer as { response?: Promise<unknown> }).response
  } catch (error) {
    return LlmError.is(error) ? error : String(error)
  }
}

describe('what is sent', () => {
  const call = { ...target, apiKey: 'key', variables: { region: 'eu-west-1' } }

  test('model and mode are in the address alone', async () => {
    const { url, body, headers } = await sentBy(call)
    expect(url).toBe(
      'https://bedrock-runtime.eu-west-1.amazonaws.com/model/eu.anthropic.claude-sonnet-4-6-v1%3A0/invoke',
    )
    expect(body).toMatchObject({ anthropic_version: 'bedrock-2023-05-31', max_tokens: 32_000 })
    expect(body).not.toHaveProperty('model')
    expect(headers).not.toHaveProperty('anthropic-version')
  })

  test('a stream has an address of its own, and no field', async () => {
    let sent: { url: string; body: string } | undefined
    const transport = {
      send: async (request: { url: string; body?: string | undefined }) => {
        sent = { url: request.url, body: request.body ?? '' }
        throw new LlmError('network', 'seen enough')
      },
    }
    const messages = [{ role: 'user' as const, content: 'Hi' }]
    await failureOf({ ...call, messages, transport, stream: true })
    expect(sent?.url).toMatch(/\/invoke-with-response-stream$/)
    expect(JSON.parse(sent?.body ?? '')).not.toHaveProperty('stream')
  })
})

describe('what is read', () => {
  test.each([
    ['whole', whole],
    ['byte by byte', byteByByte],
  ])('the events inside of the chunks, %s', async (_name, cut) => {
    const stream = await chatApiCall(streamOf([start, block, words, ...ended].map(chunk), cut))
    expect(await stream.response).toMatchObject({
      text: 'Grüß dich',
      finishReason: 'stop',
      usage: { inputTokens: 7, outputTokens: 3 },
    })
  })

  test('the same from a server of the messages format, whose answers are framed so', async () => {
    const direct = { provider: 'anthropic', api: undefined, model: 'claude-sonnet-4-6' }
    const events = [start, block, words, ...ended]
    const framed = await chatApiCall({ ...streamOf(events.map(chunk)), ...direct })
    expect((await framed.response).text).toBe('Grüß dich')
    const told = events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('')
    const plain = await chatApiCall({ ...streamOf([Buffer.from(told)]), ...direct })
    expect((await plain.response).text).toBe('Grüß dich')
  })

  test('a whole reply', async () => {
    const content = [{ type: 'text', text: 'Hello' }]
    const reply = { type: 'message', content, stop_reason: 'max_tokens', usage: { input_tokens: 7 } }
    const response = await chatApiCall(callTo(target, JSON.stringify(reply), 'application/json'))
    expect(response).toMatchObject({ text: 'Hello', finishReason: 'length' })
  })

  test('an exception between the chunks', async () => {
    const busy = exception('throttlingException', JSON.stringify({ message: 'Too many of you.' }))
    expect(await failureOf(streamOf([start, block, words].map(chunk).concat(busy)))).toMatchObject({
      kind: 'rate-limited',
      message: expect.stringContaining('Too many of you.'),
      partial: { text: 'Grüß dich' },
    })
  })

  test('an error that its header names', async () => {
    const headers = { 'x-amzn-errortype': 'ModelNotReadyException:http://own.test/' }
    const body = JSON.stringify({ message: 'Not yet.' })
    const request = {
      ...callTo(target, '', TYPE),
      fetch: async () => new Response(body, { status: 429, headers }),
    }
    expect(await failureOf(request)).toMatchObject({ kind: 'overloaded', status: 429 })
  })

  test('a chunk that wraps nothing is damaged', async () => {
    const odd = event(JSON.stringify({ chunk: { bytes: '%%%' } }))
    expect(await failureOf(streamOf([chunk(start), odd]))).toMatchObject({ kind: 'stream-broken' })
  })
})
