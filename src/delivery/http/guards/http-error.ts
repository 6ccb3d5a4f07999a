import { LlmError } from '../../../core/error.ts'
import { cut } from '../../../core/issues.ts'

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

const MAX_PATH = 200

/** Returns a 404: no endpoint has this path. */
export function notFound(method: string, path: string): HttpError {
  return new HttpError(
    404,
    new LlmError('not-found', `there is no endpoint ${cut(method, 20)} ${cut(path, MAX_PATH)}`),
  )
}

/** Returns a 405: the endpoint exists but not with this method. */
export function methodNotAllowed(method: string, path: string, allowed: readonly string[]): HttpError {
  const allow = allowed.join(', ')
  const message = `${cut(path, MAX_PATH)} supports ${allow}, not ${cut(method, 20)}`
  return new HttpError(405, new LlmError('invalid-request', message, { code: 'method_not_allowed' }), {
    allow,
  })
}

/** Returns a 403: the caller is known but not allowed to do this. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, new LlmError('unauthorized', message, { code: 'forbidden' }))
}
