import { LlmError } from '../core/error.ts'
import type { HttpRequest } from '../core/wire.ts'

/** Credentials, place and time of a signature. */
export interface Signature {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly region: string
  /** The service's name in signatures, for example `bedrock`. */
  readonly service: string
  /** Time of signing, in milliseconds since 1970. */
  readonly epochMs: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const utf8 = new TextEncoder()

/**
 * Adds an AWS signature, version 4. It covers the host, `content-type`, every `x-amz-*` header and the body; other
 * headers may still change. Rejects with `misconfigured` if the runtime has no WebCrypto.
 */
export async function signRequest(request: HttpRequest, by: Signature): Promise<HttpRequest> {
  const subtle = findCrypto()
  const url = new URL(request.url)
  const time = new Date(by.epochMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const bodyHash = await hash(subtle, request.body ?? '')
  const { authorization: _old, ...headers } = {
    ...request.headers,
    'x-amz-date': time,
    'x-amz-content-sha256': bodyHash,
    ...(by.sessionToken === undefined ? undefined : { 'x-amz-security-token': by.sessionToken }),
  } as Record<string, string>
  const signed = signedHeaders(headers, url.host)
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = [request.method, pathOf(url), queryOf(url), lines, names, bodyHash].join('\n')

  const scope = [time.slice(0, 8), by.region, by.service, 'aws4_request']
  const toSign = [ALGORITHM, time, scope.join('/'), await hash(subtle, canonical)].join('\n')
  const signature = await signText(subtle, toSign, { secret: by.secretAccessKey, scope })
  const credential = `Credential=${by.accessKeyId}/${scope.join('/')}`
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { ...request, headers: { ...headers, authorization } }
}

// WebCrypto and not `node:crypto`, because workers and browsers have no `node:` modules.
function findCrypto(): SubtleCrypto {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined
  if (subtle !== undefined) return subtle
  const message =
    'AWS requests cannot be signed: this runtime has no crypto.subtle. Browsers have it on https:// pages only'
  throw new LlmError('misconfigured', message)
}

type SubtleCrypto = typeof globalThis.crypto.subtle

async function hash(subtle: SubtleCrypto, text: string): Promise<string> {
  return hexOf(await subtle.digest('SHA-256', utf8.encode(text)))
}

// The key of a signature is the secret, signed over with each part of the scope in turn.
async function signText(
  subtle: SubtleCrypto,
  text: string,
  { secret, scope }: { readonly secret: string; readonly scope: readonly string[] },
): Promise<string> {
  let key: ArrayBuffer | Uint8Array<ArrayBuffer> = utf8.encode(`AWS4${secret}`)
  for (const part of [...scope, text]) {
    const held = await subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign'])
    key = await subtle.sign('HMAC', held, utf8.encode(part))
  }
  return hexOf(key)
}

function hexOf(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

function signedHeaders(
  headers: Readonly<Record<string, string>>,
  host: string,
): (readonly [string, string])[] {
  return Object.entries({ ...headers, host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/\s+/g, ' ')] as const)
    .filter(([name]) => name === 'host' || name === 'content-type' || name.startsWith('x-amz-'))
    .toSorted(byName)
}

// The path is encoded once in the request and twice in the signature: `:` → `%3A` → `%253A`.
function pathOf({ pathname }: URL): string {
  const segments = pathname.split('/').filter((segment) => segment !== '')
  const slash = segments.length > 0 && pathname.endsWith('/') ? '/' : ''
  return `/${segments.map(encode).join('/')}${slash}`
}

function queryOf({ searchParams }: URL): string {
  return [...searchParams]
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .toSorted((a, b) => byName(a, b) || (a[1] < b[1] ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&')
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
