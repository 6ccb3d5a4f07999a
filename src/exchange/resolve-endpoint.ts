import { untilAborted } from '../core/abort.ts'
import type { Address, Call } from '../core/call.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import { readKey, resolveKey, type Secret } from '../core/secret.ts'
import type { Target } from '../core/registry.ts'
import type { Framing } from '../core/wire.ts'
import { addKey } from './authentication.ts'
import { fillVariables } from './environment.ts'
import type { Signer } from './signing.ts'

/** URL and headers of an attempt, including the key. */
export interface Endpoint extends Address {
  /** Secrets that must not appear in errors or logs. */
  readonly secrets: readonly Secret[]
  /** Signs a complete request. `undefined` if the provider requires no signature. */
  readonly sign?: Signer['sign'] | undefined
}

/**
 * Resolves URL, headers and key of a call. Returns a promise only if the key is a function or requests are signed. Throws or
 * rejects with `misconfigured` if a base URL, variable or key is missing.
 */
export function resolveEndpoint(call: Call): Endpoint | Promise<Endpoint> {
  const address = call.prepared?.addressOf(call) ?? addressOf(call)
  const { apiKey, target } = call
  if (typeof apiKey === 'function' || target.auth.type === 'sigv4') return resolveLater(call, address)
  return withKey(call, address, readKey(apiKey))
}

async function resolveLater(call: Call, address: Address): Promise<Endpoint> {
  const { auth, provider } = call.target
  const key = resolveKey(call.apiKey).catch((error: unknown) => {
    throw toLlmError(error, 'misconfigured', `the apiKey function of provider "${provider}" failed`)
  })
  const given = await untilAborted(call, key)
  const signs = auth.type === 'sigv4' && given === undefined && address.headers['authorization'] === undefined
  const signer = signs ? await (await import('./signing.ts')).findSigner(call, auth) : undefined
  return signer === undefined ? withKey(call, address, given) : { ...address, ...signer }
}

function withKey(call: Call, { baseUrl, chatUrl, headers }: Address, given: Secret | undefined): Endpoint {
  const { key, headers: authorized } = addKey(call, headers, given)
  return { baseUrl, chatUrl, headers: authorized, secrets: key === undefined ? [] : [key] }
}

const STREAM_TYPES: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
}

/** Computes URL and headers of a call, without its key. Throws `misconfigured` if the provider has no base URL. */
export function addressOf(call: Call): Address {
  const { target, stream } = call
  const { dialect, definition } = target
  const url = call.baseUrl ?? target.baseUrl
  if (url === undefined) {
    const message = `provider "${target.provider}" has no base URL; set baseUrl with its version part, such as http://localhost:8000/v1`
    throw new LlmError('misconfigured', message, { provider: target.provider })
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? STREAM_TYPES[dialect.framing] : 'application/json',
  }
  for (const layer of [dialect.headers, definition.headers, call.headers]) {
    for (const name in layer) {
      const value = layer[name]
      if (value !== undefined) headers[name.toLowerCase()] = fieldValue(target.provider, name, value)
    }
  }
  const filled = fillVariables(url, call)
  if (LOGIN.test(filled)) refuse(target.provider, 'baseUrl contains a user name or password; use headers')
  const baseUrl = filled.endsWith('/') ? filled.slice(0, -1) : filled
  // Chat is the only operation that every target supports.
  const chatUrl = call.operation === 'chat' ? urlOf(call, baseUrl, chatPath(target, stream)) : baseUrl
  return { baseUrl, chatUrl, headers }
}

// `fetch` refuses these, with the URL in its message.
const LOGIN = /^\w+:[/\\]*[^/\\?#]*@/
const TOKEN = /^[!#$%&'*+.^`|~\w-]+$/
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

// Checked here, because the error of a transport prints the value, and its kind would be one of the network.
function fieldValue(provider: string, name: string, given: string): string {
  const value = given.trim()
  if (TOKEN.test(name) && VALUE.test(value)) return value
  return refuse(provider, `header ${JSON.stringify(name)} contains characters that no header can carry`)
}

function refuse(provider: string, what: string): never {
  throw new LlmError('misconfigured', `provider "${provider}": ${what}`, { provider })
}

/** Joins the base URL, a path and the query that the provider requires. Throws `misconfigured` if a variable of the query is not set. */
export function urlOf(call: Call, baseUrl: string, path: string): string {
  const { query } = call.target.definition
  const address = baseUrl + path
  // An endpoint may be outside the version part of the base URL.
  const url = address.includes('/../') ? new URL(address).href : address
  if (query === undefined) return url
  const fields = Object.entries(query).map(([name, value]) => `${name}=${fillVariables(value, call)}`)
  return `${url}${url.includes('?') ? '&' : '?'}${fields.join('&')}`
}

// Returns the path of the chat endpoint: the provider's, or else its dialect's.
function chatPath({ definition, dialect, model, quirks }: Target, stream: boolean): string {
  const { paths } = definition
  if (paths === undefined) return dialect.endpoint({ model, stream, quirks })
  const path = stream ? (paths.stream ?? paths.chat) : paths.chat
  // An `@` before the version of a model id needs no encoding in a URL.
  return path.replace('{model}', () => encodeURIComponent(model).replaceAll('%40', '@'))
}
