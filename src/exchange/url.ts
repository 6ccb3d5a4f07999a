import type { Call } from '../core/call.ts'
import type { Target } from '../core/registry.ts'
import { fillVariables } from './environment.ts'

/** The address of a request: the base URL, a path, and the query that the provider asks for. */
export function urlOf(call: Call, baseUrl: string, path: string): string {
  const { query } = call.target.definition
  const address = baseUrl + path
  // An endpoint may lie beside the version's path.
  const url = address.includes('/../') ? new URL(address).href : address
  if (query === undefined) return url
  const fields = Object.entries(query).map(([name, value]) => `${name}=${fillVariables(value, call)}`)
  return `${url}${url.includes('?') ? '&' : '?'}${fields.join('&')}`
}

/** The path of the chat endpoint: the provider's own, or its dialect's. */
export function chatPath({ definition, dialect, model, quirks }: Target, stream: boolean): string {
  const { paths } = definition
  if (paths === undefined) return dialect.endpoint({ model, stream, quirks })
  const path = stream ? (paths.stream ?? paths.chat) : paths.chat
  // An id may hold an `@` before its version, which an address may hold as it is.
  return path.replace('{model}', () => encodeURIComponent(model).replaceAll('%40', '@'))
}
