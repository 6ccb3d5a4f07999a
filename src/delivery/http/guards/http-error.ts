import { LlmError } from '../../../core/error.ts'

/** A refusal by HTTP's own rules, with the status that the error's kind does not tell. */
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

/** There is nothing at this address. */
export function notFound(method: string, path: string): HttpError {
  return new HttpError(404, new LlmError('not-found', `there is no ${method} ${path} here`))
}

/** There is something, and it takes other methods. */
export function methodNotAllowed(method: string, path: string, allowed: readonly string[]): HttpError {
  const allow = allowed.join(', ')
  const message = `${path} takes ${allow}, not ${method}`
  return new HttpError(405, new LlmError('invalid-request', message, { code: 'method_not_allowed' }), {
    allow,
  })
}

/** The caller is known, and may not. */
export function forbidden(message: string): HttpError {
  return new HttpError(403, new LlmError('unauthorized', message, { code: 'forbidden' }))
}
