import { errorTable, LlmError, type ErrorKind } from '../../core/error.ts'
import { isObject, numberOf, parseJson, textOf } from '../../core/json.ts'
import type { FrameError } from './frame.ts'

const KINDS: Readonly<Record<number, ErrorKind>> = {
  401: 'unauthorized',
  402: 'quota-exhausted',
  403: 'unauthorized',
  404: 'not-found',
  408: 'timeout',
  409: 'conflict',
  429: 'rate-limited',
  503: 'overloaded',
  504: 'timeout',
}

const MAX_MESSAGE = 500

/** What a server refused with, as an error: in its own words where it has any for us. */
export async function responseError(response: Response, now: number): Promise<LlmError> {
  const { status, statusText, headers } = response
  const text = await response.text().catch(() => '')
  const body = parseJson(text)
  const told = isObject(body) ? body['error'] : undefined
  const error = isObject(told) ? told : {}
  const byStatus = KINDS[status] ?? (status >= 500 ? 'server-failed' : 'invalid-request')
  const retryAfterMs = retryAfterOf(headers, now) ?? numberOf(error['retryAfterMs'])
  const words = textOf(error['message']) ?? textOf(told) ?? statusText
  const message = `The server answered ${status}${words === '' ? '' : `: ${words.slice(0, MAX_MESSAGE)}`}`
  return new LlmError(kindOf(error['code']) ?? byStatus, message, {
    status,
    retryAfterMs,
    requestId: headers.get('x-request-id') ?? undefined,
    scope: textOf(error['scope']),
    code: headers.get('x-should-retry') === 'false' ? 'final' : undefined,
  })
}

/** The error of a frame. */
export function frameError({ code, message, retryAfterMs }: FrameError): LlmError {
  const words = message === '' ? 'The answer failed, and the server does not say why.' : message
  return new LlmError(kindOf(code) ?? 'server-failed', words, { retryAfterMs })
}

/** Nothing came back: the network, the server, or the way between them. */
export function unreachable(cause: unknown, isOnline: boolean): LlmError {
  const message = isOnline
    ? 'The server cannot be reached. Check that it is running, then try again.'
    : 'There is no network connection.'
  return new LlmError('network', message, { cause })
}

/** The stream has gone from the server, and with it the rest of the answer. */
export function runLost(): LlmError {
  const message =
    'The answer broke off, and the server no longer has the rest of it. Try again for a new one.'
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

function kindOf(code: unknown): ErrorKind | undefined {
  return typeof code === 'string' && Object.hasOwn(errorTable, code) ? (code as ErrorKind) : undefined
}

function retryAfterOf(headers: Headers, now: number): number | undefined {
  const ms = Number(headers.get('retry-after-ms') ?? NaN)
  if (ms >= 0) return ms
  const given = headers.get('retry-after')
  if (given === null || given === '') return undefined
  const seconds = Number(given)
  if (seconds >= 0) return seconds * 1000
  const date = Date.parse(given)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}
