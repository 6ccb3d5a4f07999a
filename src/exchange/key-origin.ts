import type { Call } from '../core/call.ts'
import { nonEmptyKey, type Secret } from '../core/secret.ts'
import { environmentName, fromEnvironment } from './environment.ts'

/**
 * Where the key of a call came from, in words for a message, without the key: `OPENAI_API_KEY`, `the option
 * providers.openai.apiKey (key #2)`. `key` is the one that was sent, if one was.
 */
export function keyOrigin(call: Call, key: Secret | undefined): string | undefined {
  if (key === undefined) return headerOrigin(call)
  const { target, apiKey } = call
  const name = environmentName(target.definition.env)
  // A key function that gives nothing leaves the key to the environment.
  const gaveNone =
    typeof apiKey === 'function' && name !== undefined && fromEnvironment([name]) === key.reveal().trim()
  return apiKey === undefined || gaveNone ? name : optionOrigin(call)
}

/** The option that the key of a call, or the function that gives it, came from. */
export function optionOrigin({ apiKey, apiKeyIndex, request, target }: Call): string {
  const isOwn = apiKeyIndex === undefined && apiKey !== undefined && nonEmptyKey(request.apiKey) === apiKey
  const option = isOwn ? `the request's apiKey` : `the option providers.${target.provider}.apiKey`
  const place = apiKeyIndex === undefined ? option : `${option} (key #${apiKeyIndex + 1})`
  return typeof apiKey === 'function' ? `the function in ${place}` : place
}

/** Where the credentials that signed a request came from. */
export function credentialsOrigin({ credentials, request, target }: Call): string | undefined {
  const { auth, provider } = target
  if (credentials !== undefined && credentials === request.credentials) return `the request's credentials`
  if (credentials !== undefined) return `the option providers.${provider}.credentials`
  return auth.type === 'sigv4' ? auth.env?.accessKeyId : undefined
}

function headerOrigin({ target, headers }: Call): string | undefined {
  const { auth } = target
  const own = auth.type === 'header' ? auth.name.toLowerCase() : 'authorization'
  const isKey = (name: string): boolean => name === own || name === 'authorization'
  const sent = Object.keys(headers).find((name) => isKey(name.toLowerCase()))
  return sent === undefined ? undefined : `the header ${sent}`
}
