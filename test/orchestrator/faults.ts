import { expect } from 'vitest'
import type { ErrorKind, LlmError, OrchestratorOptions } from 'llm-switchyard'
import type { ScriptedReply } from 'llm-switchyard/testing'
import { patience } from '../patience.ts'

/** What the faulty provider says where it gets so far. */
export const TEXT = 'One two three four.'
const pieces = ['One ', 'two ', 'three ', 'four.']
const HALF = 'One two '

/** What becomes of one try that meets the fault. */
export interface Outcome {
  /** Absent: nothing is wrong with it. */
  readonly kind?: ErrorKind | undefined
  /** The answer where nothing is wrong. Default: the whole text. */
  readonly text?: string | undefined
  /** The same target may be tried again. */
  readonly retry: boolean
  /** Another target may be tried. */
  readonly fallsBack: boolean
  readonly status?: number | undefined
  readonly phase?: LlmError['phase']
  /** A number, or a matcher. */
  readonly retryAfterMs?: unknown
  /** The text that the caller has got, and finds in `partial`. */
  readonly partial?: string | undefined
  /** The upstream saw its client leave before it was done. */
  readonly left?: boolean | undefined
}

/** One row: what the provider does, and what follows for a stream and for a whole answer. */
export interface Fault {
  readonly name: string
  readonly reply?: (() => ScriptedReply) | undefined
  /** No request arrives: nobody listens, or a port that takes connections and never speaks. */
  readonly place?: 'refused' | 'silent' | undefined
  readonly timeouts?: OrchestratorOptions['timeouts']
  readonly stream: Outcome
  readonly whole: Outcome
}

type Details = Omit<Outcome, 'kind' | 'text' | 'retry' | 'fallsBack'>

const fine: Outcome = { retry: false, fallsBack: false }
/** The provider's own fault: tried again, here and elsewhere. */
const upstream = (kind: ErrorKind, details: Details = {}): Outcome => ({
  kind,
  retry: true,
  fallsBack: true,
  ...details,
})
/** Trying again here is no use, another target may do. */
const elsewhere = (kind: ErrorKind, details: Details = {}): Outcome => ({
  kind,
  retry: false,
  fallsBack: true,
  ...details,
})
/** Nobody tries again: the request is at fault, or some of the answer was seen. */
const final = (kind: ErrorKind, details: Details = {}): Outcome => ({
  kind,
  retry: false,
  fallsBack: false,
  ...details,
})

type Row = readonly [name: string, reply: () => ScriptedReply, stream: Outcome, whole?: Outcome]

const statuses: readonly Row[] = (
  [
    [400, final('invalid-request')],
    [401, elsewhere('unauthorized')],
    [402, elsewhere('quota-exhausted')],
    [403, elsewhere('unauthorized')],
    [404, elsewhere('not-found')],
    [408, upstream('timeout')],
    [409, final('conflict')],
    [413, elsewhere('context-too-long')],
    [422, final('invalid-request')],
    [500, upstream('server-failed')],
    [502, upstream('server-failed')],
    [503, upstream('overloaded')],
    [504, upstream('timeout')],
    [529, upstream('overloaded')],
  ] as const
).map(([status, outcome]) => [
  String(status),
  () => ({ error: { status, ...(status === 402 ? { kind: 'quota-exhausted' as const } : {}) } }),
  { ...outcome, status },
])

const limited = (headers: Record<string, string>, message = 'Too many requests.'): (() => ScriptedReply) => {
  return () => ({ error: { kind: 'rate-limited', status: 429, message }, headers })
}
const soon = (retryAfterMs: unknown): Outcome => upstream('rate-limited', { status: 429, retryAfterMs })
const tooLate = (retryAfterMs: unknown): Outcome => elsewhere('rate-limited', { status: 429, retryAfterMs })
const dateIn = (ms: number): string => new Date(Date.now() + ms).toUTCString()

const limits: readonly Row[] = [
  ['429 without a word', limited({}), soon(undefined)],
  ['429 with seconds', limited({ 'retry-after': '1' }), soon(1_000)],
  ['429 with milliseconds', limited({ 'retry-after-ms': '30' }), soon(30)],
  ['429 with nonsense', limited({ 'retry-after': 'soon' }), soon(undefined)],
  [
    '429 with a date',
    () => limited({ 'retry-after': dateIn(1_500) })(),
    soon(expect.toSatisfy((ms: number) => ms >= 0 && ms <= 1_500)),
  ],
  ['429 with words', limited({}, 'Rate limit reached for requests. Please try again in 120ms.'), soon(120)],
  ['429 above the cap', limited({ 'retry-after': '600' }), tooLate(600_000)],
  [
    '429 above the cap, by words',
    limited({}, 'Rate limit reached for tokens. Please try again in 7m12.5s.'),
    tooLate(432_500),
  ],
  [
    '429 above the cap, by date',
    () => limited({ 'retry-after': dateIn(3_600_000) })(),
    tooLate(expect.toSatisfy((ms: number) => ms > 3_500_000 && ms <= 3_600_000)),
  ],
  [
    '503 that asks for too long',
    () => ({ error: { status: 503 }, headers: { 'retry-after': '600' } }),
    elsewhere('overloaded', { status: 503, retryAfterMs: 600_000 }),
  ],
]

const insides: readonly Row[] = [
  ['HTML with status 200', () => ({ chaos: { type: 'html' } }), upstream('reply-malformed', { status: 200 })],
  [
    'nothing with status 200',
    () => ({ chaos: { type: 'cut', at: 'start' } }),
    upstream('stream-broken'),
    upstream('reply-malformed', { status: 200 }),
  ],
  ['an empty answer', () => ({ text: '', usage: { outputTokens: 0 } }), { ...fine, text: '' }],
  ['no end mark', () => ({ text: pieces, chaos: { type: 'cut', at: 'end' } }), fine],
  [
    'an error inside a 200, before content',
    () => ({ text: pieces, chaos: { type: 'error', at: 'content', error: 'overloaded' } }),
    upstream('overloaded'),
  ],
  [
    'an error inside a 200, at once',
    () => ({ text: pieces, chaos: { type: 'error', at: 'start', error: 'server-failed' } }),
    upstream('server-failed'),
  ],
  [
    "a caller's error inside a 200",
    () => ({ text: pieces, chaos: { type: 'error', at: 'content', error: 'invalid-request' } }),
    final('invalid-request'),
  ],
  [
    'an error inside a 200, after content',
    () => ({ text: pieces, chaos: { type: 'error', at: 'middle', error: 'overloaded' } }),
    final('overloaded', { partial: HALF }),
    upstream('overloaded'),
  ],
  [
    'cut before content',
    () => ({ text: pieces, chaos: { type: 'cut', at: 'content' } }),
    upstream('stream-broken'),
    upstream('reply-malformed', { status: 200 }),
  ],
  [
    'cut after content',
    () => ({ text: pieces, chaos: { type: 'cut', at: 'middle' } }),
    final('stream-broken', { partial: HALF }),
    upstream('reply-malformed', { status: 200 }),
  ],
  [
    'cut inside an event',
    () => ({ text: pieces, chaos: { type: 'cut', at: 'middle', inside: true } }),
    final('stream-broken', { partial: HALF }),
    upstream('reply-malformed', { status: 200 }),
  ],
  [
    'no terminal',
    () => ({ text: pieces, chaos: { type: 'cut', at: 'finish' } }),
    final('stream-broken', { partial: TEXT }),
    upstream('reply-malformed', { status: 200 }),
  ],
  [
    'half an event',
    () => ({ text: pieces, chaos: { type: 'malformed', at: 'middle' } }),
    final('reply-malformed', { partial: HALF }),
    upstream('reply-malformed', { status: 200 }),
  ],
  [
    'a reset before the headers',
    () => ({ chaos: { type: 'cut', at: 'headers', by: 'reset' } }),
    upstream('network'),
  ],
  ['an end before the headers', () => ({ chaos: { type: 'cut', at: 'headers' } }), upstream('network')],
  [
    'a reset after the headers',
    () => ({ chaos: { type: 'cut', at: 'start', by: 'reset' } }),
    upstream('stream-broken'),
    upstream('network'),
  ],
  [
    'a reset after content',
    () => ({ text: pieces, chaos: { type: 'cut', at: 'middle', by: 'reset' } }),
    final('stream-broken', { partial: HALF }),
    upstream('network'),
  ],
]

// Long enough for an answer over the loopback on a busy machine.
const FIRST_MS = 1_000 * patience
const late = (phase: LlmError['phase']): Outcome => upstream('timeout', { phase, left: true })

const hangs: readonly Fault[] = [
  {
    name: 'silence while it connects',
    place: 'silent',
    timeouts: { connectMs: FIRST_MS },
    stream: upstream('timeout', { phase: 'connect' }),
    whole: upstream('timeout', { phase: 'connect' }),
  },
  {
    name: 'silence before the headers, by firstContentMs',
    reply: () => ({ chaos: { type: 'hang', at: 'headers' } }),
    timeouts: { connectMs: 5_000, firstContentMs: FIRST_MS },
    stream: late('first-content'),
    whole: late('first-content'),
  },
  {
    name: 'silence before the headers, by headersMs',
    reply: () => ({ chaos: { type: 'hang', at: 'headers' } }),
    timeouts: { headersMs: FIRST_MS, firstContentMs: 10_000 },
    stream: late('headers'),
    whole: late('headers'),
  },
  {
    name: 'silence after the headers',
    reply: () => ({ chaos: { type: 'hang', at: 'start' } }),
    timeouts: { headersMs: 5_000, firstContentMs: FIRST_MS, idleMs: 10_000 },
    stream: late('first-content'),
    whole: late('first-content'),
  },
  {
    name: 'pings before content',
    reply: () => ({ chaos: { type: 'hang', at: 'content', pingMs: 20 } }),
    timeouts: { firstContentMs: FIRST_MS, idleMs: 10_000 },
    stream: late('first-content'),
    whole: late('first-content'),
  },
  {
    name: 'silence after content',
    reply: () => ({ text: pieces, chaos: { type: 'hang', at: 'middle' } }),
    timeouts: { firstContentMs: 10_000, idleMs: FIRST_MS },
    stream: final('timeout', { phase: 'idle', partial: HALF, left: true }),
    whole: late('idle'),
  },
  {
    name: 'pings after content',
    reply: () => ({ text: pieces, chaos: { type: 'hang', at: 'middle', pingMs: 20 } }),
    timeouts: { firstContentMs: 2 * FIRST_MS, idleMs: FIRST_MS },
    stream: final('timeout', { phase: 'idle', partial: HALF, left: true }),
    // Something keeps coming: no silence, and no answer either.
    whole: late('first-content'),
  },
  {
    name: 'the end of the call, before content',
    reply: () => ({ chaos: { type: 'hang', at: 'content' } }),
    timeouts: { totalMs: FIRST_MS },
    stream: final('timeout', { phase: 'total', left: true }),
    whole: final('timeout', { phase: 'total', left: true }),
  },
  {
    name: 'the end of the call, after content',
    reply: () => ({ text: pieces, chaos: { type: 'hang', at: 'middle' } }),
    timeouts: { totalMs: FIRST_MS },
    stream: final('timeout', { phase: 'total', partial: HALF, left: true }),
    whole: final('timeout', { phase: 'total', left: true }),
  },
]

/** Every fault of the matrix. */
export const faults: readonly Fault[] = [
  { name: 'a refused connection', place: 'refused', stream: upstream('network'), whole: upstream('network') },
  ...[...statuses, ...limits, ...insides].map(([name, reply, stream, whole = stream]) => ({
    name,
    reply,
    stream,
    whole,
  })),
  ...hangs,
]
