import { LlmError } from '../core/error.ts'
import type { WireReply, WireRequest } from '../core/wire.ts'
import { originOf } from './failure.ts'

const MOST_REDIRECTS = 3

/**
 * Sends, and follows redirects that keep the method (307, 308) inside one origin. Any other redirect is refused with
 * `misconfigured`: keys travel in headers that must never reach another origin.
 */
export async function followRedirects(
  request: WireRequest,
  send: (request: WireRequest) => Promise<WireReply>,
): Promise<WireReply> {
  let current = request
  for (let turn = 0; ; turn++) {
    const reply = await send(current)
    const location = reply.status >= 300 && reply.status < 400 ? reply.header('location') : undefined
    if (location === undefined) return reply
    reply.body.cancel()
    const target = URL.canParse(location, current.url) ? new URL(location, current.url) : undefined
    const keepsMethod = reply.status === 307 || reply.status === 308 || current.method === 'GET'
    if (
      target === undefined ||
      target.origin !== originOf(current.url) ||
      !keepsMethod ||
      turn >= MOST_REDIRECTS
    ) {
      const to = target === undefined ? 'an unreadable address' : target.origin
      const message = `${originOf(current.url)} redirected (status ${reply.status}) to ${to}; not followed, so that no key leaves its origin. Set baseUrl to the final address`
      throw new LlmError('misconfigured', message, { status: reply.status })
    }
    current = { ...current, url: target.href }
  }
}
