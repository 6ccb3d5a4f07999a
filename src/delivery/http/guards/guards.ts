import type { Clock } from '../../../core/clock.ts'
import { clockField, loggerField } from '../../../core/common-fields.ts'
import { cut } from '../../../core/issues.ts'
import type { Logger } from '../../../core/log.ts'
import type { Rows } from '../../../core/options.ts'
import { oneOf, orInfinity, positiveCount, required } from '../../../core/schema.ts'
import { authorizeField, authorizeRequest, type CallerAccess, type Authorize } from './caller.ts'
import { readJsonBody } from './body.ts'
import { corsHeaders, corsSchema, isPreflight, preflightResponse, type CorsOptions } from './cors.ts'
import { checkCsrf, csrfField, type CsrfOptions } from './csrf.ts'
import { watchAccess, type AccessExpiry, type AccessExpiryPolicy } from './access-expiry.ts'
import { errorReply, type ErrorReply } from './error-reply.ts'
import { forbidden, HttpError, methodNotAllowed } from './http-error.ts'
import { loggedError } from './logged-error.ts'
import { requestIdOf } from './request-id.ts'

/** Options of the checks before every handler: authorization, CORS, CSRF, body size. */
export interface GuardOptions {
  /** Decides who may call, and as which user. Required; `'open'` accepts every request. */
  readonly authorize: Authorize
  /** Pages of other origins that may call. Default: none. */
  readonly cors?: CorsOptions | undefined
  /** CSRF protection. Default `origin`: rejects browser requests from pages of origins that `cors` does not name. */
  readonly csrf?: CsrfOptions | undefined
  /** Maximum size of a request body, in bytes. Default 50 MiB where pictures are accepted, 10 MiB elsewhere; `Infinity` for no maximum. */
  readonly maxBodyBytes?: number | undefined
  /** What happens to a call when its client disconnects. Default `cancel`: the upstream connection closes at once. */
  readonly onClientGone?: AccessExpiryPolicy | undefined
  /** Receives every error with the request id. Clients get a general message for any error that they did not cause. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** A request that passed the guards. */
export interface GuardedRequest {
  readonly request: Request
  readonly url: URL
  readonly requestId: string
  readonly access: CallerAccess
  /** Reads the JSON object of the body, up to the maximum size. Call it once. */
  json(): Promise<Record<string, unknown>>
  /** Starts watching the caller's access and connection. Release the result when the call ends. */
  watchAccess(): AccessExpiry
}

/** What the guards need to know about the endpoint of a request. */
export interface GuardedEndpoint {
  readonly methods: readonly string[]
  /** Whether the endpoint needs no authorization. Default false. */
  readonly open?: boolean | undefined
  /** Renders an error in the endpoint's protocol. */
  readonly errorBody: (error: ErrorReply, requestId: string) => unknown
  /** Response headers that carry the request id. Default `x-request-id`. */
  readonly idHeaders?: readonly string[] | undefined
  /** Maximum size of a body if the application sets none, in bytes. Default 10 MiB. */
  readonly maxBodyBytes?: number | undefined
  serve(guarded: GuardedRequest): Promise<Response>
}

export interface Guards {
  /** Runs every check, then the endpoint. Never rejects, because a thrown value becomes an error response. */
  handle(request: Request, endpoint: GuardedEndpoint): Promise<Response>
}

const MAX_BODY_BYTES = 10 * 1024 * 1024
/** The same for endpoints that accept pictures: enough for ten of 3 MiB and their text. */
export const MAX_PICTURE_BYTES: number = 50 * 1024 * 1024
const ID_HEADERS: readonly string[] = ['x-request-id']

/** The fields of {@link GuardOptions}, for the schemas of the handlers. */
export const guardRows = (): Rows<GuardOptions> => ({
  authorize: required(authorizeField),
  cors: corsSchema,
  csrf: csrfField,
  maxBodyBytes: orInfinity(positiveCount),
  onClientGone: oneOf('cancel', 'finish'),
  logger: loggerField,
  clock: clockField,
})

/** Creates the guards from checked options. */
export function createGuards(options: GuardOptions): Guards {
  return { handle: (request, endpoint) => handle(options, request, endpoint) }
}

async function handle(options: GuardOptions, request: Request, endpoint: GuardedEndpoint): Promise<Response> {
  const requestId = requestIdOf(request.headers)
  let response: Response
  try {
    response = await checkAndServe(options, request, { endpoint, requestId })
  } catch (error) {
    response = errorResponse(error, endpoint, requestId)
    report(options.logger, error, { requestId, status: response.status, path: pathOf(request) })
  }
  for (const name of endpoint.idHeaders ?? ID_HEADERS) response.headers.set(name, requestId)
  for (const [name, value] of Object.entries(sharedHeaders(options, request, requestId)))
    if (name !== 'vary' || !response.headers.has(name)) response.headers.set(name, value)
  return response
}

// A predicate of the application that throws here gives no permission; the response is sent.
function sharedHeaders(
  { cors, logger }: GuardOptions,
  request: Request,
  requestId: string,
): Record<string, string> {
  try {
    return corsHeaders(cors, request)
  } catch (error) {
    report(logger, error, { requestId, status: 500, path: pathOf(request) })
    return { vary: 'Origin' }
  }
}

interface Identified {
  readonly endpoint: GuardedEndpoint
  readonly requestId: string
}

async function checkAndServe(
  options: GuardOptions,
  request: Request,
  { endpoint, requestId }: Identified,
): Promise<Response> {
  const { cors, csrf = 'origin', authorize, onClientGone: policy, clock } = options
  const { methods } = endpoint
  const maxBodyBytes = options.maxBodyBytes ?? endpoint.maxBodyBytes ?? MAX_BODY_BYTES
  if (isPreflight(request) && cors !== undefined) return preflightResponse(cors, request, methods)
  const url = new URL(request.url)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (!methods.includes(method)) throw methodNotAllowed(request.method, url.pathname, methods)
  checkCsrf(csrf, cors, request)
  const access = endpoint.open === true ? {} : await authorizeRequest(authorize, request, clock)
  // A copy, because headers of the application's response may be immutable.
  if (access instanceof Response) return new Response(access.body, copyOf(access))
  const response = await endpoint.serve({
    request,
    url,
    requestId,
    access,
    json: () => readJsonBody(request, maxBodyBytes),
    watchAccess: () => watchAccess({ request, access, policy, clock }),
  })
  if (request.method !== 'HEAD') return response
  await response.body?.cancel()
  return new Response(null, copyOf(response))
}

function copyOf({ status, statusText, headers }: Response): ResponseInit {
  return { status, statusText, headers: new Headers(headers) }
}

/** Renders a thrown value as an error response of an endpoint. */
export function errorResponse(
  thrown: unknown,
  endpoint: Pick<GuardedEndpoint, 'errorBody'>,
  requestId: string,
): Response {
  const error = errorReply(thrown, requestId)
  return jsonResponse(endpoint.errorBody(error, requestId), { status: error.status, headers: error.headers })
}

/** Returns a JSON response with its length. */
export function jsonResponse(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const length = { 'content-type': 'application/json', 'content-length': String(bytes.byteLength) }
  return new Response(bytes, { status, headers: { ...length, ...headers } })
}

/** Throws an `HttpError` with status 403 unless the caller has the role `admin`. */
export function requireAdmin({ role }: CallerAccess): void {
  if (role !== 'admin') throw forbidden('this endpoint needs the role admin')
}

interface Report {
  readonly requestId: string
  readonly status: number
  readonly path: string
}

function report(logger: Logger | undefined, thrown: unknown, { requestId, status, path }: Report): void {
  if (logger === undefined) return
  const error = loggedError(thrown instanceof HttpError ? thrown.error : thrown)
  const fields = { requestId, status, path: cut(path, 200), error }
  try {
    if (status >= 500) logger.error(fields, 'a request failed')
    else logger.info(fields, 'a request was refused')
  } catch {
    // A logger that fails must not take the answer away.
  }
}

function pathOf(request: Request): string {
  return URL.canParse(request.url) ? new URL(request.url).pathname : ''
}
