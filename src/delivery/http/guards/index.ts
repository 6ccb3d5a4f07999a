export type { CallerAccess, AccessLimits, Authorize } from './caller.ts'
export { checkCredentials, type CorsOptions } from './cors.ts'
export { csrfTokenSchema, type CsrfOptions, type CsrfToken } from './csrf.ts'
export {
  createGuards,
  errorResponse,
  guardRows,
  jsonResponse,
  MAX_PICTURE_BYTES,
  requireAdmin,
  type GuardOptions,
  type Guards,
  type GuardedEndpoint,
  type GuardedRequest,
} from './guards.ts'
export type { AccessExpiry, AccessExpiryPolicy } from './access-expiry.ts'
export { errorReply, retryHeaders, safeError, type ErrorReply } from './error-reply.ts'
export {
  callerOf,
  limitKeysOf,
  ownerKeyOf,
  rateLimitHeaders,
  tagsOf,
  type RateLimitNames,
} from './rate-limit.ts'
export { forbidden, HttpError, methodNotAllowed, notFound } from './http-error.ts'
export { hostAnswer, type HostWait } from './host-answer.ts'
