import { LlmError } from '../core/error.ts'
import type { HttpResponse, HttpRequest } from '../core/wire.ts'
import { originOf } from './failure.ts'

const MOST_REDIRECTS = 3

/** True where a reply may send its request on. */
export function isRedirected({ status }: HttpResponse): boolean {
  return status >= 300 && status < 400
}

/**
 * Where a reply sends its request on to, at hop `turn`; `undefined` for a reply that is none. Redirects that keep the
 * method (307, 308) inside one origin are followed. Throws `misconfigured` for any other: keys travel in headers that must
 * never reach another origin.
 */
export function nextHop(request: HttpRequest, reply: HttpResponse, turn: number): HttpRequest | undefined {
  if (!isRedirected(reply)) return undefined
  const location = reply.header('location')
  if (location === undefined) return undefined
  reply.body.cancel()
  const target = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined
  const keepsMethod = reply.status === 307 || reply.status === 308 || request.method === 'GET'
  if (target?.origin === originOf(request.url) && keepsMethod && turn < MOST_REDIRECTS)
    return { ...request, url: target.href }
  const to = target === undefined ? 'an unreadable address' : target.origin
  const message = `${originOf(request.url)} redirected (status ${reply.status}) to ${to}; not followed, so that no key leaves its origin. Set baseUrl to the final address`
  throw new LlmError('misconfigured', message, { status: reply.status })
}
