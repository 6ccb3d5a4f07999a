import type { VendorErrors, FakeError } from '../fake-error.ts'

/** Bedrock's status, exception and message for each kind of error. */
export const vendorErrors: VendorErrors = {
  'invalid-request': { status: 400, type: 'ValidationException', message: 'The request is not valid.' },
  'context-too-long': {
    status: 400,
    type: 'ValidationException',
    message: 'Input is too long for requested model.',
  },
  'content-blocked': {
    status: 400,
    type: 'ValidationException',
    message: 'Output blocked by content filtering policy',
  },
  'quota-exhausted': {
    status: 400,
    type: 'ServiceQuotaExceededException',
    message: 'Your request exceeds the service quota for your account.',
  },
  unauthorized: {
    status: 403,
    type: 'UnrecognizedClientException',
    message: 'The security token included in the request is invalid.',
  },
  'not-found': {
    status: 404,
    type: 'ResourceNotFoundException',
    message: 'Could not resolve the foundation model from the provided model identifier.',
  },
  conflict: {
    status: 409,
    type: 'ConflictException',
    message: 'Another request is changing the same thing.',
  },
  'rate-limited': {
    status: 429,
    type: 'ThrottlingException',
    message: 'Too many requests, please wait before trying again.',
  },
  'server-failed': {
    status: 500,
    type: 'InternalServerException',
    message: 'The system encountered an unexpected error during processing. Try your request again.',
  },
  overloaded: {
    status: 503,
    type: 'ServiceUnavailableException',
    message: 'Bedrock is unable to process your request.',
  },
  timeout: {
    status: 408,
    type: 'ModelTimeoutException',
    message: 'Model has timed out in processing the request. Try your request again.',
  },
}

export const keyErrors: { readonly missing: FakeError; readonly wrong: FakeError } = {
  missing: {
    status: 403,
    type: 'MissingAuthenticationTokenException',
    message: 'Missing Authentication Token',
  },
  wrong: { kind: 'unauthorized' },
}
