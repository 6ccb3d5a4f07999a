import { describe, expect, test } from 'vitest'
import { collectResponse } from '../../../src/core/accumulate-response.ts'
import { LlmError } from '../../../src/core/error.ts'
import type { EventBatch, StreamEvent } from '../../../src/core/event.ts'
import { isObject, type JsonObject } from '../../../src/core/json.ts'
import type { ChatResponse } from '../../../src/core/response.ts'
import {
  anthropicMessagesEncoder,
  renderAnthropicMessage,
} from '../../../src/protocols/anthropic-messages/index.ts'
import { ndjsonEncoder } from '../../../src/delivery/encoders/index.ts'
import { openaiChatEncoder, renderOpenaiChat } from '../../../src/protocols/openai-chat/index.ts'
import {
  openaiResponsesEncoder,
  renderOpenaiResponse,
} from '../../../src/protocols/openai-responses/index.ts'
import type { Encoder } from '../../../src/protocols/index.ts'
import { chatApiCall, type ChatRequest } from '../../../src/index.ts'
import * as answers from './answers.ts'
import { fetchOf, ids, usage, written } from './answers.ts'

interface Route {
  readonly encoder: () => Encoder
  readonly render: (response: ChatResponse) => JsonObject
  readonly request: Pick<ChatRequest, 'provider' | 'model' | 'api'>
}

const routes: Readonly<Record<string, Route>> = {
  'OpenAI chat': {
    encoder: () => openaiChatEncoder({ ...ids, includeUsage: true }),
    render: (response) => renderOpenaiChat(response, ids),
    request: { provider: 'openai', model: 'any' },
  },
  'OpenAI responses': {
    encoder: () => openaiResponsesEncoder(ids),
    render: (response) => renderOpenaiResponse(response, ids),
    request: { provider: 'openai', model: 'any', api: 'responses' },
  },
  'Anthropic messages': {
    encoder: () => anthropicMessagesEncoder(ids),
    render: (response) => renderAnthropicMessage(response, ids),
    request: { provider: 'anthropic', model: 'any' },
  },
}

const cases = {
  plain: answers.plain,
  odd: answers.odd,
  thoughtful: answers.thoughtful,
  calling: answers.calling,
} as const

function outcome(response: ChatResponse): object {
  const { text, reasoning, toolCalls, finishReason, model } = response
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens } = response.usage
  return {
    text,
    reasoning,
    toolCalls,
    finishReason,
    model,
    usage: { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens },
  }
}

const source = (batches: readonly EventBatch[]): ChatResponse =>
  collectResponse(batches.flat(), { provider: 'fake', model: 'fake-1' })

describe.each(Object.entries(routes))('%s, written and read again', (_name, route) => {
  const call = { ...route.request, apiKey: 'none', messages: [{ role: 'user', content: 'Hi' }] } as const

  test.each(Object.entries(cases))('streamed: %s', async (_case, batches) => {
    const frames = written(route.encoder(), batches)
    const stream = await chatApiCall({ ...call, stream: true, fetch: fetchOf(frames) })
    const events: StreamEvent[] = []
    for await (const event of stream) events.push(event)
    expect(outcome(await stream.response)).toEqual(outcome(source(batches)))
    // Piece by piece, too: nothing was gathered on the way.
    expect(contentOf(events)).toEqual(contentOf(batches.flat()))
  })

  test.each(Object.entries(cases))('whole: %s', async (_case, batches) => {
    const body = JSON.stringify(route.render(source(batches)))
    const response = await chatApiCall({ ...call, fetch: fetchOf(body, 'application/json') })
    expect(outcome(response)).toEqual(outcome(source(batches)))
  })

  test('an error after content keeps its kind, and the text before it', async () => {
    for (const kind of [
      'rate-limited',
      'overloaded',
      'timeout',
      'content-blocked',
      'server-failed',
    ] as const) {
      const error = new LlmError(kind, 'sorry')
      const frames = written(route.encoder(), answers.plain.slice(0, 2), { type: 'error', error })
      const stream = await chatApiCall({ ...call, stream: true, fetch: fetchOf(frames) })
      const failed = await stream.response.catch((thrown: unknown) => thrown)
      // Anthropic has no word for refused content.
      const known = kind === 'content-blocked' && route.request.provider === 'anthropic'
      expect(failed).toMatchObject({ kind: known ? 'invalid-request' : kind, partial: { text: 'Hello' } })
    }
  })
})

// A format without an end for each call completes them all at the end.
function contentOf(events: readonly StreamEvent[]): StreamEvent[] {
  const pieces = events.filter(
    (event) => (event.type === 'text-delta' && event.text !== '') || event.type.startsWith('tool-call-'),
  )
  return [...pieces, ...events.filter((event) => event.type === 'tool-call')]
}

describe('what only some formats have', () => {
  test('OpenAI chat: sources, pictures, several answers, log probabilities', async () => {
    const read = async (batches: readonly EventBatch[]): Promise<ChatResponse> => {
      const frames = written(openaiChatEncoder({ ...ids, includeUsage: true }), batches)
      const request = { provider: 'openai', model: 'any', apiKey: 'none', messages: [] } as const
      const messages = [{ role: 'user', content: 'Hi' }] as const
      return (await chatApiCall({ ...request, messages, stream: true, fetch: fetchOf(frames) })).response
    }
    const { citations, files, usage: read1 } = await read(answers.rich)
    expect(citations).toMatchObject([{ url: 'https://sky.example/', title: 'Sky', start: 0, end: 4 }])
    expect(files).toMatchObject([{ mediaType: 'image/png', data: 'iVBORw0KGgo=' }])
    expect(read1.totalTokens).toBe(usage.totalTokens)
    const { choices } = await read(answers.several)
    expect(choices?.map(({ text, finishReason }) => [text, finishReason])).toEqual([
      ['Aa', 'stop'],
      ['Bb', 'length'],
    ])
    const logprobs = [{ token: 'Hi', logprob: -0.5, top: [{ token: 'Ho', logprob: -1.5 }] }]
    const probable = await read([
      [answers.start, { type: 'text-delta', text: 'Hi', logprobs }, ...answers.finish()],
    ])
    expect(probable.logprobs).toEqual(logprobs)
  })

  test('a call that comes at once, without pieces, is told with its arguments', async () => {
    const whole: readonly EventBatch[] = [
      [
        answers.start,
        { type: 'tool-call', id: 'c', name: 'now', arguments: {}, signature: 'mark' },
        { type: 'tool-call-start', id: 'd', name: 'raw' },
        { type: 'tool-call', id: 'd', name: 'raw', arguments: '{"a', invalid: 'no JSON' },
        ...answers.finish('tool-calls'),
      ],
    ]
    for (const { encoder, request } of Object.values(routes)) {
      const messages = [{ role: 'user', content: 'Hi' }] as const
      const fetch = fetchOf(written(encoder(), whole))
      const stream = await chatApiCall({ ...request, apiKey: 'none', messages, stream: true, fetch })
      expect((await stream.response).toolCalls).toMatchObject([
        { id: 'c', name: 'now', arguments: {} },
        { id: 'd', name: 'raw', arguments: '{"a' },
      ])
    }
  })

  test('NDJSON is the events themselves', () => {
    for (const batches of [answers.odd, answers.looped, answers.rich, answers.several]) {
      const lines = written(ndjsonEncoder(), batches).trimEnd().split('\n')
      const events = lines.map((line) => JSON.parse(line) as unknown)
      expect(events).toEqual(batches.flat())
      expect(events.every(isObject)).toBe(true)
    }
  })
})
