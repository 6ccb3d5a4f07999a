import { LlmError } from '../core/error.ts'
import type { HttpResponse, HttpRequest } from '../core/wire.ts'
import { originOf } from './origin.ts'

const MAX_REDIRECTS = 3

/** Whether a reply has a redirect status. */
export function isRedirected({ status }: HttpResponse): boolean {
  return status >= 300 && status < 400
}

/**
 * The request to send after a redirect; `undefined` if the reply is not one. `hops` redirects were followed before. Follows
 * at most 3 redirects that keep method and origin (307, 308). Throws `misconfigured` for others, because keys travel in
 * headers that must not reach another origin.
 */
export function nextHop(request: HttpRequest, reply: HttpResponse, hops: number): HttpRequest | undefined {
  if (!isRedirected(reply)) return undefined
  const location = reply.header('location')
  if (location === undefined) return undefined
  reply.body.cancel()
  const target = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined
  const keepsMethod = reply.status === 307 || reply.status === 308 || request.method === 'GET'
  if (target?.origin === originOf(request.url) && keepsMethod && hops < MAX_REDIRECTS)
    return { ...request, url: target.href }
  const to = target === undefined ? 'an unreadable address' : target.origin
  const message = `${originOf(request.url)} redirected (status ${reply.status}) to ${to}, which is not followed because a key must not leave its origin: set baseUrl to the final address`
  throw new LlmError('misconfigured', message, { status: reply.status })
}
