import type { Fault } from '../../core/dialect.ts'
import type { ErrorKind } from '../../core/error.ts'
import { objectOf, textOf, rowOf } from '../../core/json.ts'
import { readFault as readAnyFault } from '../fault.ts'

type Header = (name: string) => string | undefined

interface Exception {
  readonly kind: ErrorKind
  /** Its HTTP status, which exceptions inside a stream lack. */
  readonly status: number
}

const exception = (kind: ErrorKind, status: number): Exception => ({ kind, status })

// By the exception's name in lower case, without "exception".
const EXCEPTIONS: Readonly<Record<string, Exception>> = {
  throttling: exception('rate-limited', 429),
  toomanyrequests: exception('rate-limited', 429),
  servicequotaexceeded: exception('quota-exhausted', 400),
  modelnotready: exception('overloaded', 429),
  serviceunavailable: exception('overloaded', 503),
  modeltimeout: exception('timeout', 408),
  modelerror: exception('server-failed', 424),
  modelstreamerror: exception('server-failed', 424),
  internalserver: exception('server-failed', 500),
  internalfailure: exception('server-failed', 500),
  validation: exception('invalid-request', 400),
  serialization: exception('invalid-request', 400),
  resourcenotfound: exception('not-found', 404),
  unknownoperation: exception('not-found', 404),
  conflict: exception('conflict', 409),
  accessdenied: exception('unauthorized', 403),
  expiredtoken: exception('unauthorized', 403),
  unrecognizedclient: exception('unauthorized', 403),
  invalidsignature: exception('unauthorized', 403),
  invalidclienttokenid: exception('unauthorized', 403),
  incompletesignature: exception('unauthorized', 403),
  missingauthenticationtoken: exception('unauthorized', 403),
  signaturedoesnotmatch: exception('unauthorized', 403),
}

/** The neutral fault of an error reply, by the exception's name in a header or the body; inside a stream `header` gives that name. */
export function readFault(status: number | undefined, body: unknown, header?: Header): Fault {
  const { __type: type, code, Output: output } = objectOf(body)
  const inner = objectOf(output)['__type']
  const name = header?.('x-amzn-errortype') ?? textOf(type) ?? textOf(inner) ?? textOf(code)
  return faultOf(name, status, body)
}

// `com.amazon.coral.validate#ValidationException:http://…` → `ValidationException`.
function faultOf(given: string | undefined, status: number | undefined, body: unknown): Fault {
  const name = given?.replace(/:.*$/, '').replace(/^.*#/, '')
  const known =
    name === undefined ? undefined : rowOf(EXCEPTIONS, name.toLowerCase().replace(/exception$/, ''))
  const text = messageOf(body)
  const fault = readAnyFault(known?.status ?? status, text === undefined ? body : { message: text })
  const kind = known === undefined || MORE_EXACT.has(fault.kind) ? fault.kind : known.kind
  return {
    ...fault,
    kind: refine(kind, fault.message),
    status: status ?? known?.status,
    code: name ?? fault.code,
  }
}

// Kinds that the message tells, whatever the exception is called.
const MORE_EXACT: ReadonlySet<ErrorKind> = new Set([
  'context-too-long',
  'content-blocked',
  'quota-exhausted',
  'reply-malformed',
])

function messageOf(body: unknown): string | undefined {
  const { message, Message: other } = objectOf(body)
  return textOf(message) ?? textOf(other)
}

// A model that does not exist under this name or in this region.
function refine(kind: ErrorKind, message: string): ErrorKind {
  const isModel =
    /model identifier is invalid|on-demand throughput|model .*(not found|doesn't exist|does not exist)/i.test(
      message,
    )
  return kind === 'invalid-request' && isModel ? 'not-found' : kind
}
