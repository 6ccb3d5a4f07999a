import type { VendorErrors, FakeError } from '../fake-error.ts'

const invalid = 'invalid_request_error'

/** OpenAI's status, type and code for each kind of error. */
export const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, type: invalid, message: 'The request is not valid.' },
  'context-too-long': {
    status: 400,
    type: invalid,
    code: 'context_length_exceeded',
    param: 'messages',
    message: "The messages are longer than the model's maximum context length of 128000 tokens.",
  },
  'content-blocked': {
    status: 400,
    type: invalid,
    code: 'content_filter',
    message: 'The prompt was refused by the content filter.',
  },
  unauthorized: {
    status: 401,
    type: invalid,
    code: 'invalid_api_key',
    message: 'The API key is not correct.',
  },
  'not-found': {
    status: 404,
    type: invalid,
    code: 'model_not_found',
    message: 'The model does not exist, or you have no access to it.',
  },
  conflict: { status: 409, type: invalid, message: 'Another request is changing the same thing.' },
  'rate-limited': {
    status: 429,
    type: 'requests',
    code: 'rate_limit_exceeded',
    message: 'The rate limit for requests was reached.',
  },
  'quota-exhausted': {
    status: 429,
    type: 'insufficient_quota',
    code: 'insufficient_quota',
    message: 'The quota of this account is used up.',
  },
  'server-failed': { status: 500, type: 'server_error', message: 'The server failed on this request.' },
  overloaded: {
    status: 503,
    type: 'server_error',
    code: 'server_is_overloaded',
    message: 'The engine is overloaded at the moment.',
  },
  timeout: { status: 504, type: 'server_error', message: 'The request took too long.' },
}

export const keyErrors: { readonly missing: FakeError; readonly wrong: FakeError } = {
  missing: {
    status: 401,
    type: invalid,
    message: 'The request carries no API key: send it as "Authorization: Bearer KEY".',
  },
  wrong: { kind: 'unauthorized' },
}
