import type { VendorErrors, FakeError } from '../fake-error.ts'

const invalid = 'invalid_request_error'

/** Anthropic's status and type for each kind of error. */
export const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, message: 'The request is not valid.' },
  'context-too-long': {
    status: 400,
    type: invalid,
    message: 'prompt is too long: 200001 tokens > 200000 maximum',
  },
  'content-blocked': {
    status: 400,
    type: invalid,
    message: 'The output was blocked by the content filtering policy.',
  },
  'quota-exhausted': {
    status: 400,
    type: invalid,
    message: 'The credit balance is too low to use the API.',
  },
  unauthorized: { status: 401, message: 'The x-api-key is not valid.' },
  'not-found': { status: 404, message: 'The model was not found.' },
  conflict: { status: 409, message: 'Another request is changing the same thing.' },
  'rate-limited': { status: 429, message: 'The request would exceed the rate limit of this organization.' },
  'server-failed': { status: 500, message: 'The server failed on this request.' },
  timeout: { status: 504, message: 'The request took too long.' },
  overloaded: { status: 529, message: 'The API is overloaded.' },
}

/** Returns the error type of a status. */
export function typeOf(status: number): string {
  const types: Readonly<Record<number, string>> = {
    401: 'authentication_error',
    402: 'billing_error',
    403: 'permission_error',
    404: 'not_found_error',
    413: 'request_too_large',
    429: 'rate_limit_error',
    504: 'timeout_error',
    529: 'overloaded_error',
  }
  return types[status] ?? (status >= 500 ? 'api_error' : invalid)
}

export const keyErrors: { readonly missing: FakeError; readonly wrong: FakeError } = {
  missing: { status: 401, message: 'The x-api-key header is required.' },
  wrong: { status: 401 },
}
