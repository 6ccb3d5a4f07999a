export type { CallerAccess, AccessLimits, Authorize } from './caller.ts'
export type { CorsOptions } from './cors.ts'
export type { CsrfOptions, CsrfToken } from './csrf.ts'
export {
  createGuards,
  errorResponse,
  jsonResponse,
  requireAdmin,
  type GuardOptions,
  type Guards,
  type Place,
  type GuardedRequest,
} from './guards.ts'
export type { AccessExpiry, AccessExpiryPolicy } from './access-expiry.ts'
export { publicError, retryHeaders, safeError, type PublicError } from './public-error.ts'
export { limitKeysOf, rateLimitHeaders, tagsOf, type RateLimitNames } from './rate-limit.ts'
export { forbidden, HttpError, methodNotAllowed, notFound } from './http-error.ts'
