import type { HttpRequest } from '../core/wire.ts'

/** What a request is signed with. */
export interface Signature {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken?: string | undefined
  readonly region: string
  /** The service's name in signatures, for example `bedrock`. */
  readonly service: string
  readonly epochMs: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/**
 * Adds an AWS signature, version 4. Signed are host, `content-type`, every `x-amz-*` header and the body; other headers
 * may still change on the way.
 */
export async function signRequest(request: HttpRequest, by: Signature): Promise<HttpRequest> {
  // Loaded here: a host that signs nothing needs no crypto.
  const { createHash, createHmac } = await import('node:crypto')
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest()

  const url = new URL(request.url)
  const time = new Date(by.epochMs).toISOString().replace(/[-:]|\.\d{3}/g, '')
  const date = time.slice(0, 8)
  const bodyHash = hash(request.body ?? '')
  const { authorization: _old, ...headers } = {
    ...request.headers,
    'x-amz-date': time,
    'x-amz-content-sha256': bodyHash,
    ...(by.sessionToken === undefined ? undefined : { 'x-amz-security-token': by.sessionToken }),
  } as Record<string, string>

  const signed = Object.entries({ ...headers, host: url.host })
    .map(([name, value]) => [name.toLowerCase(), value.trim().replace(/\s+/g, ' ')] as const)
    .filter(([name]) => name === 'host' || name === 'content-type' || name.startsWith('x-amz-'))
    .toSorted(byName)
  const names = signed.map(([name]) => name).join(';')
  const lines = signed.map(([name, value]) => `${name}:${value}\n`).join('')
  const canonical = [request.method, pathOf(url), queryOf(url), lines, names, bodyHash].join('\n')

  const scope = `${date}/${by.region}/${by.service}/aws4_request`
  const secret = [date, by.region, by.service, 'aws4_request'].reduce<string | Buffer>(
    hmac,
    `AWS4${by.secretAccessKey}`,
  )
  const signature = hmac(Buffer.from(secret), [ALGORITHM, time, scope, hash(canonical)].join('\n')).toString(
    'hex',
  )
  const credential = `Credential=${by.accessKeyId}/${scope}`
  const authorization = `${ALGORITHM} ${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { ...request, headers: { ...headers, authorization } }
}

// The path goes over the wire encoded once, and into the signature encoded twice: `:` → `%3A` → `%253A`.
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
