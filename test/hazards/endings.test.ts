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

interface Hazard {
  readonly reply: FakeReply
  readonly kinds: readonly string[]
  readonly options?: CallOptions
}

const hazards: readonly (readonly [name: string, hazard: Hazard])[] = [
  [
    'a cut in the middle',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'middle' } }, kinds: ['stream-broken'] },
  ],
  [
    'a reset in the middle',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'middle', by: 'reset' } }, kinds: ['stream-broken'] },
  ],
  [
    'a cut inside an event',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'middle', inside: true } }, kinds: ['stream-broken'] },
  ],
  [
    'a cut before any content',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'content' } }, kinds: ['stream-broken'] },
  ],
  [
    'a reset before the headers',
    { reply: { text: TEXT, chaos: { type: 'cut', at: 'headers', by: 'reset' } }, kinds: ['network'] },
  ],
  [
    'an error before content',
    {
      reply: { text: TEXT, chaos: { type: 'error', at: 'content', error: 'overloaded' } },
      kinds: ['overloaded'],
    },
  ],
  [
    'an error after content',
    {
      reply: { text: TEXT, chaos: { type: 'error', at: 'middle', error: 'overloaded' } },
      kinds: ['overloaded'],
    },
  ],
  [
    'an event that is no JSON',
    {
      reply: { text: TEXT, chaos: { type: 'malformed', at: 'middle' } },
      kinds: ['reply-malformed', 'stream-broken'],
    },
  ],
  ['an HTML page', { reply: { chaos: { type: 'html' } }, kinds: ['reply-malformed'] }],
  [
    'an endless answer',
    {
      reply: { text: TEXT, chaos: { type: 'endless' } },
      kinds: ['reply-malformed'],
      options: { streamLimits: { maxBytes: 100_000 } },
    },
  ],
  [
    'an event of 5 MB above the limit',
    {
      reply: { text: TEXT, chaos: { type: 'oversize' } },
      kinds: ['reply-malformed'],
      options: { streamLimits: { maxEventBytes: 4_000_000 } },
    },
  ],
  [
    'silence before the headers',
    {
      reply: { text: TEXT, chaos: { type: 'hang', at: 'headers' } },
      kinds: ['timeout'],
      options: { timeouts: { firstContentMs: 80 } },
    },
  ],
  [
    'silence before content',
    {
      reply: { text: TEXT, chaos: { type: 'hang', at: 'start', pingMs: 15 } },
      kinds: ['timeout'],
      options: { timeouts: { firstContentMs: 80 } },
    },
  ],
  [
    'silence in the middle',
    {
      reply: { text: TEXT, chaos: { type: 'hang', at: 'middle', pingMs: 15 } },
      kinds: ['timeout'],
      options: { timeouts: { idleMs: 80 } },
    },
  ],
  ['no credit', { reply: { error: 'quota-exhausted' }, kinds: ['quota-exhausted'] }],
  ['a prompt that is too long', { reply: { error: 'context-too-long' }, kinds: ['context-too-long'] }],
  ['a rate limit', { reply: { error: 'rate-limited' }, kinds: ['rate-limited'] }],
  ['an unknown model', { reply: { error: 'not-found' }, kinds: ['not-found'] }],
]

describe.each(spoken)('%s', (dialect) => {
  test.each(hazards)('%s ends once, typed, with what had come', async (_name, { reply, kinds, options }) => {
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
    await expect.poll(() => fake.log[0]?.abortedAt).toBeTruthy()
  })
})
