import type { Call } from '../core/call.ts'
import { LlmError, toLlmError } from '../core/error.ts'
import type { Auth, SigningAuth } from '../core/provider.ts'
import { readKey, resolveKey, type Secret } from '../core/secret.ts'
import type { Framing } from '../core/wire.ts'
import { findSigner, type Signer } from './signing.ts'
import { fillVariables, fromEnvironment } from './environment.ts'

/** Where a call goes on the wire, and with which headers. */
export interface Endpoint {
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  /** What must never be shown. */
  readonly secrets: readonly Secret[]
  /** Signs a finished request, where the provider asks for it. */
  readonly sign?: Signer['sign'] | undefined
}

const STREAM_TYPES: Readonly<Record<Framing, string>> = {
  sse: 'text/event-stream',
  ndjson: 'application/x-ndjson',
  'aws-event-stream': 'application/vnd.amazon.eventstream',
}

/**
 * Finds base URL, key and headers of a call: a promise only where a function has to be asked, or a request is signed.
 * Throws or rejects with `misconfigured` before any network where something is missing.
 */
export function resolveEndpoint(call: Call): Endpoint | Promise<Endpoint> {
  const { target, stream } = call
  const { dialect, definition } = target
  const address = call.baseUrl ?? target.baseUrl
  if (address === undefined) {
    const message = `provider "${target.provider}" needs a baseUrl with its version part, such as http://localhost:8000/v1`
    throw new LlmError('misconfigured', message, { provider: target.provider })
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? STREAM_TYPES[dialect.framing] : 'application/json',
  }
  for (const layer of [dialect.headers, definition.headers, call.headers]) {
    for (const name in layer) headers[name.toLowerCase()] = layer[name] as string
  }
  const filled = fillVariables(address, call)
  const baseUrl = filled.endsWith('/') ? filled.slice(0, -1) : filled
  const { apiKey } = call
  const place = { baseUrl, headers }
  if (typeof apiKey === 'function' || target.auth.type === 'sigv4') return askAccess(call, place)
  return withKey(call, place, readKey(apiKey))
}

interface Place {
  readonly baseUrl: string
  readonly headers: Record<string, string>
}

async function askAccess(call: Call, place: Place): Promise<Endpoint> {
  const { auth } = call.target
  const given = await resolveKey(call.apiKey).catch((error: unknown) => {
    throw toLlmError(
      error,
      'misconfigured',
      `the apiKey function of provider "${call.target.provider}" failed`,
    )
  })
  const signs = auth.type === 'sigv4' && given === undefined && place.headers['authorization'] === undefined
  const signer = signs ? await findSigner(call, auth) : undefined
  return signer === undefined ? withKey(call, place, given) : { ...place, ...signer }
}

function withKey(call: Call, { baseUrl, headers }: Place, given: Secret | undefined): Endpoint {
  const key = findKey(call, given, headers)
  if (key !== undefined) setKey(headers, key, call)
  return { baseUrl, headers, secrets: key === undefined ? [] : [key] }
}

function findKey(
  call: Call,
  given: Secret | undefined,
  headers: Readonly<Record<string, string>>,
): Secret | undefined {
  const { definition, auth, provider } = call.target
  if (auth.type === 'none') return undefined
  const key = given ?? readKey(fromEnvironment(definition.env))
  const held = headers[headerOf(call)] ?? (takesTokens(auth) ? headers['authorization'] : undefined)
  if (key !== undefined || definition.keyRequired === false || held !== undefined) return key
  const names = definition.env?.join(' or ') ?? ''
  const how = [
    ...(names === '' ? [] : [`set ${names}`]),
    ...(auth.type === 'sigv4' ? signingAdvice(auth) : []),
    'pass apiKey',
  ]
  throw new LlmError('misconfigured', `provider "${provider}" has no API key: ${how.join(', or ')}`, {
    provider,
  })
}

function signingAdvice({ env }: SigningAuth): string[] {
  const set = env === undefined ? [] : [`set ${env.accessKeyId} and ${env.secretAccessKey}`]
  return [...set, 'pass credentials']
}

function headerOf({ target: { auth } }: Call): string {
  return auth.type === 'header' ? auth.name.toLowerCase() : 'authorization'
}

function takesTokens(auth: Auth): boolean {
  return auth.type === 'header' && auth.tokens === 'bearer'
}

// Three parts of base64url, the first one a JSON object.
const TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/

function setKey(headers: Record<string, string>, key: Secret, call: Call): void {
  const value = key.reveal().trim()
  // A line break or a control character in a header would be refused by the transport, which prints the value.
  if (!/^[\x20-\x7e]+$/.test(value)) {
    const message = `the API key of provider "${call.target.provider}" holds characters that no header can carry: check it for line breaks and quotes`
    throw new LlmError('misconfigured', message, { provider: call.target.provider })
  }
  const { auth } = call.target
  if (auth.type !== 'header') headers[headerOf(call)] = `Bearer ${value}`
  else if (takesTokens(auth) && TOKEN.test(value)) headers['authorization'] = `Bearer ${value}`
  else headers[headerOf(call)] = value
}
