import type { FinishReason } from '../../core/response.ts'
import { misuse, type FakeAnswer, type Pieces } from '../fake-answer.ts'
import { describeError, retryAfter, type VendorErrors, type WireError } from '../fake-error.ts'
import { namedSse, type FakeFrame } from './frame.ts'
import { readKobold, STREAM_PATH } from './kobold-request.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** KoboldCpp's generate: text in, text out, one model. A server without a password accepts any key or none. */
export const kobold: FakeWire = {
  dialect: 'kobold',
  mount: 'kobold/api/v1',
  match: ({ method, path }) => {
    if (method === 'POST')
      return path.endsWith('/api/v1/generate') || path.endsWith(STREAM_PATH) ? 'chat' : undefined
    return method === 'GET' && path.endsWith('/api/v1/model') ? 'models' : undefined
  },
  keyOf: ({ headers }: RequestHead) =>
    /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1] ?? 'no key',
  keyErrors: { missing: { kind: 'unauthorized' }, wrong: { kind: 'unauthorized' } },
  read: readKobold,
  whole: (answer) => ({ results: [{ text: textOf(answer).whole, finish_reason: reasonOf(answer) }] }),
  stream: (answer) => [
    ...textOf(answer).parts.map((token) => event('content', { token, finish_reason: null })),
    event('finish', { token: '', finish_reason: reasonOf(answer) }),
  ],
  streamType: () => 'text/event-stream',
  describe: (error) => describeError(error, vendorErrors),
  error: (error) => ({ status: error.status, headers: retryAfter(error), body: bodyOf(error) }),
  errorFrame: (error) => event('content', bodyOf(error)),
  // The format has no ping.
  ping: '',
  models: ([id]) => ({ result: `koboldcpp/${id ?? 'fake-model'}` }),
}

const vendorErrors: VendorErrors = {
  'invalid-request': { status: 422, type: 'bad_input', message: 'The request is not valid.' },
  'context-too-long': { status: 413, type: 'bad_input', message: 'The prompt exceeds the context size.' },
  'content-blocked': { status: 422, type: 'bad_input', message: 'The prompt was blocked.' },
  unauthorized: {
    status: 401,
    type: 'unauthorized',
    message: 'Authentication key is missing or invalid.',
  },
  'quota-exhausted': { status: 402, type: 'payment_required', message: 'There are no credits left.' },
  'not-found': { status: 404, type: 'not_found', message: 'Not found' },
  conflict: { status: 409, type: 'conflict', message: 'Another request is changing the same thing.' },
  'rate-limited': { status: 429, type: 'too_many_requests', message: 'Too many requests.' },
  'server-failed': { status: 500, type: 'server_error', message: 'The server failed on this request.' },
  overloaded: {
    status: 503,
    type: 'service_unavailable',
    message: 'Server is busy; please try again later.',
  },
  timeout: { status: 504, type: 'timeout', message: 'The request took too long.' },
}

function bodyOf({ message, type }: WireError): {
  readonly detail: { readonly msg: string; readonly type: string }
} {
  return { detail: { msg: message, type: type ?? 'server_error' } }
}

function event(place: FakeFrame['place'], json: unknown): FakeFrame {
  return namedSse(place, 'message', json)
}

function textOf({ text, reasoning, toolCalls, citations, files }: FakeAnswer): Pieces {
  const other = { reasoning: reasoning?.parts ?? [], toolCalls, citations, files }
  for (const [name, list] of Object.entries(other))
    if (list.length > 0) misuse(`the kobold format is plain text: leave \`${name}\` out`)
  return text
}

const REASONS: Readonly<Partial<Record<FinishReason, string>>> = { stop: 'stop', length: 'length' }

function reasonOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  const reason = rawFinishReason ?? REASONS[finishReason]
  return (
    reason ??
    misuse(`the kobold format has no word for finish reason ${finishReason}: give a rawFinishReason`)
  )
}
