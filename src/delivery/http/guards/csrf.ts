import { optionsSchema } from '../../../core/options.ts'
import { anyOf, kind, nonEmptyText, required, type Field, type Group } from '../../../core/schema.ts'
import { allowsOrigin, type CorsOptions } from './cors.ts'
import { forbidden } from './http-error.ts'

/**
 * Protection against requests that another site's page sends with a visitor's cookies. `origin` (the default): browser
 * requests must come from the same origin (scheme, host and port) or from one that `cors` allows; other clients pass. A token: requests with
 * cookies must also repeat the cookie's value in a header. `false`: no check, for applications without cookies.
 */
export type CsrfOptions = 'origin' | false | CsrfToken

export interface CsrfToken {
  /** Name of the cookie that holds the token. */
  readonly cookie: string
  /** Name of the header that repeats it. */
  readonly header: string
}

/** The schema of {@link CsrfToken}. */
export const csrfTokenSchema: Group = optionsSchema<CsrfToken>()(() => ({
  cookie: required(nonEmptyText),
  header: required(nonEmptyText),
}))
/** The field of {@link CsrfOptions}. */
export const csrfField: Field = anyOf(
  kind("'origin', false, or a token { cookie, header }", (value) => value === 'origin' || value === false),
  csrfTokenSchema,
)

const SAFE: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/** Throws an `HttpError` with status 403 if the request fails the CSRF check. */
export function checkCsrf(csrf: CsrfOptions, cors: CorsOptions | undefined, request: Request): void {
  if (csrf === false || SAFE.has(request.method)) return
  const origin = request.headers.get('origin')
  const site = request.headers.get('sec-fetch-site')
  if (!isSameOrigin(request, origin, site) && !(origin !== null && allowsOrigin(cors, origin)))
    throw forbidden(
      `pages of origin ${origin ?? 'unknown'} may not call this endpoint; add the origin to cors.origins`,
    )
  if (csrf === 'origin') return
  const cookie = cookieOf(request.headers.get('cookie'), csrf.cookie)
  // Without cookies there is no session to protect.
  if (!request.headers.has('cookie')) return
  const given = request.headers.get(csrf.header)
  if (cookie === undefined || cookie === '' || !isSame(given ?? '', cookie))
    throw forbidden(`the header ${csrf.header} must repeat the cookie ${csrf.cookie}`)
}

function isSameOrigin(request: Request, origin: string | null, site: string | null): boolean {
  // `none`: the user typed the address or opened a bookmark.
  if (site !== null) return site === 'same-origin' || site === 'none'
  if (origin === null) return true
  return URL.canParse(origin) && new URL(origin).origin === ownOrigin(request)
}

// A proxy that ends TLS names the page's scheme. Another site's page cannot send this header without a preflight.
function ownOrigin({ url, headers }: Request): string | undefined {
  const { protocol, host } = new URL(url)
  const [forwarded = protocol] = headers.get('x-forwarded-proto')?.split(',') ?? []
  const own = `${forwarded.trim().replace(/:$/, '')}://${headers.get('host') ?? host}`
  return URL.canParse(own) ? new URL(own).origin : undefined
}

function cookieOf(header: string | null, name: string): string | undefined {
  const pair = (header ?? '')
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${name}=`))
  return pair?.slice(name.length + 1)
}

// Takes the same time for every value of `a`, so timing reveals nothing about the cookie.
function isSame(a: string, b: string): boolean {
  let differences = a.length ^ b.length
  for (let at = 0; at < b.length; at++) differences |= a.charCodeAt(at % (a.length || 1)) ^ b.charCodeAt(at)
  return differences === 0
}
