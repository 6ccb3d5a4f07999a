import { LlmError } from '../../../core/error.ts'
import { optionsSchema } from '../../../core/options.ts'
import { count, flag, kind, listOf, nonEmptyText, required, type Group } from '../../../core/schema.ts'

/** Which pages of other origins may call the handler and read its responses. */
export interface CorsOptions {
  /** Allowed origins (`https://app.example`), a predicate, or `'*'` for all. */
  readonly origins: readonly string[] | '*' | ((origin: string) => boolean)
  /** Whether pages may send cookies. Default false; not allowed with `'*'`. */
  readonly credentials?: boolean | undefined
  /** Request headers that pages may send. Default: those that the preflight asks for. */
  readonly headers?: readonly string[] | undefined
  /** Further response headers that pages may read, beside the request id, the rate limits and `Retry-After`. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may cache the preflight response, in seconds. Default 600. */
  readonly maxAgeSeconds?: number | undefined
}

const EXPOSED: readonly string[] = [
  'x-request-id',
  'request-id',
  'retry-after',
  'retry-after-ms',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-ratelimit-limit-tokens',
  'x-ratelimit-remaining-tokens',
  'x-ratelimit-reset-tokens',
]

/** The schema of {@link CorsOptions}. */
export const corsSchema: Group = optionsSchema<CorsOptions>()(() => ({
  origins: required(
    kind("a list of origins, a function, or '*'", (value) => value === '*' || isPredicateOrList(value)),
  ),
  credentials: flag,
  headers: listOf(nonEmptyText),
  exposeHeaders: listOf(nonEmptyText),
  maxAgeSeconds: count,
}))

function isPredicateOrList(value: unknown): boolean {
  if (typeof value === 'function') return true
  return Array.isArray(value) && value.every((origin) => typeof origin === 'string' && origin !== '')
}

/** Throws `misconfigured` for checked options that browsers reject together. `where` is the function that was called. */
export function checkCredentials(where: string, cors: CorsOptions | undefined): void {
  if (cors?.credentials !== true || !allowsAll(cors)) return
  const message = `is not allowed with origin '*'; list the origins`
  throw new LlmError('misconfigured', `${where}: cors.credentials ${message}`, {
    issues: [{ path: 'cors.credentials', message }],
  })
}

function allowsAll({ origins }: CorsOptions): boolean {
  return origins === '*' || (typeof origins !== 'function' && origins.includes('*'))
}

/** Whether pages of this origin may call. */
export function allowsOrigin(cors: CorsOptions | undefined, origin: string): boolean {
  if (cors === undefined) return false
  const { origins } = cors
  if (origins === '*') return true
  // A promise is no permission.
  if (typeof origins === 'function') return (origins(origin) as unknown) === true
  return origins.includes(origin) || origins.includes('*')
}

/** Returns the headers that let a page read the response, if its origin is allowed. */
export function corsHeaders(cors: CorsOptions | undefined, request: Request): Record<string, string> {
  if (cors === undefined) return {}
  const origin = request.headers.get('origin')
  const vary = { vary: 'Origin' }
  if (origin === null || !allowsOrigin(cors, origin)) return vary
  const exposed = [...EXPOSED, ...(cors.exposeHeaders ?? [])].join(', ')
  const credentials = cors.credentials === true ? { 'access-control-allow-credentials': 'true' } : undefined
  return {
    ...vary,
    'access-control-allow-origin': cors.origins === '*' ? '*' : origin,
    'access-control-expose-headers': exposed,
    ...credentials,
  }
}

/** Whether the request is a CORS preflight. */
export function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('access-control-request-method')
}

/** Returns the preflight response; without permission if the origin is not allowed. */
export function preflightResponse(
  cors: CorsOptions | undefined,
  request: Request,
  methods: readonly string[],
): Response {
  const headers = corsHeaders(cors, request)
  if (headers['access-control-allow-origin'] === undefined)
    return new Response(null, { status: 204, headers })
  const asked = request.headers.get('access-control-request-headers') ?? 'authorization, content-type'
  return new Response(null, {
    status: 204,
    headers: {
      ...headers,
      vary: 'Origin, Access-Control-Request-Headers',
      'access-control-allow-methods': methods.join(', '),
      'access-control-allow-headers': cors?.headers?.join(', ') ?? asked,
      'access-control-max-age': String(cors?.maxAgeSeconds ?? 600),
    },
  })
}
