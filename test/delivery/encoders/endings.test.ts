import { describe, expect, test } from 'vitest'
import { LlmError } from '../../../src/core/error.ts'
import type { EventBatch } from '../../../src/core/event.ts'
import { anthropicMessagesEncoder } from '../../../src/protocols/anthropic-messages/index.ts'
import {
  ndjsonEncoder,
  plainSseEncoder,
  plainTextEncoder,
  uiMessageEncoder,
} from '../../../src/delivery/encoders/index.ts'
import { openaiChatEncoder } from '../../../src/protocols/openai-chat/index.ts'
import { openaiResponsesEncoder } from '../../../src/protocols/openai-responses/index.ts'
import type { Encoder, StreamEnd } from '../../../src/protocols/index.ts'
import { createFakeClock } from '../../../src/testing/index.ts'
import { finish, ids, start, text, usage, written } from './answers.ts'

const cut: readonly EventBatch[] = [[start, text('Hel')], [text('lo')]]
const whole: readonly EventBatch[] = [...cut, finish()]
const partial = {
  provider: 'fake',
  model: 'fake-1',
  text: 'Hello',
  reasoning: '',
  toolCalls: [],
  citations: [],
  files: [],
  finishReason: 'other',
  usage,
  warnings: [],
  message: { role: 'assistant', content: 'Hello' },
  attempts: [],
} as const

const broke = { type: 'error', error: new LlmError('stream-broken', 'host 10.0.0.1 cut the wire') } as const
const endings: Readonly<Record<string, readonly [batches: readonly EventBatch[], ending: StreamEnd]>> = {
  done: [whole, { type: 'done' }],
  'error before content': [[], broke],
  'error after content': [cut, broke],
  'error after the finish': [whole, broke],
  abort: [cut, { type: 'error', error: new LlmError('aborted', 'stopped', { partial }) }],
  size: [cut, { type: 'error', error: new LlmError('reply-malformed', 'longer than 5 bytes', { partial }) }],
  idle: [cut, { type: 'error', error: new LlmError('timeout', 'silent for 30 s', { phase: 'idle' }) }],
  limit: [
    [],
    { type: 'error', error: new LlmError('limit-exceeded', '20 a minute', { retryAfterMs: 3000 }) },
  ],
  shutdown: [cut, { type: 'error', error: new LlmError('aborted', 'closed', { code: 'shutdown' }) }],
}

// What every error says to the outside.
const SAID: Readonly<Record<string, string>> = {
  'error before content': 'The answer broke off before its end.',
  'error after content': 'The answer broke off before its end.',
  'error after the finish': 'The answer broke off before its end.',
  abort: 'stopped',
  size: 'The answer was cut off, or could not be read.',
  idle: 'The model did not answer in time; try again later.',
  limit: '20 a minute',
  shutdown: 'The service is shutting down; try again.',
}

interface Protocol {
  readonly make: () => Encoder
  /** The last frames of each ending. */
  readonly last: Readonly<Record<string, string>>
  /** What ends an answer: there is exactly one of it in all. */
  readonly terminal: RegExp
}

const usageJson = JSON.stringify(usage)
const chunk = '"object":"chat.completion.chunk","created":1700000000,"model":"fake-1"'
const openaiError = (name: string, type: string, code: string): string =>
  `data: {"error":{"message":"${SAID[name]}","type":"${type}","param":null,"code":"${code}"}}\n\ndata: [DONE]\n\n`
const anthropicError = (name: string, type: string): string =>
  `event: error\ndata: {"type":"error","error":{"type":"${type}","message":"${SAID[name]}"}}\n\n`
const plainError = (name: string, code: string, more = ''): string =>
  `{"type":"error","error":{"code":"${code}","message":"${SAID[name]}"${more}}`
const uiError = (name: string): string =>
  `data: {"type":"error","errorText":"${SAID[name]}"}\n\ndata: [DONE]\n\n`
const KINDS: readonly (readonly [string, string])[] = [
  ['error before content', 'stream-broken'],
  ['error after content', 'stream-broken'],
  ['error after the finish', 'stream-broken'],
  ['abort', 'aborted'],
  ['size', 'reply-malformed'],
  ['idle', 'timeout'],
  ['limit', 'limit-exceeded'],
  ['shutdown', 'aborted'],
]
const knowsUsage = new Set(['error after the finish', 'abort', 'size'])
const plainErrors = (lead: string, tail: string): Record<string, string> =>
  Object.fromEntries(
    KINDS.map(([name, kind]) => {
      const wait = name === 'limit' ? ',"retryAfterMs":3000' : ''
      const known = knowsUsage.has(name) ? `,"usage":${usageJson}` : ''
      return [name, `${lead}${plainError(name, kind, wait)}${known}}${tail}`]
    }),
  )

const protocols: Readonly<Record<string, Protocol>> = {
  'plain SSE': {
    make: () => plainSseEncoder(ids),
    terminal: /data: \[DONE\]\n\n/g,
    last: {
      done: `data: {"type":"done","finishReason":"stop","usage":${usageJson},"id":"answer_1","model":"fake-1"}\n\ndata: [DONE]\n\n`,
      ...plainErrors('data: ', '\n\ndata: [DONE]\n\n'),
    },
  },
  'OpenAI chat': {
    make: () => openaiChatEncoder({ ...ids, includeUsage: true }),
    terminal: /data: \[DONE\]\n\n/g,
    last: {
      done: [
        `data: {"id":"answer_1",${chunk},"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}],"usage":null}\n\n`,
        `data: {"id":"answer_1",${chunk},"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":12,"total_tokens":42,`,
        '"prompt_tokens_details":{"cached_tokens":10},"completion_tokens_details":{"reasoning_tokens":4}}}\n\n',
        'data: [DONE]\n\n',
      ].join(''),
      'error before content': openaiError('error before content', 'server_error', 'stream_broken'),
      'error after content': openaiError('error after content', 'server_error', 'stream_broken'),
      'error after the finish': openaiError('error after the finish', 'server_error', 'stream_broken'),
      abort: openaiError('abort', 'request_error', 'aborted'),
      size: openaiError('size', 'server_error', 'reply_malformed'),
      idle: openaiError('idle', 'server_error', 'timeout'),
      limit: openaiError('limit', 'rate_limit_error', 'rate_limit_exceeded'),
      shutdown: openaiError('shutdown', 'request_error', 'service_unavailable'),
    },
  },
  Anthropic: {
    make: () => anthropicMessagesEncoder(ids),
    terminal: /event: (message_stop|error)\n/g,
    last: {
      done: [
        'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},',
        '"usage":{"input_tokens":20,"cache_creation_input_tokens":0,"cache_read_input_tokens":10,"output_tokens":12,',
        '"output_tokens_details":{"thinking_tokens":4}}}\n\n',
        'event: message_stop\ndata: {"type":"message_stop"}\n\n',
      ].join(''),
      'error before content': anthropicError('error before content', 'api_error'),
      'error after content': anthropicError('error after content', 'api_error'),
      'error after the finish': anthropicError('error after the finish', 'api_error'),
      abort: anthropicError('abort', 'invalid_request_error'),
      size: anthropicError('size', 'api_error'),
      idle: anthropicError('idle', 'timeout_error'),
      limit: anthropicError('limit', 'rate_limit_error'),
      shutdown: anthropicError('shutdown', 'api_error'),
    },
  },
  'UI messages': {
    make: () => uiMessageEncoder(ids),
    terminal: /data: \[DONE\]\n\n/g,
    last: {
      done: `data: {"type":"text-end","id":"text-0"}\n\ndata: {"type":"finish-step"}\n\ndata: {"type":"finish","finishReason":"stop","messageMetadata":{"usage":${usageJson}}}\n\ndata: [DONE]\n\n`,
      'error before content': uiError('error before content'),
      'error after content': uiError('error after content'),
      'error after the finish': uiError('error after the finish'),
      abort: `data: {"type":"message-metadata","messageMetadata":{"usage":${usageJson}}}\n\ndata: {"type":"abort"}\n\ndata: [DONE]\n\n`,
      size: `data: {"type":"message-metadata","messageMetadata":{"usage":${usageJson}}}\n\n${uiError('size')}`,
      idle: uiError('idle'),
      limit: uiError('limit'),
      shutdown: uiError('shutdown'),
    },
  },
  NDJSON: {
    make: ndjsonEncoder,
    terminal: /^\{"type":"(finish|error)"/gm,
    last: {
      done: `{"type":"finish","finishReason":"stop","usage":${usageJson}}\n`,
      ...plainErrors('', '\n'),
    },
  },
}

describe.each(Object.entries(protocols))('%s ends', (_protocol, { make, last, terminal }) => {
  test.each(Object.entries(endings))('%s', (name, [batches, ending]) => {
    const frames = written(make(), batches, ending)
    const end = last[name] as string
    expect(frames.slice(-end.length)).toBe(end)
    expect(frames.match(terminal)).toHaveLength(1)
    expect(frames).not.toContain('10.0.0.1')
  })
})

describe('OpenAI responses end', () => {
  test.each([
    ['done', 'response.completed', undefined],
    ['error before content', 'response.failed', 'stream_broken'],
    ['error after content', 'response.failed', 'stream_broken'],
    ['error after the finish', 'response.failed', 'stream_broken'],
    ['abort', 'response.failed', 'aborted'],
    ['size', 'response.failed', 'reply_malformed'],
    ['idle', 'response.failed', 'timeout'],
    ['limit', 'response.failed', 'rate_limit_exceeded'],
    ['shutdown', 'response.failed', 'service_unavailable'],
  ])('%s with %s', (name, type, code) => {
    const [batches, ending] = endings[name] as (typeof endings)[string]
    const events = readEvents(written(openaiResponsesEncoder(ids), batches, ending))
    expect(events[0]?.type).toBe('response.created')
    expect(events.map((event) => event.sequence_number)).toEqual(events.map((_event, at) => at))
    const terminals = events.filter((event) => /completed|failed|incomplete/.test(event.type))
    expect(terminals.map((event) => event.type)).toEqual([type])
    const { response } = events.at(-1) as ResponseEvent
    expect(response?.error).toEqual(code === undefined ? null : { code, message: SAID[name] })
    expect(response?.status).toBe(type.slice('response.'.length))
  })

  test.each([
    ['length', 'response.incomplete', { reason: 'max_output_tokens' }],
    ['content-filter', 'response.incomplete', { reason: 'content_filter' }],
    ['error', 'response.failed', null],
    ['tool-calls', 'response.completed', null],
  ] as const)('a finish for %s with %s', (reason, type, details) => {
    const events = readEvents(written(openaiResponsesEncoder(ids), [...cut, finish(reason)]))
    expect(events.at(-1)).toMatchObject({ type, response: { incomplete_details: details } })
  })
})

interface ResponseEvent {
  readonly type: string
  readonly sequence_number: number
  readonly response?: { readonly status: string; readonly error: unknown }
}

function readEvents(frames: string): ResponseEvent[] {
  return frames
    .trim()
    .split('\n\n')
    .map((frame) => {
      const [name = '', data = ''] = frame.split('\n')
      const event = JSON.parse(data.slice('data: '.length)) as ResponseEvent
      expect(name).toBe(`event: ${event.type}`)
      return event
    })
}

describe('plain text', () => {
  test('is the text and nothing else', () => {
    expect(written(plainTextEncoder(), whole)).toBe('Hello')
  })

  test('has no word for an error, and says so', () => {
    expect(written(plainTextEncoder(), cut, broke)).toBe('Hello')
    expect(plainTextEncoder().breaksOnError).toBe(true)
  })
})

describe('an answer without a finish event', () => {
  test.each(Object.entries(protocols))('%s still ends well once', (_name, { make, terminal }) => {
    const frames = written(make(), cut)
    expect(frames.match(terminal)).toHaveLength(1)
    expect(frames).not.toContain('"error"')
  })

  test.each(Object.entries(protocols))('%s: not even one event', (_name, { make, terminal }) => {
    expect(written(make(), []).match(terminal)).toHaveLength(1)
  })
})

describe('the frames around the stream', () => {
  const startFrame =
    'event: stream_start\ndata: {"conversation_id":"conv_1","model":"fake-1","timestamp":"2023-11-14T22:13:20.500Z"}\n\n'
  const endFrame = (success: boolean): string =>
    `event: stream_end\ndata: {"conversation_id":"conv_1","success":${success},"timestamp":"2023-11-14T22:13:20.000Z"}\n\ndata: [DONE]\n\n`
  const options = { ...ids, conversationId: 'conv_1', streamFrames: true, clock: createFakeClock() }

  const all = Object.entries(endings)
  test.each(all)('stand around chunks of OpenAI chat, with one [DONE]: %s', (_name, [batches, ending]) => {
    const frames = written(openaiChatEncoder(options), batches, ending)
    const first = batches.length === 0 ? startFrame.replace('fake-1', '') : startFrame
    expect(frames.slice(0, first.length)).toBe(first)
    expect(frames.endsWith(endFrame(ending.type === 'done'))).toBe(true)
    expect(frames.match(/\[DONE\]/g)).toHaveLength(1)
  })

  test.each(all)('stand around the plain frames: %s', (_name, [batches, ending]) => {
    const frames = written(plainSseEncoder(options), batches, ending)
    expect(frames.startsWith(':ok\n\n')).toBe(true)
    expect(frames.match(/event: stream_start/g)).toHaveLength(1)
    expect(frames.endsWith(endFrame(ending.type === 'done'))).toBe(true)
  })

  test('every chunk names the conversation', () => {
    const frames = written(openaiChatEncoder({ ...ids, conversationId: 'conv_1' }), whole)
    const chunks = frames.split('\n\n').filter((frame) => frame.startsWith('data: {'))
    expect(chunks.length).toBeGreaterThan(3)
    for (const frame of chunks) expect(frame).toContain('"conversation_id":"conv_1"')
  })
})
