import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collectResponse } from '../../src/core/accumulate-response.ts'
import type { StreamEvent } from '../../src/core/event.ts'
import type { JsonValue } from '../../src/core/json.ts'
import { sized } from '../proof.ts'
import { argumentsOf, byRules, finish, redacted, textOf, twoCuts } from './redact-streams.ts'

const RULES = `
secret
/sk-[A-Za-z0-9]{8,}/ -> redact:[KEY]
/\\b\\d{3}-\\d{2}-\\d{4}\\b/
/token:\\s*\\S+/
/[\\w.]+@[\\w.]+\\.[a-z]{2,}/ -> redact:[MAIL]
/begin.*?end/
/passé+/
😈😈
fine secret -> pass
`
const open = byRules(RULES)

/** What the rules make of a text, by the language's own engine. */
const WHOLE = [
  ['fine secret', undefined],
  ['sk-[A-Za-z0-9]{8,}', '[KEY]'],
  ['\\b\\d{3}-\\d{2}-\\d{4}\\b', '[X]'],
  ['token:\\s*\\S+', '[X]'],
  ['[\\w.]+@[\\w.]+\\.[a-z]{2,}', '[MAIL]'],
  ['begin.*?end', '[X]'],
  ['passé+', '[X]'],
  ['secret', '[X]'],
  ['😈😈', '[X]'],
] as const
function expected(text: string): string {
  const all = new RegExp(WHOLE.map(([source]) => `(${source})`).join('|'), 'giu')
  return text.replace(all, (found, ...groups: (string | undefined)[]) => {
    const index = WHOLE.findIndex((_rule, at) => groups[at] !== undefined)
    return WHOLE[index]?.[1] ?? found
  })
}

const CORPUS = [
  'the secret is out, SECRETs too; a fine secret is none',
  'key sk-ABCDEFGH12345678, and sk-short',
  'ssn 123-45-6789 but not 1123-45-6789 or 123-45-67890',
  'write to a.b@example.com. or b@c, or x@y.zz!',
  'token: abc token:\n def token',
  'begin no stop\nbegin yes end end begin',
  'passé passéééé pass 😈 😈😈😈 \ud83d',
  'secsecretret sk-sk-ABCDEFGHIJ',
  '',
]

const SHORT = [
  'secret, fine secret',
  'key sk-ABCDEFGH12345678.',
  'ssn 123-45-6789!',
  'to a.b@example.com.',
  'token: abc token',
  'passé 😈😈😈 \ud83d',
  'begin "yes" end end',
]

describe('streamed redaction', () => {
  it('gives for every pair of cuts what the whole text gives, in text and reasoning', () => {
    for (const text of CORPUS) {
      const whole = expected(text)
      for (const pieces of twoCuts(text)) {
        expect(textOf(open, pieces)).toBe(whole)
        expect(textOf(open, pieces, 'reasoning-delta')).toBe(whole)
      }
    }
  })

  it('gives for every pair of cuts what the whole value gives, in tool arguments', () => {
    const deep = (value: JsonValue): JsonValue => {
      if (typeof value === 'string') return expected(value)
      if (typeof value !== 'object' || value === null) return value
      if (Array.isArray(value)) return value.map((item: JsonValue) => deep(item))
      return Object.fromEntries(
        Object.entries(value).map(([key, held]) => [deep(key) as string, deep(held ?? null)]),
      )
    }
    for (const [index, text] of SHORT.entries()) {
      const value: JsonValue = index === 0 ? { n: text, l: [12, true, { 'a"\\': 'é\n"' }] } : [text]
      const escaped = JSON.stringify(value).replaceAll(/[kcé]/g, (char, at: number) =>
        at % 2 === 0 ? char : `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
      )
      expect(JSON.parse(escaped)).toEqual(value)
      const whole = JSON.stringify(deep(value))
      for (const written of [JSON.stringify(value), escaped])
        for (const pieces of twoCuts(written)) {
          const given = argumentsOf(open, pieces, value)
          expect(JSON.stringify(JSON.parse(given.text))).toBe(whole)
          expect(JSON.stringify(given.value)).toBe(whole)
        }
    }
  })

  it('gives the same for any number of cuts', () => {
    const words = fc.constantFrom(
      ...CORPUS,
      'sec',
      'ret',
      'sk-',
      'ABCDEFGH',
      '123-45-',
      '6789',
      ' ',
      '\n',
      'token:',
      '@',
      'b.co',
      'begin',
      'end',
      '😈',
      '\ud83d',
    )
    fc.assert(
      fc.property(
        fc.array(words, { maxLength: 8 }),
        fc.array(fc.nat(200), { maxLength: 12 }),
        (parts, cuts) => {
          const text = parts.join('')
          const places = [0, ...cuts.filter((at) => at < text.length).toSorted((a, b) => a - b), text.length]
          const pieces = places.slice(1).map((at, index) => text.slice(places[index], at))
          expect(textOf(open, pieces)).toBe(expected(text))
        },
      ),
      { numRuns: sized(300, 2_000) },
    )
  })

  it('leaves arguments as they were written where nothing is found', () => {
    const written = '{"a":"\\u0041\\/b\\n","n":-1.5e+10 ,"t":[true, null]}'
    for (const pieces of twoCuts(written)) expect(argumentsOf(open, pieces, {}).text).toBe(written)
  })

  it('reads all digits of a number, also those that a parsed one has lost', () => {
    const numbers = byRules('/6304000000000000001/')
    const written = '{"card":6304000000000000001}'
    expect(argumentsOf(numbers, [written], JSON.parse(written) as JsonValue)).toEqual({
      text: '{"card":"[X]"}',
      value: { card: '[X]' },
    })
  })

  it('turns a number that is replaced into a string', () => {
    const numbers = byRules('/4242\\d+/')
    const written = '{"card": 4242424242 ,"b":[42421]}'
    for (const pieces of twoCuts(written))
      expect(argumentsOf(numbers, pieces, { card: 4_242_424_242, b: [42_421] })).toEqual({
        text: '{"card": "[X]" ,"b":["[X]"]}',
        value: { card: '[X]', b: ['[X]'] },
      })
  })
})

describe('what is longer than the hold', () => {
  const long = 'k'.repeat(30_000)

  it('never leaks, whatever the cuts', () => {
    const keys = byRules('/sk-k+/\n/open:[^;]*;close/')
    const pieces = (text: string, size: number): string[] =>
      text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []
    for (const size of [1, 7, 1_000, 100_000]) {
      expect(textOf(keys, pieces(`a sk-${long} z`, size))).toBe('a [X] z')
      expect(textOf(keys, pieces(`a open:${long};close z`, size))).toBe('a [X] z')
      // Nobody can say in time that this is none: it is treated as one until it can be one no more.
      expect(textOf(keys, pieces(`a open:${long};nope z`, size))).toBe('a [X]nope z')
      expect(textOf(keys, pieces(`a open:${long}`, size))).toBe('a [X]')
    }
  })
})

describe('events', () => {
  const tool: StreamEvent[] = [
    { type: 'tool-call-start', id: 'c', name: 't' },
    { type: 'tool-call-delta', id: 'c', delta: '{"a":"sec' },
    { type: 'tool-call-delta', id: 'c', delta: 'ret"}' },
    { type: 'tool-call', id: 'c', name: 't', arguments: { a: 'secret' } },
  ]

  it('keep their order: held text comes before a later call, and before the end', () => {
    const events = redacted(open, [
      [{ type: 'text-delta', text: 'a sec' }],
      ...tool.map((event) => [event]),
      [{ type: 'text-delta', text: 'tok' }, finish],
    ])
    expect(events.map((event) => event.type)).toEqual([
      'text-delta',
      'text-delta',
      'tool-call-start',
      'tool-call-delta',
      'tool-call-delta',
      'tool-call',
      'text-delta',
      'finish',
    ])
    const response = collectResponse(events, { provider: 'p', model: 'm' })
    expect(response.text).toBe('a sectok')
    expect(response.toolCalls).toEqual([{ id: 'c', name: 't', arguments: { a: '[X]' } }])
  })

  it('of several answers do not mix', () => {
    const delta = (text: string, choice: number): StreamEvent => ({ type: 'text-delta', text, choice })
    const events = redacted(open, [
      [delta('a sec', 0), delta('b sec', 1)],
      [delta('ret a', 0), delta('t b', 1)],
      [finish],
    ])
    const of = (choice: number): string =>
      events
        .map((event) => (event.type === 'text-delta' && event.choice === choice ? event.text : ''))
        .join('')
    expect([of(0), of(1)]).toEqual(['a [X] a', 'b sect b'])
  })

  it('of two streams do not mix', () => {
    const first = textOf(open, ['my ssn is 123-45-'])
    const second = textOf(open, ['6789 is mine'])
    expect([first, second]).toEqual(['my ssn is 123-45-', '6789 is mine'])
  })

  it('keep a token with its probability, unless it was replaced', () => {
    const delta = (text: string): StreamEvent => ({
      type: 'text-delta',
      text,
      logprobs: [{ token: text, logprob: -1 }],
    })
    const events = redacted(open, [
      [delta('a '), delta('sec')],
      [delta('ret'), delta(' to'), delta('be')],
      [finish],
    ])
    const { text, logprobs } = collectResponse(events, { provider: 'p', model: 'm' })
    expect(text).toBe('a [X] tobe')
    expect(logprobs?.map(({ token }) => token)).toEqual(['a ', ' to', 'be'])
  })

  it('lose the mark of a thought that was changed, and its details with it', () => {
    const thought = (text: string): StreamEvent[] => [
      { type: 'reasoning-delta', text: text.slice(0, 5), details: [{ text: text.slice(0, 5) }] },
      { type: 'reasoning-delta', text: text.slice(5), details: [{ text: text.slice(5) }] },
      { type: 'reasoning-delta', text: '', signature: 'sig' },
    ]
    const parts = (text: string): unknown =>
      collectResponse([...redacted(open, [thought(text), [finish]])], { provider: 'p', model: 'm' }).message
        .content
    expect(parts('a plain thought')).toEqual([
      {
        type: 'reasoning',
        text: 'a plain thought',
        origin: '',
        signature: 'sig',
        details: [{ text: 'a pla' }, { text: 'in thought' }],
      },
    ])
    expect(parts('the secret')).toEqual([{ type: 'reasoning', text: 'the [X]', origin: '' }])
    expect(JSON.stringify(redacted(open, [thought('the secret'), [finish]]))).not.toContain('ret')
  })

  it('stop at a block, with what came before it', () => {
    const blocking = byRules('bomb -> block\nsecret')
    for (const pieces of twoCuts('a secret bomb and more')) {
      const events = redacted(blocking, [
        ...pieces.map((text): StreamEvent[] => [{ type: 'text-delta', text }]),
        [finish],
      ])
      expect(events.blocked).toBe(true)
      expect(events.map((event) => (event.type === 'text-delta' ? event.text : event.type)).join('')).toBe(
        'a [X] ',
      )
    }
  })

  it('of a citation are read too', () => {
    const events = redacted(open, [
      [
        { type: 'text-delta', text: 'x secret' },
        { type: 'citation', url: 'https://a/?q=secret', text: 'the secret', start: 0, end: 8 },
      ],
      [finish],
    ])
    expect(events.find((event) => event.type === 'citation')).toMatchObject({
      url: 'https://a/?q=[X]',
      text: 'the [X]',
    })
  })
})
