import { LlmError } from '../../../core/error.ts'

/** An error whose HTTP status does not follow from its kind. */
export class HttpError extends Error {
  readonly status: number
  readonly error: LlmError
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, error: LlmError, headers: Readonly<Record<string, string>> = {}) {
    super(error.message)
    this.status = status
    this.error = error
    this.headers = headers
  }
}

/** Returns a 404: no endpoint has this path. */
export function notFound(method: string, path: string): HttpError {
  return new HttpError(404, new LlmError('not-found', `there is no endpoint ${method} ${path}`))
}

/** Returns a 405: the endpoint exists but not with this method. */
export function methodNotAllowed(method: string, path: string, allowed: readonly string[]): HttpError {
  const allow = allowed.join(', ')
  const message = `${path} supports ${allow}, not ${method}`
  return new HttpError(405, new LlmError('invalid-request', message, { code: 'method_not_allowed' }), {
    allow,
  })
}

/** Returns a 403: the caller is known but not allowed to do this. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, new LlmError('unauthorized', message, { code: 'forbidden' }))
}
