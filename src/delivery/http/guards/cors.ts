import { LlmError } from '../../../core/error.ts'

/** Which pages of other origins may call, and read what comes back. Without it none may. */
export interface CorsOptions {
  /** Origins by their full name (`https://app.example`), or a function that knows. A star stands for all and has to be said. */
  readonly origins: readonly string[] | '*' | ((origin: string) => boolean)
  /** Lets pages send cookies. Default false; not together with a star. */
  readonly credentials?: boolean | undefined
  /** Request headers that pages may send, in place of those that they ask for. */
  readonly headers?: readonly string[] | undefined
  /** Response headers that pages may read, besides the request id, the rate limits and `Retry-After`. */
  readonly exposeHeaders?: readonly string[] | undefined
  /** How long a browser may keep the answer to its question, in seconds. Default 600. */
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

/** Throws `misconfigured` for what no browser would take. */
export function checkCors(cors: CorsOptions | undefined): void {
  if (cors === undefined) return
  const { origins, credentials } = cors
  const known = origins === '*' || typeof origins === 'function' || Array.isArray(origins)
  if (!known) refuse('origins', `takes a list of origins, a function, or '*'`)
  if (credentials !== true) return
  if (origins === '*' || (Array.isArray(origins) && origins.includes('*')))
    refuse('credentials', 'cannot be given to every origin: name them')
}

function refuse(field: string, problem: string): never {
  throw new LlmError('misconfigured', `cors.${field} ${problem}`, {
    issues: [{ path: `cors.${field}`, message: problem }],
  })
}

/** True where a page of this origin may call. */
export function allowsOrigin(cors: CorsOptions | undefined, origin: string): boolean {
  if (cors === undefined) return false
  const { origins } = cors
  if (origins === '*') return true
  if (typeof origins === 'function') return origins(origin)
  return origins.includes(origin) || origins.includes('*')
}

/** The headers that let a page read an answer; none where it may not. */
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

/** True for the question that a browser asks before it lets a page call. */
export function isPreflight(request: Request): boolean {
  return request.method === 'OPTIONS' && request.headers.has('access-control-request-method')
}

/** The answer to it. An origin that may not call gets one without leave. */
export function preflightAnswer(
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
