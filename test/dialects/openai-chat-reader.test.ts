import { chatApiCall, LlmError, type StreamEvent } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { byteByByte, whole } from '../conformance/replay.ts'
import { callTo } from './shapes.ts'

const target = { provider: 'openai-compatible', model: 'some-model' } as const
const done = { delta: {}, finish_reason: 'stop' }

const ask = (reply: object) =>
  chatApiCall({ ...callTo(target, JSON.stringify(reply), 'application/json'), stream: false })
const answer = (message: object, more: object = {}) =>
  ask({ choices: [{ message, finish_reason: 'stop' }], ...more })

function frames(...chunks: object[]): string {
  return chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')
}

async function read(body: string, cut = whole): Promise<StreamEvent[]> {
  const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream', cut), stream: true })
  const events: StreamEvent[] = []
  for await (const event of stream) events.push(event)
  return events
}

const delta = (fields: object) => ({ choices: [{ delta: fields }] })
const errorOf = async (call: Promise<unknown>): Promise<LlmError> => {
  const error: unknown = await call.catch((caught: unknown) => caught)
  if (!LlmError.is(error)) throw new Error('no error came')
  return error
}

describe('content', () => {
  test.each([
    ['an object that was asked for as JSON', { reef: 'low', feet: 3 }, '{"reef":"low","feet":3}'],
    ['a number', 7, '7'],
    ['a list of parts', [{ type: 'text', text: 'low ' }, 'tide'], 'low tide'],
    ['nothing', null, ''],
  ])('as %s is text', async (_name, content, text) => {
    expect((await answer({ content })).text).toBe(text)
  })

  test.each([
    [{ reasoning_content: '', reasoning: 'Hm.' }],
    [{ reasoning_content: 'Hm.', reasoning: 'Hm.' }],
    [{ reasoning_content: null, reasoning: 'Hm.' }],
  ])('reasoning under two names, %j, is read once', async (fields) => {
    expect((await answer({ content: 'Low.', ...fields })).reasoning).toBe('Hm.')
  })

  test('log probabilities of other things than the text make no events of their own', async () => {
    const logprobs = { content: null, reasoning_content: [{ token: 'Hm', logprob: -1 }] }
    const thought = { delta: { content: '', reasoning_content: 'Hm' }, logprobs }
    const events = await read(frames({ choices: [thought] }, { choices: [done] }))
    expect(events.map(({ type }) => type)).toEqual(['start', 'reasoning-delta', 'usage', 'finish'])
  })

  test('a piece of a call that never gets a name is no call', async () => {
    const noise = delta({ tool_calls: [{ index: -1, function: { arguments: '{}' } }] })
    const events = await read(frames(noise, delta({ content: 'Low.' }), { choices: [done] }))
    expect(events.at(-1)).toMatchObject({ type: 'finish', finishReason: 'stop' })
  })
})

test.each([[100_000], [-1]])('a choice at the place %j is the first', async (index) => {
  const reply = await ask({ choices: [{ index, message: { content: 'Low.' }, finish_reason: 'stop' }] })
  expect([reply.text, reply.finishReason, reply.choices]).toEqual(['Low.', 'stop', undefined])
})

describe('a whole message in a stream', () => {
  const tool_calls = [{ id: 'i', function: { name: 'tide', arguments: '{}' } }]
  const message = { role: 'assistant', content: 'Low tide.', reasoning_content: 'Hm.', tool_calls }
  const ending = {
    choices: [{ finish_reason: 'tool_calls', message }],
    usage: { prompt_tokens: 3, completion_tokens: 9 },
  }
  const texts = (events: readonly StreamEvent[]): unknown[] =>
    events.flatMap((event) =>
      'text' in event ? [event.text] : event.type === 'tool-call' ? [event.name] : [],
    )

  test('at the end of its pieces is no news, but for the end and the usage', async () => {
    const role = delta({ role: 'assistant', content: '' })
    const thought = delta({ reasoning_content: 'Hm.' })
    const body = frames(
      role,
      thought,
      delta({ content: 'Low ' }),
      delta({ content: 'tide.' }),
      delta({ tool_calls }),
      ending,
    )
    const events = await read(body)
    expect(texts(events)).toEqual(['Hm.', 'Low ', 'tide.', 'tide'])
    expect(events.at(-1)).toMatchObject({
      finishReason: 'tool-calls',
      usage: { inputTokens: 3, outputTokens: 9 },
    })
  })

  test('without pieces is the answer', async () => {
    const events = await read(frames(delta({ role: 'assistant', content: '' }), ending))
    expect(texts(events)).toEqual(['Hm.', 'Low tide.', 'tide'])
  })
})

describe('an error in a choice', () => {
  const error = { code: '429', message: 'The reef is crowded.' }

  test.each([[{ finish_reason: 'error' }], [{ finish_reason: null }]])(
    'beside %j fails with what there is',
    async (ending) => {
      const message = { content: 'Low' }
      const failed = await errorOf(ask({ choices: [{ message, ...ending, error }] }))
      expect(failed).toMatchObject({ kind: 'rate-limited', status: 429, partial: { text: 'Low' } })
      expect(failed.message).toContain('The reef is crowded.')
    },
  )

  test('ends a stream, whatever comes after', async () => {
    const body = frames(delta({ content: 'Low' }), {
      choices: [{ delta: {}, finish_reason: 'error', error }],
    })
    const failed = await errorOf(read(`${body}data: [DONE]\n\n`))
    expect(failed).toMatchObject({ kind: 'rate-limited', partial: { text: 'Low' } })
  })

  test('beside a clean end is none', async () => {
    const reply = await ask({ choices: [{ message: { content: 'Low.' }, finish_reason: 'stop', error }] })
    expect(reply).toMatchObject({ text: 'Low.', finishReason: 'stop' })
  })

  test.each([[{}], [false], [''], [null], [[]]])(
    'an `error` of %j beside an answer is none',
    async (empty) => {
      expect((await answer({ content: 'Low.' }, { error: empty })).text).toBe('Low.')
    },
  )
})

describe('a good status without an answer', () => {
  test.each([
    [{ success: false, code: 500, msg: 'No such tide.' }, 'server-failed', 'No such tide.'],
    [{ success: false, code: 401, msg: 'The key is old.' }, 'unauthorized', 'The key is old.'],
    [{ success: false, errors: [{ code: 10, message: 'No such reef.' }] }, 'server-failed', 'No such reef.'],
    [{ choices: null }, 'reply-malformed', 'holds no answer'],
    [{}, 'reply-malformed', 'holds no answer'],
  ])('%j fails', async (reply, kind, words) => {
    const failed = await errorOf(ask(reply))
    expect([failed.kind, failed.message]).toEqual([kind, expect.stringContaining(words)])
  })

  test('in a stream fails in plain words, too', async () => {
    const body = `${frames(delta({ content: 'Low' }))}event: error\ndata: The reef is closed.\n\n`
    const failed = await errorOf(read(body))
    expect(failed).toMatchObject({ kind: 'server-failed', partial: { text: 'Low' } })
    expect(failed.message).toContain('The reef is closed.')
  })

  test('in a stream fails in the words of the server', async () => {
    const failed = await errorOf(read(`${frames({ code: 503, msg: 'The reef is closed.' })}data: [DONE]\n\n`))
    expect(failed).toMatchObject({
      kind: 'overloaded',
      message: expect.stringContaining('The reef is closed.'),
    })
  })
})

describe('finish reasons', () => {
  test.each([
    ['STOP', 'stop'],
    ['MAX_TOKENS', 'length'],
    ['content_filter: RECITATION', 'content-filter'],
    ['function_call_filter: MALFORMED_FUNCTION_CALL', 'error'],
    ['abort', 'error'],
    ['constructor', 'other'],
  ])('%s is %s', async (finish_reason, expected) => {
    const reply = await ask({ choices: [{ message: { content: 'Low.' }, finish_reason }] })
    expect([reply.finishReason, reply.rawFinishReason]).toEqual([expected, finish_reason])
  })
})

describe('sources', () => {
  const url = 'https://reef.test/tides'
  const page = { title: 'Tides', snippet: 'Low at nine.' }
  const cited = { type: 'citation', url, title: 'Tides', text: 'Low at nine.' }

  test.each([
    ['addresses, with titles in another list', { citations: [url], search_results: [{ url, ...page }] }],
    ['search results alone', { search_results: [{ url, ...page }] }],
    ['pages with links', { web_search: [{ link: url, title: 'Tides', content: 'Low at nine.' }] }],
  ])('as %s', async (_name, lists) => {
    expect((await answer({ content: 'Nine.' }, lists)).citations).toEqual([{ ...cited, type: undefined }])
    const events = await read(
      frames({ ...delta({ content: 'Nine.' }), ...lists }, { choices: [done], ...lists }),
    )
    expect(events.filter(({ type }) => type === 'citation')).toEqual([cited])
  })

  test('as the context of a message', async () => {
    const context = { citations: [{ url, title: 'Tides', content: 'Low at nine.' }] }
    expect((await answer({ content: 'Nine.', context })).citations).toMatchObject([{ url, title: 'Tides' }])
  })
})

describe('usage', () => {
  test.each([
    [
      { prompt_tokens: 9, completion_tokens: 2, cache_read_input_tokens: 4, cache_creation_input_tokens: 3 },
      { inputTokens: 9, outputTokens: 2, cachedInputTokens: 4, cacheWriteTokens: 3 },
    ],
    [
      { prompt_tokens: 9, total_tokens: 12 },
      { inputTokens: 9, outputTokens: 3, totalTokens: 12 },
    ],
    [
      { prompt_tokens: 9, completion_tokens: null, total_tokens: null },
      { inputTokens: 9, outputTokens: 0, totalTokens: 9 },
    ],
  ])('%j', async (usage, expected) => {
    expect((await answer({ content: 'Low.' }, { usage })).usage).toMatchObject(expected)
  })
})

test.each([
  ['at once', whole],
  ['byte by byte', byteByByte],
])('events without blank lines between them, %s', async (_name, cut) => {
  const body = frames(delta({ content: 'Low ' }), delta({ content: 'tide.' }), { choices: [done] })
  const events = await read(`${body.replaceAll('\n\n', '\n')}data: [DONE]\n`, cut)
  expect(events.map((event) => (event.type === 'text-delta' ? event.text : event.type))).toEqual([
    'start',
    'Low ',
    'tide.',
    'usage',
    'finish',
  ])
})
