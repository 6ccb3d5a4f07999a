import { LlmError } from '../core/error.ts'

// Codes of Node's sockets and of undici, and what they mean to a caller.
const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection was refused: is the server running, and is the port right?',
  ECONNRESET: 'the connection was reset',
  EPIPE: 'the connection was closed while the request was sent',
  ENOTFOUND: 'the host name is not known: check baseUrl',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'the connection timed out',
  EHOSTUNREACH: 'the host cannot be reached',
  UND_ERR_SOCKET: 'the connection was closed by the other side',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server uses a self-signed certificate',
  CERT_HAS_EXPIRED: 'the certificate of the server has expired',
}

/** What went wrong below HTTP, as an `LlmError`: `network`, or `timeout` with its phase. */
export function transportError(error: unknown, url: string): LlmError {
  if (LlmError.is(error)) return error
  const code = codeOf(error)
  const where = originOf(url)
  const timeouts: Readonly<Record<string, 'connect' | 'headers' | 'idle'>> = {
    UND_ERR_CONNECT_TIMEOUT: 'connect',
    UND_ERR_HEADERS_TIMEOUT: 'headers',
    UND_ERR_BODY_TIMEOUT: 'idle',
  }
  const phase = code === undefined ? undefined : timeouts[code]
  if (phase !== undefined) {
    const message = `${where}: the transport's own ${phase} timeout ran out`
    return new LlmError('timeout', message, { phase, code, cause: error })
  }
  const reason = (code === undefined ? undefined : CODES[code]) ?? deepestMessage(error)
  return new LlmError('network', `${where}: ${reason}`, { code, cause: error })
}

/** The connection could not be opened in time. */
export function connectTimeout(url: string, connectMs: number): LlmError {
  const message = `${originOf(url)}: no connection within ${connectMs} ms (timeouts.connectMs)`
  return new LlmError('timeout', message, { phase: 'connect' })
}

function codeOf(error: unknown): string | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    const code = (at as { code?: unknown }).code
    if (typeof code === 'string') return code
    const first: unknown = at instanceof AggregateError ? at.errors[0] : undefined
    if (first !== undefined) return codeOf(first)
  }
  return undefined
}

// `fetch failed` says nothing: what it was caused by does.
function deepestMessage(error: unknown): string {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at.message : String(at)
}

/** Scheme, host and port of an URL: what an error may show of it. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the provider'
}
