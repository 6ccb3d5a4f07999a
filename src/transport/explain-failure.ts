import { rowOf } from '../core/json.ts'
import { LlmError } from '../core/error.ts'
import { originOf } from './origin.ts'

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
  const phase = code === undefined ? undefined : rowOf(TIMEOUTS, code)
  if (phase !== undefined) {
    const message = `${originOf(url)}: the transport's own ${phase} timeout expired; raise or disable it in the dispatcher`
    return new LlmError('timeout', message, { phase, code, cause: error })
  }
  const text = explainFailure(failed ?? rootOf(error), { url, answered })
  return new LlmError('network', text, { code, cause: error })
}

/** The error of Node's sockets, TLS or undici behind a failed request, with the fields that it may have. */
interface FailedCode extends Error {
  readonly code?: string
  /** Where the connection was to go, by the socket: a proxy's address differs from the URL's. */
  readonly address?: string
  readonly port?: number
  /** The name that could not be looked up. */
  readonly hostname?: string
  readonly cert?: { readonly subjectaltname?: string }
}

/** Where a request was to go, and how far it came. */
interface Destination {
  readonly url: string
  /** Whether the head of a response had arrived. */
  readonly answered: boolean
}

interface Failure {
  readonly error: FailedCode
  readonly url: URL
  readonly answered: boolean
}

/** Text of an error message: which server failed in which way, and what to do about it. */
function explainFailure(error: FailedCode, { url, answered }: Destination): string {
  if (!URL.canParse(url)) return `the provider: ${error.message}`
  const failure: Failure = { error, url: new URL(url), answered }
  return (
    explainProxy(failure) ??
    explainProtocol(failure) ??
    rowOf(EXPLAIN, error.code ?? '')?.(failure) ??
    `${failure.url.origin}: ${error.message}`
  )
}

const WRONG_VERSION = /wrong.version.number|packet.length.too.long|http.request|unknown.protocol/i
const UNTRUSTED =
  'signed by an authority that this process does not trust: name that authority in NODE_EXTRA_CA_CERTS, or start Node with --use-system-ca'

const EXPLAIN: Readonly<Record<string, (failure: Failure) => string>> = {
  ECONNREFUSED: ({ url }) =>
    `the server at ${url.origin} refused the connection: check that it is running and that baseUrl names its port`,
  ECONNRESET: ({ url }) => `${url.origin}: the connection was reset by the server or by the network between`,
  EPIPE: ({ url }) => `${url.origin}: the server closed the connection before it had read the request`,
  UND_ERR_SOCKET: ({ url }) =>
    `${url.origin}: the server closed the connection before the reply was complete`,
  ENOTFOUND: ({ url }) => `the host name "${url.hostname}" does not exist: check baseUrl`,
  EAI_AGAIN: ({ url }) =>
    `the host name "${url.hostname}" could not be looked up: check the network and its DNS server`,
  ETIMEDOUT: ({ url }) => `${url.origin}: the connection timed out; check the address and the firewall`,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  DEPTH_ZERO_SELF_SIGNED_CERT: ({ url }) =>
    `the certificate of ${url.origin} is self-signed: name its file in NODE_EXTRA_CA_CERTS to trust it`,
  SELF_SIGNED_CERT_IN_CHAIN: untrusted,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: untrusted,
  UNABLE_TO_GET_ISSUER_CERT: untrusted,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: untrusted,
  CERT_HAS_EXPIRED: ({ url }) =>
    `the certificate of ${url.origin} has expired: renew it, or correct the clock of this machine`,
  CERT_NOT_YET_VALID: ({ url }) =>
    `the certificate of ${url.origin} is not valid yet: correct the clock of this machine`,
  ERR_TLS_CERT_ALTNAME_INVALID: ({ url, error }) =>
    `the certificate of ${url.origin} is for ${error.cert?.subjectaltname ?? 'another host'}: use a host name of the certificate in baseUrl`,
}

function unreachable({ url }: Failure): string {
  return `${url.origin} cannot be reached from this machine: check the network, the VPN and the firewall`
}

function untrusted({ url }: Failure): string {
  return `the certificate of ${url.origin} is ${UNTRUSTED}`
}

/** TLS spoken to a plain port, and plain HTTP spoken to a port that does not answer in HTTP. */
function explainProtocol({ error, url, answered }: Failure): string | undefined {
  const { code = '', message } = error
  if (answered) return undefined
  if (url.protocol === 'https:') {
    const plain = `http://${url.host}`
    const isPlainPort = /^ERR_SSL_|^EPROTO$/.test(code) && WRONG_VERSION.test(`${code} ${message}`)
    if (isPlainPort) return `the server at ${url.host} does not speak TLS: use ${plain} in baseUrl`
    return /before secure TLS connection|socket hang up/i.test(message)
      ? `the server at ${url.host} closed the connection during the TLS handshake: if it does not speak TLS, use ${plain} in baseUrl`
      : undefined
  }
  const secure = `https://${url.host}`
  if (/HTTP\/1\.1 protocol|^Parse Error/.test(message) || code.startsWith('HPE_'))
    return `the server at ${url.host} does not answer in HTTP: if it speaks TLS, use ${secure} in baseUrl, else check the port`
  return code === 'UND_ERR_SOCKET' || /socket hang up/i.test(message)
    ? `the server at ${url.host} closed the connection without an answer: if it expects TLS, use ${secure} in baseUrl`
    : undefined
}

/** Failures of a proxy, and those of a connection that went elsewhere than the URL says. */
function explainProxy({ error, url }: Failure): string | undefined {
  const { code, message, address, port, hostname } = error
  const status = /^Proxy (?:response|Authentication Required) \((\d+)\)/.exec(message)?.[1]
  if (status === '407')
    return `the proxy for ${url.origin} requires a login (status 407): put user name and password into the proxy's URL`
  if (status !== undefined)
    return `the proxy could not connect to ${url.origin} (status ${status}): check the proxy and the address`
  if (code === 'ECONNREFUSED' && port !== undefined && port !== portOf(url))
    return `the proxy for ${url.origin} refused the connection at ${address}:${port}: check HTTP_PROXY and HTTPS_PROXY, or the dispatcher`
  if (code === 'ENOTFOUND' && hostname !== undefined && hostname !== nameOf(url))
    return `the proxy for ${url.origin} has an unknown host name, "${hostname}": check HTTP_PROXY and HTTPS_PROXY, or the dispatcher`
  return message === 'bad port'
    ? `fetch does not connect to port ${portOf(url)} of ${url.hostname}: use another port, or the transport of llm-switchyard/undici`
    : undefined
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}

// Node looks an IPv6 address up without the brackets that a URL puts around it.
function nameOf({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '')
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
