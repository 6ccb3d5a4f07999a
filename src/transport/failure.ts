import { LlmError } from '../core/error.ts'
import { explainFailure, type FailedCode } from './explain-failure.ts'

// undici's own timeouts, and the phase of a call that each one bounds.
const TIMEOUTS: Readonly<Record<string, 'connect' | 'headers' | 'idle'>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connect',
  UND_ERR_HEADERS_TIMEOUT: 'headers',
  UND_ERR_BODY_TIMEOUT: 'idle',
}

/**
 * Converts a failure below HTTP to an `LlmError`: `timeout` with its phase, else `network`. `answered`: whether the
 * head of a response had arrived, so that the server and its protocol are known to be right.
 */
export function transportError(error: unknown, url: string, answered: boolean): LlmError {
  if (LlmError.is(error)) return error
  const failed = codeOf(error)
  const code = failed?.code
  const phase = code === undefined ? undefined : TIMEOUTS[code]
  if (phase !== undefined) {
    const message = `${originOf(url)}: the transport's own ${phase} timeout expired; raise or disable it in the dispatcher`
    return new LlmError('timeout', message, { phase, code, cause: error })
  }
  const text = explainFailure(failed ?? rootOf(error), { url, answered })
  return new LlmError('network', text, { code, cause: error })
}

/** The `timeout` of a connection that could not be opened within `connectMs`. */
export function connectTimeout(url: string, connectMs: number): LlmError {
  const message = `${originOf(url)}: no connection within ${connectMs} ms; check the address, or raise timeouts.connectMs`
  return new LlmError('timeout', message, { phase: 'connect' })
}

/** Scheme, host and port of a URL: the part that an error message may show. */
export function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : 'the provider'
}

const MAX_DEPTH = 4

// The first error with a code among the causes, or among the errors of an AggregateError.
function codeOf(error: unknown): FailedCode | undefined {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < MAX_DEPTH; at = at.cause, depth++) {
    const first: unknown = at instanceof AggregateError ? at.errors[0] : undefined
    if (first !== undefined) return codeOf(first)
    if (typeof (at as { code?: unknown }).code === 'string') return at
  }
  return undefined
}

// `fetch failed` says nothing; the innermost cause does.
function rootOf(error: unknown): FailedCode {
  let at = error
  while (at instanceof Error && at.cause instanceof Error) at = at.cause
  return at instanceof Error ? at : new Error(String(at))
}
