import type { Clock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { Logger } from '../../../core/log.ts'
import { authorizeRequest, checkAuthorize, type CallerAccess, type Authorize } from './caller.ts'
import { readJsonBody } from './body.ts'
import { checkCors, corsHeaders, isPreflight, preflightAnswer, type CorsOptions } from './cors.ts'
import { checkCsrf, type CsrfOptions } from './csrf.ts'
import { watchAccess, type AccessExpiry, type AccessExpiryPolicy } from './access-expiry.ts'
import { publicError, type PublicError } from './public-error.ts'
import { forbidden, HttpError, methodNotAllowed } from './http-error.ts'
import { requestIdOf } from './request-id.ts'

/** What stands before every handler. */
export interface GuardOptions {
  /** Who may call, and as whom. Has to be given; `'open'` lets everyone in. */
  readonly authorize: Authorize
  /** Which pages of other origins may call. Default: none. */
  readonly cors?: CorsOptions | undefined
  /** Default `origin`: what a browser sends from a page that `cors` does not name is refused. */
  readonly csrf?: CsrfOptions | undefined
  /** Largest body of a request, in bytes. Default 50 MiB: ten images of 3 MiB and their text. */
  readonly maxBodyBytes?: number | undefined
  /** What becomes of a call whose client goes away. Default `cancel`: the upstream connection closes at once. */
  readonly onClientGone?: AccessExpiryPolicy | undefined
  /** Told every error with the request's id. Callers see generic words for what is not their doing. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** One request behind the guards. */
export interface GuardedRequest {
  readonly request: Request
  readonly url: URL
  readonly requestId: string
  readonly access: CallerAccess
  /** The JSON object of its body, within the limit. Read once. */
  json(): Promise<Record<string, unknown>>
  /** Opens the leave of the visit's call; release it when the call is over. */
  leave(): AccessExpiry
}

/** What the guards have to know of the place that a request goes to. */
export interface Place {
  readonly methods: readonly string[]
  /** Nobody is asked who they are. */
  readonly open?: boolean | undefined
  /** Writes an error in the words of the place's protocol. */
  readonly errorBody: (error: PublicError, requestId: string) => unknown
  /** Names of the header that carries the request's id. Default `x-request-id` alone. */
  readonly idHeaders?: readonly string[] | undefined
  serve(visit: GuardedRequest): Promise<Response>
}

export interface Guards {
  /** Takes a request through every guard to its place. Never rejects: what is thrown becomes an answer. */
  admit(request: Request, place: Place): Promise<Response>
}

const MAX_BODY_BYTES = 50 * 1024 * 1024
const ID_HEADERS: readonly string[] = ['x-request-id']

/** Throws `misconfigured` naming the option that is wrong; `maker` is the function that the host called. */
export function createGuards(options: GuardOptions, maker = 'createGuards'): Guards {
  checkAuthorize(options.authorize, maker)
  checkCors(options.cors)
  const { maxBodyBytes } = options
  if (maxBodyBytes !== undefined && !(maxBodyBytes > 0))
    throw new LlmError('misconfigured', `${maker}: maxBodyBytes takes a number above 0`)
  return { admit: (request, place) => admit(options, request, place) }
}

async function admit(options: GuardOptions, request: Request, place: Place): Promise<Response> {
  const requestId = requestIdOf(request.headers)
  let response: Response
  try {
    response = await pass(options, request, { place, requestId })
  } catch (error) {
    response = errorResponse(error, place, requestId)
    report(options.logger, error, { requestId, status: response.status, path: pathOf(request) })
  }
  for (const name of place.idHeaders ?? ID_HEADERS) response.headers.set(name, requestId)
  for (const [name, value] of Object.entries(corsHeaders(options.cors, request)))
    if (name !== 'vary' || !response.headers.has(name)) response.headers.set(name, value)
  return response
}

interface Passage {
  readonly place: Place
  readonly requestId: string
}

async function pass(
  options: GuardOptions,
  request: Request,
  { place, requestId }: Passage,
): Promise<Response> {
  const { cors, csrf = 'origin', authorize, maxBodyBytes = MAX_BODY_BYTES } = options
  const { methods } = place
  if (isPreflight(request) && cors !== undefined) return preflightAnswer(cors, request, methods)
  const url = new URL(request.url)
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (!methods.includes(method)) throw methodNotAllowed(request.method, url.pathname, methods)
  checkCsrf(csrf, cors, request)
  const access = place.open === true ? {} : await authorizeRequest(authorize, request)
  // One of the host's own may not be changed.
  if (access instanceof Response) return new Response(access.body, copyOf(access))
  const { onClientGone: policy, clock } = options
  const response = await place.serve({
    request,
    url,
    requestId,
    access,
    json: () => readJsonBody(request, maxBodyBytes),
    leave: () => watchAccess({ request, access, policy, clock }),
  })
  if (request.method !== 'HEAD') return response
  await response.body?.cancel()
  return new Response(null, copyOf(response))
}

function copyOf({ status, statusText, headers }: Response): ResponseInit {
  return { status, statusText, headers: new Headers(headers) }
}

/** An error as the answer of a place. */
export function errorResponse(thrown: unknown, place: Pick<Place, 'errorBody'>, requestId: string): Response {
  const error = publicError(thrown, requestId)
  return jsonResponse(place.errorBody(error, requestId), { status: error.status, headers: error.headers })
}

/** A JSON answer with its length. */
export function jsonResponse(
  body: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Readonly<Record<string, string>> } = {},
): Response {
  const bytes = new TextEncoder().encode(JSON.stringify(body))
  const length = { 'content-type': 'application/json', 'content-length': String(bytes.byteLength) }
  return new Response(bytes, { status, headers: { ...length, ...headers } })
}

/** Refuses, with 403, everyone but an admin. */
export function requireAdmin({ role }: CallerAccess): void {
  if (role !== 'admin') throw forbidden('this takes the role admin')
}

interface Report {
  readonly requestId: string
  readonly status: number
  readonly path: string
}

function report(logger: Logger | undefined, thrown: unknown, { requestId, status, path }: Report): void {
  if (logger === undefined) return
  const error = thrown instanceof HttpError ? thrown.error : thrown
  const known = LlmError.is(error) ? error.toJSON() : { message: wordsOf(error) }
  const fields = { requestId, status, path, error: known }
  if (status >= 500) logger.error(fields, 'a request failed')
  else logger.info(fields, 'a request was refused')
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : typeof error
}

function pathOf(request: Request): string {
  return URL.canParse(request.url) ? new URL(request.url).pathname : ''
}
