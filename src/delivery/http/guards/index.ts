export type { Access, AccessLimits, Authorize } from './access.ts'
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
  type Visit,
} from './guards.ts'
export type { Leave, LeavePolicy } from './leave.ts'
export { publicError, retryHeaders, safeError, type PublicError } from './public-error.ts'
export { limitKeysOf, rateLimitHeaders, tagsOf, type RateLimitNames } from './rate-limit.ts'
export { forbidden, HttpRefusal, methodNotAllowed, notFound } from './refusal.ts'
