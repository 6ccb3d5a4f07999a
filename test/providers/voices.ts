import { openai, said, type Voices } from './wire-voices.ts'

/** Where a vendor says it in other words, or in another shape. */
export const own: Readonly<Record<string, Voices>> = {
  aphrodite: {
    tooLong: said(400, {
      object: 'error',
      message: "This model's maximum context length is 4096 tokens.",
      type: 'BadRequestError',
      code: 400,
    }),
    noModel: said(404, {
      object: 'error',
      message: 'The model `nope` does not exist.',
      type: 'NotFoundError',
      code: 404,
    }),
  },
  azure: {
    badKey: openai(401, 'Access denied due to invalid subscription key.', '', '401'),
    noModel: openai(404, 'The API deployment for this resource does not exist.', '', 'DeploymentNotFound'),
    tooFast: openai(429, 'Requests have exceeded the call rate limit.', '', '429'),
  },
  baseten: {
    noModel: said(404, { error: 'please check the model you provided' }),
    tooFast: said(429, { error: 'too many requests' }),
  },
  cerebras: {
    tooLong: said(413, ''),
    badKey: said(401, {
      message: 'Wrong API Key',
      type: 'invalid_request_error',
      param: 'api_key',
      code: 'wrong_api_key',
    }),
    noModel: said(404, {
      message: 'Model nope does not exist',
      type: 'not_found_error',
      param: 'model',
      code: 'model_not_found',
    }),
    tooFast: said(429, {
      message: 'Requests per minute limit exceeded',
      type: 'too_many_requests_error',
      param: 'quota',
      code: 'request_quota_exceeded',
    }),
  },
  cloudflare: {
    badKey: said(401, { success: false, errors: [{ code: 10000, message: 'Authentication error' }] }),
    noModel: said(404, { success: false, errors: [{ code: 7000, message: 'No such model' }] }),
    broken: said(500, { success: false, errors: [{ code: 3040, message: 'Internal' }] }),
  },
  deepseek: {
    badKey: openai(
      401,
      'Authentication Fails, Your api key: ****-key is invalid',
      'authentication_error',
      'invalid_request_error',
    ),
    noCredit: openai(402, 'Insufficient Balance', 'unknown_error', 'invalid_request_error'),
  },
  fireworks: {
    badKey: said(401, { error: 'unauthorized' }),
    tooLong: said(400, {
      error: {
        object: 'error',
        type: 'invalid_request_error',
        message: 'The prompt is too long: 9000, model maximum context length: 8191',
      },
    }),
  },
  groq: {
    tooLong: openai(
      400,
      'Please reduce the length of the messages or completion.',
      'invalid_request_error',
      'context_length_exceeded',
    ),
    tooFast: openai(
      429,
      'Rate limit reached for model in organization on tokens per minute. Please try again in 7.5s.',
      'tokens',
      'rate_limit_exceeded',
    ),
  },
  huggingface: {
    badKey: said(401, { error: 'Invalid username or password.' }),
    noCredit: said(402, {
      error: 'You have exceeded your monthly included credits for Inference Providers.',
    }),
    busy: said(503, { error: 'Model is currently loading', estimated_time: 20 }),
  },
  llamacpp: {
    tooLong: said(400, {
      error: {
        code: 400,
        message: 'the request exceeds the available context size, try increasing it',
        type: 'exceed_context_size_error',
      },
    }),
    busy: said(503, { error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }),
  },
  lmstudio: {
    tooLong: said(400, {
      error: 'tokens to keep from the initial prompt is greater than the context length',
    }),
    noModel: said(404, { error: { message: 'Model not found', code: 'model_not_found' } }),
  },
  minimax: {
    tooLong: said(400, {
      type: 'error',
      error: {
        type: 'invalid_request_error',
        message: 'invalid params, context window exceeds limit (2013)',
      },
    }),
    noCredit: said(429, {
      type: 'error',
      error: { type: 'rate_limit_error', message: 'insufficient balance (1008)' },
    }),
  },
  mistral: {
    tooLong: said(400, {
      object: 'error',
      message:
        'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
      type: 'invalid_request_prompt',
      param: null,
      code: '3051',
    }),
    badKey: said(401, { detail: 'Invalid API Key' }),
    noModel: said(400, {
      object: 'error',
      message: 'Invalid model: nope',
      type: 'invalid_model',
      param: null,
      code: '1500',
    }),
    tooFast: said(429, {
      object: 'error',
      message: 'Requests rate limit exceeded',
      type: 'rate_limited',
      param: null,
      code: '1300',
    }),
  },
  moonshot: {
    tooLong: openai(
      400,
      'Invalid request: Your request exceeded model token limit: 8192',
      'invalid_request_error',
    ),
    noCredit: openai(
      429,
      'Your account is suspended, please check your plan and billing details',
      'exceeded_current_quota_error',
    ),
    noModel: openai(404, 'Not found the model nope or Permission denied', 'resource_not_found_error'),
    busy: openai(
      429,
      'The engine is currently overloaded, please try again later',
      'engine_overloaded_error',
    ),
  },
  openrouter: {
    tooLong: said(400, {
      error: {
        message:
          "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens.",
        code: 400,
      },
    }),
    badKey: said(401, { error: { message: 'Missing Authentication header', code: 401 } }),
    noCredit: said(402, { error: { message: 'This request requires more credits.', code: 402 } }),
    noModel: said(404, { error: { message: 'No endpoints found for nope.', code: 404 } }),
    tooFast: said(429, {
      error: {
        message: 'Provider returned error',
        code: 429,
        metadata: { raw: 'nope is temporarily rate-limited upstream' },
      },
    }),
    broken: said(502, { error: { message: 'Provider returned error', code: 502 } }),
  },
  perplexity: {
    badKey: said(401, {
      error: { message: 'Invalid API key provided.', type: 'invalid_api_key', code: 401 },
    }),
    noModel: said(400, { error: { message: 'Invalid model "nope".', type: 'invalid_model', code: 400 } }),
  },
  qwen: {
    tooLong: openai(
      400,
      '<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 129024]',
      'invalid_request_error',
      'invalid_parameter_error',
    ),
    noCredit: openai(
      400,
      'Access denied, please make sure your account is in good standing.',
      'Arrearage',
      'Arrearage',
    ),
  },
  'text-generation-webui': {
    broken: said(500, { error: { message: 'OpenAIError()', code: 500, type: 'OpenAIError' } }),
  },
  vllm: {
    tooLong: said(400, {
      error: {
        message:
          "This model's maximum context length is 4096 tokens. However, your request has 5000 input tokens.",
        type: 'BadRequestError',
        param: 'input_tokens',
        code: 400,
      },
    }),
    noModel: said(404, {
      error: {
        message: 'The model `nope` does not exist.',
        type: 'NotFoundError',
        param: 'model',
        code: 404,
      },
    }),
  },
  xai: {
    tooLong: said(400, {
      code: 'Client specified an invalid argument',
      error: "This model's maximum prompt length is 131072 but the request contains 537812 tokens.",
    }),
    badKey: said(400, {
      code: 'Client specified an invalid argument',
      error: 'Incorrect API key provided: xa***ey. You can obtain an API key from https://console.x.ai.',
    }),
    noCredit: said(429, {
      code: 'Some resource has been exhausted',
      error: 'Your team has either used all available credits or reached its monthly spending limit.',
    }),
    noModel: said(404, {
      code: 'Some requested entity was not found',
      error: 'The model nope does not exist or your team does not have access to it.',
    }),
    tooFast: said(429, {
      code: 'Some resource has been exhausted',
      error: 'Too many requests for your team.',
    }),
  },
  zai: {
    noCredit: openai(429, 'Insufficient balance or no resource package. Please recharge.', '', '1113'),
    tooFast: openai(429, 'Rate limit reached for requests', '', '1302'),
    noModel: openai(400, 'Unknown Model, please check the model code.', '', '1211'),
  },
}
