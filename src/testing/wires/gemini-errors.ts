import type { VendorErrors, FakeError } from '../fake-error.ts'

/** The Gemini API's status and message for each kind of error. */
export const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, message: 'The request holds an argument that is not valid.' },
  'context-too-long': {
    status: 400,
    message: 'The input token count (1048577) exceeds the maximum number of tokens allowed (1048576).',
  },
  'content-blocked': {
    status: 400,
    code: 'BLOCKED_BY_SAFETY',
    message: 'The prompt was blocked by the safety settings.',
  },
  unauthorized: { status: 400, code: 'API_KEY_INVALID', message: 'API key not valid.' },
  'not-found': { status: 404, message: 'The model is not found for this version of the API.' },
  conflict: { status: 409, type: 'ALREADY_EXISTS', message: 'Another request is changing the same thing.' },
  'rate-limited': {
    status: 429,
    code: 'GenerateRequestsPerMinutePerProjectPerModel',
    message: 'Resource has been exhausted: too many requests per minute.',
  },
  'quota-exhausted': {
    status: 429,
    code: 'GenerateRequestsPerDayPerProjectPerModel',
    message: 'You exceeded your current quota; check the plan and the billing details.',
  },
  'server-failed': { status: 500, message: 'An internal error has occurred.' },
  overloaded: { status: 503, message: 'The model is overloaded.' },
  timeout: { status: 504, message: 'The deadline expired before the request could be completed.' },
}

/** Returns Google's name of a status. */
export function rpcStatus(status: number): string {
  const names: Readonly<Record<number, string>> = {
    400: 'INVALID_ARGUMENT',
    401: 'UNAUTHENTICATED',
    403: 'PERMISSION_DENIED',
    404: 'NOT_FOUND',
    409: 'ABORTED',
    429: 'RESOURCE_EXHAUSTED',
    499: 'CANCELLED',
    501: 'UNIMPLEMENTED',
    503: 'UNAVAILABLE',
    504: 'DEADLINE_EXCEEDED',
  }
  return names[status] ?? (status >= 500 ? 'INTERNAL' : 'INVALID_ARGUMENT')
}

export const keyErrors: { readonly missing: FakeError; readonly wrong: FakeError } = {
  // Not 401, because this vendor treats a caller without a key as unregistered.
  missing: {
    status: 403,
    code: 'CREDENTIALS_MISSING',
    message: 'The method takes no unregistered callers: send an API key.',
  },
  wrong: { kind: 'unauthorized' },
}
