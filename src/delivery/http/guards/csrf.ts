import { allowsOrigin, type CorsOptions } from './cors.ts'
import { forbidden } from './http-error.ts'

/**
 * Keeps pages of other origins from spending with a visitor's cookies. `origin` (the default): a browser's request must
 * come from the same origin, or from one that `cors` lets in; requests that no browser sent pass. A token: besides that,
 * browsers must send in a header what a cookie holds. `false`: no check, for hosts that never use cookies.
 */
export type CsrfOptions = 'origin' | false | CsrfToken

export interface CsrfToken {
  /** Name of the cookie that holds the token. */
  readonly cookie: string
  /** Name of the header that repeats it. */
  readonly header: string
}

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Refuses, with 403, what another origin's page sends with a visitor's cookies. */
export function checkCsrf(csrf: CsrfOptions, cors: CorsOptions | undefined, request: Request): void {
  if (csrf === false || SAFE.has(request.method)) return
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (!isFromHere(request, origin, site) && !(origin !== null && allowsOrigin(cors, origin)))
    throw forbidden('pages of this origin may not call here: the gateway has to name it in cors.origins')
  if (csrf === 'origin') return
  const cookie = cookieOf(request.headers.get('cookie'), csrf.cookie)
  // No cookies at all: nobody's session is at stake.
  if (!request.headers.has('cookie')) return
  const given = request.headers.get(csrf.header)
  if (cookie === undefined || cookie === '' || !isSame(given ?? '', cookie))
    throw forbidden(`the header ${csrf.header} must repeat the cookie ${csrf.cookie}`)
}

function isFromHere(request: Request, origin: string | null, site: string | null): boolean {
  // `none` is the user's own doing: an address typed, a bookmark.
  if (site !== null) return site === 'same-origin' || site === 'none'
  if (origin === null) return true
  const { host } = new URL(request.url)
  return hostOf(origin) === (request.headers.get('host') ?? host)
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined
}

function cookieOf(header: string | null, name: string): string | undefined {
  const pair = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}

// In a time that does not tell how much of it was right.
function isSame(a: string, b: string): boolean {
  let differences = a.length ^ b.length
  for (let at = 0; at < b.length; at++) differences |= a.charCodeAt(at % (a.length || 1)) ^ b.charCodeAt(at)
  return differences === 0
}
