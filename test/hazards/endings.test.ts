import { describe, expect, test } from 'vitest'
import { chatApiCall, LlmError, type CallOptions, type StreamEvent } from 'llm-switchyard'
import { createFakeProvider, type FakeReply } from 'llm-switchyard/testing'
import { at, spoken } from './dialects.ts'

const messages = [{ role: 'user' as const, content: 'Tell me a story, please.' }]
const TEXT = 'Once upon a time there was a yard.'

interface Ending {
  readonly events: readonly StreamEvent[]
  readonly error: LlmError | undefined
}

async function stream(access: CallOptions): Promise<Ending> {
  const events: StreamEvent[] = []
  try {
    for await (const event of await chatApiCall({ ...access, messages, stream: true })) events.push(event)
    return { events, error: undefined }
  } catch (error) {
    if (!LlmError.is(error)) throw error
    return { events, error }
  }
}

const hazards: readonly (readonly [
  name: string,
  reply: FakeReply,
  kinds: readonly string[],
  options?: CallOptions,
])[] = [
  ['a cut in the middle', { text: TEXT, chaos: { type: 'cut', at: 'middle' } }, ['stream-broken']],
  [
    'a reset in the middle',
    { text: TEXT, chaos: { type: 'cut', at: 'middle', by: 'reset' } },
    ['stream-broken'],
  ],
  [
    'a cut inside an event',
    { text: TEXT, chaos: { type: 'cut', at: 'middle', inside: true } },
    ['stream-broken'],
  ],
  ['a cut before any content', { text: TEXT, chaos: { type: 'cut', at: 'content' } }, ['stream-broken']],
  [
    'a reset before the headers',
    { text: TEXT, chaos: { type: 'cut', at: 'headers', by: 'reset' } },
    ['network'],
  ],
  [
    'an error before content',
    { text: TEXT, chaos: { type: 'error', at: 'content', error: 'overloaded' } },
    ['overloaded'],
  ],
  [
    'an error after content',
    { text: TEXT, chaos: { type: 'error', at: 'middle', error: 'overloaded' } },
    ['overloaded'],
  ],
  [
    'an event that is no JSON',
    { text: TEXT, chaos: { type: 'malformed', at: 'middle' } },
    ['reply-malformed', 'stream-broken'],
  ],
  ['an HTML page', { chaos: { type: 'html' } }, ['reply-malformed']],
  [
    'an endless answer',
    { text: TEXT, chaos: { type: 'endless' } },
    ['reply-malformed'],
    { streamLimits: { maxBytes: 100_000 } },
  ],
  ['an event of 5 MB', { text: TEXT, chaos: { type: 'oversize' } }, ['reply-malformed']],
  [
    'silence before the headers',
    { text: TEXT, chaos: { type: 'hang', at: 'headers' } },
    ['timeout'],
    { timeouts: { firstContentMs: 80 } },
  ],
  [
    'silence before content',
    { text: TEXT, chaos: { type: 'hang', at: 'start', pingMs: 15 } },
    ['timeout'],
    { timeouts: { firstContentMs: 80 } },
  ],
  [
    'silence in the middle',
    { text: TEXT, chaos: { type: 'hang', at: 'middle', pingMs: 15 } },
    ['timeout'],
    { timeouts: { idleMs: 80 } },
  ],
  ['no credit', { error: 'quota-exhausted' }, ['quota-exhausted']],
  ['a prompt that is too long', { error: 'context-too-long' }, ['context-too-long']],
  ['a rate limit', { error: 'rate-limited' }, ['rate-limited']],
  ['an unknown model', { error: 'not-found' }, ['not-found']],
]

describe.each(spoken)('%s', (dialect) => {
  test.each(hazards)('%s ends once, typed, with what had come', async (...[, reply, kinds, options]) => {
    await using fake = await createFakeProvider({ script: reply })
    const { events, error } = await stream({ ...at(fake, dialect), ...options })
    expect(events.filter(({ type }) => type === 'finish')).toHaveLength(0)
    expect(kinds).toContain(error?.kind)
    const said = events.flatMap((event) => (event.type === 'text-delta' ? [event.text] : [])).join('')
    expect(error?.partial?.text ?? '').toContain(said)
    expect(error?.attempts).toHaveLength(1)
  })

  test('surrogates, line separators and a byte order mark come through', async () => {
    const text = '😀 a\u2028b\u2029c \ufeffd 𝔘 \u0000 "quoted" \\ end'
    await using fake = await createFakeProvider({
      script: { text, packetBytes: 3, usage: { inputTokens: 3, outputTokens: 9 } },
    })
    const access = at(fake, dialect)
    const whole = await chatApiCall({ ...access, messages })
    const streamed = await (await chatApiCall({ ...access, messages, stream: true })).response
    expect([whole.text, streamed.text]).toEqual([text, text])
    expect(streamed.usage).toEqual(whole.usage)
    expect(streamed.finishReason).toBe(whole.finishReason)
  })

  test('an empty answer is an answer', async () => {
    await using fake = await createFakeProvider({ script: { text: '' } })
    const reply = await chatApiCall({ ...at(fake, dialect), messages })
    expect([reply.text, reply.finishReason]).toEqual(['', 'stop'])
  })

  test('leaving the loop is seen upstream', async () => {
    await using fake = await createFakeProvider({ script: { text: TEXT, pacing: { betweenMs: 20 } } })
    for await (const event of await chatApiCall({ ...at(fake, dialect), messages, stream: true }))
      if (event.type === 'text-delta') break
    await expect.poll(() => fake.log[0]?.abortedAt, { timeout: 1_000 }).toBeTruthy()
  })
})
