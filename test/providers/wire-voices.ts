/** An error reply as one vendor writes it. */
export interface Voice {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}
/** The replies that a vendor gives, by what happened; what is not listed is said in the usual words of its wire format. */
export type Voices = Readonly<Partial<Record<Happening, Voice>>>
export type Happening =
  | 'tooLong'
  | 'badKey'
  | 'noCredit'
  | 'forbidden'
  | 'noModel'
  | 'tooFast'
  | 'broken'
  | 'busy'

/** A reply with any body. */
export const said = (status: number, body: unknown, headers?: Readonly<Record<string, string>>): Voice => ({
  status,
  body,
  ...(headers === undefined ? undefined : { headers }),
})
/** A reply in the words of the common format. */
export const openai = (
  status: number,
  message: string,
  type: string,
  code: string | number | null = null,
): Voice => said(status, { error: { message, type, param: null, code } })

/** The usual words of each wire format. */
export const usual: Readonly<Record<string, Readonly<Record<Happening, Voice>>>> = {
  'openai-chat': {
    tooLong: openai(
      400,
      "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens. Please reduce the length of the messages.",
      'invalid_request_error',
      'context_length_exceeded',
    ),
    badKey: openai(401, 'Incorrect API key provided.', 'invalid_request_error', 'invalid_api_key'),
    noCredit: openai(
      429,
      'You exceeded your current quota, please check your plan and billing details.',
      'insufficient_quota',
      'insufficient_quota',
    ),
    forbidden: openai(403, 'You may not use this model.', 'permission_error'),
    noModel: openai(404, 'The model `nope` does not exist.', 'invalid_request_error', 'model_not_found'),
    tooFast: openai(429, 'Rate limit reached for requests.', 'requests', 'rate_limit_exceeded'),
    broken: openai(500, 'The server had an error while processing your request.', 'server_error'),
    busy: openai(503, 'The engine is currently overloaded.', 'server_error'),
  },
  'anthropic-messages': {
    tooLong: said(400, {
      type: 'error',
      error: { type: 'invalid_request_error', message: 'prompt is too long: 213462 tokens > 200000 maximum' },
    }),
    badKey: said(401, {
      type: 'error',
      error: { type: 'authentication_error', message: 'invalid x-api-key' },
    }),
    noCredit: said(400, {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'Your credit balance is too low to access the API.',
      },
    }),
    forbidden: said(403, { type: 'error', error: { type: 'permission_error', message: 'not allowed' } }),
    noModel: said(404, { type: 'error', error: { type: 'not_found_error', message: 'model: nope' } }),
    tooFast: said(429, { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } }),
    broken: said(500, { type: 'error', error: { type: 'api_error', message: 'Internal server error' } }),
    busy: said(529, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
  },
  gemini: {
    tooLong: said(400, {
      error: {
        code: 400,
        message: 'The input token count (1250074) exceeds the maximum number of tokens allowed (1048576).',
        status: 'INVALID_ARGUMENT',
      },
    }),
    badKey: said(400, {
      error: {
        code: 400,
        message: 'API key not valid. Please pass a valid API key.',
        status: 'INVALID_ARGUMENT',
        details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' }],
      },
    }),
    noCredit: said(429, {
      error: {
        code: 429,
        message: 'Quota exceeded.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ violations: [{ quotaId: 'GenerateRequestsPerDayPerProject' }] }],
      },
    }),
    forbidden: said(403, {
      error: { code: 403, message: 'Permission denied.', status: 'PERMISSION_DENIED' },
    }),
    noModel: said(404, { error: { code: 404, message: 'models/nope is not found', status: 'NOT_FOUND' } }),
    tooFast: said(429, {
      error: {
        code: 429,
        message: 'Resource has been exhausted.',
        status: 'RESOURCE_EXHAUSTED',
        details: [{ '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '7s' }],
      },
    }),
    broken: said(500, { error: { code: 500, message: 'Internal error', status: 'INTERNAL' } }),
    busy: said(503, { error: { code: 503, message: 'The model is overloaded.', status: 'UNAVAILABLE' } }),
  },
  'bedrock-converse': {
    tooLong: said(400, { message: 'Input is too long for requested model.' }, amzn('ValidationException')),
    badKey: said(
      403,
      { message: 'The security token included in the request is invalid.' },
      amzn('UnrecognizedClientException'),
    ),
    noCredit: said(
      429,
      { message: 'Too many tokens per day, please wait before trying again.' },
      amzn('ThrottlingException'),
    ),
    forbidden: said(403, { message: "You don't have access to the model." }, amzn('AccessDeniedException')),
    noModel: said(404, { message: 'Could not resolve the model.' }, amzn('ResourceNotFoundException')),
    tooFast: said(429, { message: 'Too many requests.' }, amzn('ThrottlingException')),
    broken: said(500, { message: 'Unexpected error.' }, amzn('InternalServerException')),
    busy: said(503, { message: 'Unable to process.' }, amzn('ServiceUnavailableException')),
  },
  cohere: {
    tooLong: said(400, {
      message: 'too many tokens: total number of tokens in the prompt cannot exceed 4000',
    }),
    badKey: said(401, { message: 'invalid api token' }),
    noCredit: said(402, { message: 'you have reached your billing limit' }),
    forbidden: said(403, { message: 'this model is not for you' }),
    noModel: said(404, { message: "model 'nope' not found" }),
    tooFast: said(429, { message: 'you are past the rate limit' }),
    broken: said(500, { message: 'internal server error' }),
    busy: said(503, { message: 'service unavailable' }),
  },
  ollama: words('the prompt is too long: it exceeds the context length'),
  kobold: words('the prompt is too long: it exceeds the context size'),
}

function amzn(name: string): Readonly<Record<string, string>> {
  return { 'x-amzn-errortype': name }
}

// Servers that say all they have to say in one text.
function words(tooLong: string): Readonly<Record<Happening, Voice>> {
  return {
    tooLong: said(400, { error: tooLong }),
    badKey: said(401, { error: 'unauthorized' }),
    noCredit: said(402, { error: 'you have reached your usage limit' }),
    forbidden: said(403, { error: 'not allowed' }),
    noModel: said(404, { error: "model 'nope' not found" }),
    tooFast: said(429, { error: 'too many requests' }),
    broken: said(500, { error: 'an internal error' }),
    busy: said(503, { error: 'server busy, please try again' }),
  }
}
