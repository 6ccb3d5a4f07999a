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

const MAX_MESSAGE_CHARACTERS = 500

/**
 * Reads an HTTP error as an `LlmError`, with the kind and the message of its body if it has them. Code `final`: the server
 * asks not to retry. `now` is in ms since 1970.
 */
export async function responseError(response: Response, now: number): Promise<LlmError> {
  const { status, statusText, headers } = response
  const body = parseJson(await response.text().catch(() => ''))
  const given = isObject(body) ? body['error'] : undefined
  const error = isObject(given) ? given : {}
  const byStatus = KINDS[status] ?? (status >= 500 ? 'server-failed' : 'invalid-request')
  const retryAfterMs = retryAfterOf(headers, now) ?? numberOf(error['retryAfterMs'])
  const reason = textOf(error['message']) ?? textOf(given) ?? statusText
  const detail = reason === '' ? '' : `: ${reason.slice(0, MAX_MESSAGE_CHARACTERS)}`
  return new LlmError(kindOf(error['code']) ?? byStatus, `The server answered ${status}${detail}`, {
    status,
    retryAfterMs,
    requestId: headers.get('x-request-id') ?? undefined,
    scope: textOf(error['scope']),
    code: headers.get('x-should-retry') === 'false' ? 'final' : textOf(error['reason']),
  })
}

/** Reads the error of a frame as an `LlmError`, its reason as `code`; an unknown kind becomes `server-failed`. */
export function frameError({ code, reason, message, retryAfterMs }: FrameError): LlmError {
  const text = message === '' ? 'The answer failed.' : message
  return new LlmError(kindOf(code) ?? 'server-failed', text, { code: reason, retryAfterMs })
}

/** The request got no response, or the connection was lost. */
export function unreachable(cause: unknown): LlmError {
  const message = 'The server cannot be reached. Check that it is running, then try again.'
  return new LlmError('network', message, { cause })
}

/** The server no longer has the run, so the rest of the answer is lost. */
export function runLost(): LlmError {
  const message = 'The server no longer has the rest of the answer. Try again for a new one.'
  return new LlmError('stream-broken', message, { code: 'run-lost' })
}

/** The connection was lost, and the stream cannot be resumed. */
export function brokenOff(): LlmError {
  return new LlmError('stream-broken', 'The connection was lost in the middle of the answer. Try again.')
}

/** The server sent nothing for `silenceMs`. */
export function serverSilent(): LlmError {
  return new LlmError('timeout', 'The server stopped sending. Try again.')
}

/** The response is not an event stream. */
export function notAStream(status: number, type: string): LlmError {
  const content = type === '' ? 'nothing' : type
  const message = `The server answered ${status} with ${content} in place of an event stream. Check the url of the chat.`
  return new LlmError('reply-malformed', message, { status })
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
