import type { VendorErrors, FakeError } from '../fake-error.ts'

/** Cohere's status and message for each kind of error. Its errors have no other fields. */
export const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, message: 'invalid request: the body is not valid.' },
  'context-too-long': {
    status: 400,
    message: 'too many tokens: the total number of tokens in the prompt cannot exceed 128000.',
  },
  'content-blocked': { status: 422, message: 'invalid request: the prompt was blocked.' },
  unauthorized: { status: 401, message: 'invalid api token' },
  'quota-exhausted': { status: 402, message: 'Please add or update your payment method to continue.' },
  'not-found': { status: 404, message: 'model not found, make sure the correct model ID was used.' },
  conflict: { status: 409, message: 'conflict: another request is changing the same thing.' },
  'rate-limited': { status: 429, message: 'trial token rate limit exceeded, please wait and try again.' },
  'server-failed': { status: 500, message: 'internal server error' },
  overloaded: { status: 503, message: 'the service is overloaded or unavailable' },
  timeout: { status: 504, message: 'timeout: the request took too long' },
}

export const keyErrors: { readonly missing: FakeError; readonly wrong: FakeError } = {
  missing: { status: 401, message: 'no api key supplied' },
  wrong: { kind: 'unauthorized' },
}
