import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import type { Auth, SigningAuth } from '../core/provider.ts'
import { readKey, type Secret } from '../core/secret.ts'
import { fromEnvironment } from './environment.ts'
import { keyOrigin, optionOrigin } from './key-origin.ts'

type Headers = Readonly<Record<string, string>>

/**
 * Adds the API key of a target to the headers: the given key, or else the one in the environment. Throws `misconfigured` if
 * a required key is missing, or if a header cannot carry it.
 */
export function addKey(
  call: Call,
  headers: Headers,
  given: Secret | undefined,
): { readonly key: Secret | undefined; readonly headers: Headers } {
  const { target } = call
  const key = findKey(call, headers, given)
  if (key === undefined) return { key, headers }
  const name = headerOf(target.auth)
  const value = headerValue(call, key)
  if (target.auth.type !== 'header') return { key, headers: { ...headers, [name]: `Bearer ${value}` } }
  const isToken = takesTokens(target.auth) && TOKEN.test(value)
  const field = isToken ? { authorization: `Bearer ${value}` } : { [name]: value }
  return { key, headers: { ...headers, ...field } }
}

function findKey(call: Call, headers: Headers, given: Secret | undefined): Secret | undefined {
  const { target, apiKey } = call
  const { definition, auth, provider } = target
  if (auth.type === 'none') return undefined
  const key = given ?? readKey(fromEnvironment(definition.env))
  if (key !== undefined || definition.keyRequired === false) return key
  const sent = headers[headerOf(auth)] ?? (takesTokens(auth) ? headers['authorization'] : undefined)
  if (sent !== undefined) return undefined
  const names = definition.env?.join(' or ') ?? ''
  const how = [
    ...(names === '' ? [] : [`set ${names}`]),
    ...(auth.type === 'sigv4' ? signingAdvice(auth) : []),
    'pass apiKey',
  ]
  const why = typeof apiKey === 'function' ? ` (${optionOrigin(call)} gave none)` : ''
  const message = `provider "${provider}" has no API key${why}: ${how.join(', or ')}`
  throw new LlmError('misconfigured', message, { provider })
}

function signingAdvice({ env }: SigningAuth): string[] {
  const set = env === undefined ? [] : [`set ${env.accessKeyId} and ${env.secretAccessKey}`]
  return [...set, 'pass credentials']
}

function headerOf(auth: Auth): string {
  return auth.type === 'header' ? auth.name.toLowerCase() : 'authorization'
}

function takesTokens(auth: Auth): boolean {
  return auth.type === 'header' && auth.tokens === 'bearer'
}

// A JSON Web Token: three parts in base64url, the first one a JSON object.
const TOKEN = /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/

// Checked here, because the transport's own error for a line break or a control character prints the value.
function headerValue(call: Call, key: Secret): string {
  const value = key.reveal().trim()
  if (/^[\x20-\x7e]+$/.test(value)) return value
  const { provider } = call.target
  const message = `the API key of provider "${provider}", from ${keyOrigin(call, key)}, contains characters that no header can carry; remove line breaks and quotes from it`
  throw new LlmError('misconfigured', message, { provider })
}
