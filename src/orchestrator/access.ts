import type { Call } from '../core/call.ts'
import { LlmError } from '../core/error.ts'
import { resolveKey, type Secret } from '../core/secret.ts'

/** Where a call goes on the wire, and with which headers. */
export interface Access {
  readonly baseUrl: string
  readonly headers: Readonly<Record<string, string>>
  readonly key: Secret | undefined
}

/** Finds base URL, key and headers of a call. Throws `misconfigured` before any network where something is missing. */
export async function resolveAccess(call: Call): Promise<Access> {
  const { target, stream } = call
  const { dialect, definition } = target
  const baseUrl = call.baseUrl ?? target.baseUrl
  if (baseUrl === undefined) {
    const message = `provider "${target.provider}" needs a baseUrl with its version part, such as http://localhost:8000/v1`
    throw new LlmError('misconfigured', message, { provider: target.provider })
  }
  const headers: Record<string, string> = {
    'content-type': 'application/json',
    accept: stream ? 'text/event-stream' : 'application/json',
  }
  for (const layer of [dialect.headers, definition.headers, call.headers]) {
    for (const name in layer) headers[name.toLowerCase()] = layer[name] as string
  }
  const key = await findKey(call, headers)
  if (key !== undefined) setKey(headers, key, call)
  return { baseUrl: baseUrl.endsWith('/') ? baseUrl.slice(0, -1) : baseUrl, headers, key }
}

async function findKey(call: Call, headers: Readonly<Record<string, string>>): Promise<Secret | undefined> {
  const { definition, auth, provider } = call.target
  if (auth.type === 'none') return undefined
  const given = await resolveKey(call.apiKey)
  const key = given ?? (await resolveKey(fromEnvironment(definition.env)))
  if (key !== undefined || definition.keyRequired === false || headers[headerOf(call)] !== undefined)
    return key
  const names = definition.env?.join(' or ') ?? ''
  const how = names === '' ? 'pass apiKey' : `set ${names}, or pass apiKey`
  throw new LlmError('misconfigured', `provider "${provider}" has no API key: ${how}`, { provider })
}

function fromEnvironment(names: readonly string[] | undefined): string | undefined {
  const env = globalThis.process?.env
  if (names === undefined || env === undefined) return undefined
  return names.map((name) => env[name]).find((value) => value !== undefined && value.trim() !== '')
}

function headerOf({ target: { auth } }: Call): string {
  return auth.type === 'header' ? auth.name.toLowerCase() : 'authorization'
}

function setKey(headers: Record<string, string>, key: Secret, call: Call): void {
  const value = key.reveal().trim()
  // A line break or a control character in a header would be refused by the transport, which prints the value.
  if (!/^[\x20-\x7e]+$/.test(value)) {
    const message = `the API key of provider "${call.target.provider}" holds characters that no header can carry: check it for line breaks and quotes`
    throw new LlmError('misconfigured', message, { provider: call.target.provider })
  }
  headers[headerOf(call)] = call.target.auth.type === 'header' ? value : `Bearer ${value}`
}
