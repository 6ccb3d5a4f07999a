import { LlmError } from '../core/error.ts'
import type { WireReply, WireRequest } from '../core/wire.ts'
import { originOf } from './failure.ts'

const MOST_REDIRECTS = 3

/**
 * Sends, and follows redirects that keep the method (307, 308) inside one origin. Any other redirect is refused with
 * `misconfigured`: keys travel in headers that must never reach another origin.
 */
export function followRedirects(
  request: WireRequest,
  send: (request: WireRequest) => Promise<WireReply>,
  turn = 0,
): Promise<WireReply> {
  return send(request).then((reply) => {
    const location = reply.status >= 300 && reply.status < 400 ? reply.header('location') : undefined
    if (location === undefined) return reply
    reply.body.cancel()
    const target = URL.canParse(location, request.url) ? new URL(location, request.url) : undefined
    const keepsMethod = reply.status === 307 || reply.status === 308 || request.method === 'GET'
    if (target?.origin === originOf(request.url) && keepsMethod && turn < MOST_REDIRECTS)
      return followRedirects({ ...request, url: target.href }, send, turn + 1)
    const to = target === undefined ? 'an unreadable address' : target.origin
    const message = `${originOf(request.url)} redirected (status ${reply.status}) to ${to}; not followed, so that no key leaves its origin. Set baseUrl to the final address`
    throw new LlmError('misconfigured', message, { status: reply.status })
  })
}
