import { Secret } from '../core/secret.ts'
import type { Endpoint } from './resolve-endpoint.ts'

// Their values are the same for everybody, and errors about them are clearer with them.
const PLAIN = /^(?:accept|content-|user-|trace)|(?:alt|beta|version|region|title|-id|referer)$/i

/**
 * The secrets of an attempt: its key, and the values of headers and of the query of its URL, which may hold tokens of
 * gateways and tenants. Read only when an attempt has failed.
 */
export function givenSecrets({ secrets, headers, chatUrl }: Endpoint): readonly Secret[] {
  // A path may follow the query of a base URL.
  const query = new URLSearchParams(/\?([^#/]*)/.exec(chatUrl)?.[1])
  const values = [...Object.entries(headers), ...query]
    .filter(([name]) => !PLAIN.test(name))
    // What follows the name of a scheme is the secret.
    .flatMap(([, value]) => [value, value.replace(/^\S+ /, '')])
  return [...secrets, ...values.map((value) => new Secret(value))]
}
