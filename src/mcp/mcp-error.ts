import { LlmError, toLlmError, type ErrorKind } from '../core/error.ts'
import { isObject, objectOf, textOf } from '../core/json.ts'

/** Our own code for an answer whose stream has ended without it. */
export const STREAM_ENDED = -32_050

/** Codes of JSON-RPC that name a mistake of the request. */
const KINDS: ReadonlyMap<unknown, ErrorKind> = new Map<unknown, ErrorKind>([
  [-32_602, 'invalid-request'],
  [-32_601, 'unsupported'],
  [-32_002, 'not-found'],
  [-32_001, 'timeout'],
  [-32_000, 'network'],
  [STREAM_ENDED, 'stream-broken'],
])
const NEVER_SENT: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN'])
const NO_PROGRAM: ReadonlySet<unknown> = new Set(['ENOENT', 'EACCES', 'ENOTDIR'])
/** A server of another kind, or another path of it; -1: no answer of the protocol. */
const WRONG_PLACE: ReadonlySet<unknown> = new Set([404, 405, -1])
const CLOSED = -32_000
const UNKNOWN_SESSION = 404

/** Converts what the SDK throws to an `LlmError` that names the server. */
export function mcpError(error: unknown, server: string): LlmError {
  if (LlmError.is(error)) return error
  const { name, code, message } = objectOf(error)
  const lead = `the MCP server "${server}"`
  if (
    name === 'UnauthorizedError' ||
    (error instanceof Error && error.constructor.name === 'UnauthorizedError')
  )
    return new LlmError(
      'unauthorized',
      `${lead} needs an authorization: send the user to it, and call finishAuth with the code`,
      { cause: error },
    )
  if (isMissingProgram(error))
    return new LlmError(
      'misconfigured',
      `${lead} could not be started: ${textOf(message)}; check command and cwd; arguments belong in args`,
      { cause: error },
    )
  if (WRONG_PLACE.has(code))
    return new LlmError(
      'not-found',
      `${lead} does not answer as one at its url (${textOf(message)}); check server.url, which often ends in /mcp`,
      { cause: error },
    )
  if (code === 401 || code === 403)
    return new LlmError('unauthorized', `${lead} refuses the request: ${textOf(message)}`, { cause: error })
  const kind = KINDS.get(code) ?? (isNetwork(error) ? 'network' : 'server-failed')
  return toLlmError(error, kind, `${lead} failed`)
}

/** Whether the connection is over, so that the next request needs a new one. */
export function isGone(error: unknown): boolean {
  const { code } = objectOf(error)
  return code === CLOSED || isLostSession(error) || isNetwork(error) || isClosed(error)
}

/** Whether the server has never seen the request, so that it may be sent again. */
export function wasNeverSeen(error: unknown): boolean {
  return isLostSession(error) || isClosed(error) || NEVER_SENT.has(objectOf(objectOf(error)['cause'])['code'])
}

/** Whether another attempt to connect may succeed. */
export function mayConnectLater(error: unknown): boolean {
  return !LlmError.is(error) && !isMissingProgram(error) && isGone(error)
}

function isMissingProgram(error: unknown): boolean {
  return NO_PROGRAM.has(objectOf(error)['code'])
}

// A server that has restarted does not know the session: 404 by the protocol, 400 with many servers.
function isLostSession(error: unknown): boolean {
  const { code, message } = objectOf(error)
  return code === UNKNOWN_SESSION || (code === 400 && /session/i.test(textOf(message) ?? ''))
}

function isClosed(error: unknown): boolean {
  return isObject(error) && error['message'] === 'Not connected'
}

function isNetwork(error: unknown): boolean {
  return error instanceof TypeError && isObject(error.cause)
}
