import { chatApiCall, LlmError, type ErrorKind } from 'llm-switchyard'
import { bedrockConverse } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { event, exception, message, streamFile } from './bedrock-converse-frames.ts'
import { callTo } from './shapes.ts'

const header = (type: string) => (name: string) => (name === 'x-amzn-errortype' ? type : undefined)

describe('the kind of an error', () => {
  test.each<[number, string, string, ErrorKind]>([
    [429, 'ThrottlingException', 'Too many requests, please wait before trying again.', 'rate-limited'],
    [429, 'ThrottlingException', 'Too many tokens, please wait before trying again.', 'rate-limited'],
    [
      429,
      'ThrottlingException',
      'Too many tokens per day, please wait before trying again.',
      'quota-exhausted',
    ],
    [400, 'ServiceQuotaExceededException', 'Your request exceeds the service quota.', 'quota-exhausted'],
    [429, 'ModelNotReadyException', 'Model is not ready for inference.', 'overloaded'],
    [503, 'ServiceUnavailableException', 'Bedrock is unable to process your request.', 'overloaded'],
    [408, 'ModelTimeoutException', 'Model has timed out in processing the request.', 'timeout'],
    [424, 'ModelErrorException', 'The system encountered an unexpected error.', 'server-failed'],
    [500, 'InternalServerException', 'The system encountered an unexpected error.', 'server-failed'],
    [400, 'ValidationException', 'Input is too long for requested model.', 'context-too-long'],
    [400, 'ValidationException', 'prompt is too long: 250000 tokens > 200000 maximum', 'context-too-long'],
    [
      400,
      'ValidationException',
      'Input Tokens Exceeded: Number of input tokens exceeds maximum length.',
      'context-too-long',
    ],
    [400, 'ValidationException', 'Too many input tokens. Max input tokens: 8192', 'context-too-long'],
    [400, 'ValidationException', 'The provided model identifier is invalid.', 'not-found'],
    [
      400,
      'ValidationException',
      "Invocation of model ID x with on-demand throughput isn't supported.",
      'not-found',
    ],
    [400, 'ValidationException', 'The text field in the ContentBlock object is blank.', 'invalid-request'],
    [
      400,
      'ValidationException',
      'The maximum tokens you requested exceeds the model limit of 4096.',
      'invalid-request',
    ],
    [400, 'ValidationException', 'Output blocked by content filtering policy', 'content-blocked'],
    [404, 'ResourceNotFoundException', 'Could not resolve the foundation model.', 'not-found'],
    [
      403,
      'AccessDeniedException',
      "You don't have access to the model with the specified model ID.",
      'unauthorized',
    ],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'unauthorized',
    ],
    [403, 'ExpiredTokenException', 'The security token included in the request is expired', 'unauthorized'],
    [403, 'InvalidSignatureException', 'The request signature we calculated does not match.', 'unauthorized'],
    [409, 'ConflictException', 'Conflict.', 'conflict'],
  ])('%i %s: %s', async (status, name, words, kind) => {
    const fault = await bedrockConverse.fault(
      status,
      { message: words },
      header(`${name}:http://internal.test/coral/`),
    )
    expect(fault).toMatchObject({ kind, message: words, status, code: name })
    // Some answers name the exception in the body instead.
    const inBody = { __type: `com.test.coral#${name}`, message: words }
    expect(await bedrockConverse.fault(status, inBody)).toMatchObject({ kind, message: words, code: name })
  })

  test.each<[number, unknown, ErrorKind]>([
    [429, { message: 'Too many tokens, please wait before trying again.' }, 'rate-limited'],
    [403, { Message: 'User is not authorized to perform: bedrock:InvokeModel' }, 'unauthorized'],
    [400, { message: 'Input is too long for requested model.' }, 'context-too-long'],
    [413, 'Request Entity Too Large', 'context-too-long'],
    [500, '', 'server-failed'],
    [503, '<html><title>Service Unavailable</title></html>', 'overloaded'],
    [
      404,
      { Output: { __type: 'com.amazon.coral.service#UnknownOperationException' }, Version: '1.0' },
      'not-found',
    ],
  ])('%i %j without a name in the headers', async (status, body, kind) => {
    expect(await bedrockConverse.fault(status, body)).toMatchObject({ kind, status })
  })
})

describe('an exception inside a stream', () => {
  const target = { provider: 'bedrock', model: 'm' }
  const text = event('{"contentBlockDelta":{"contentBlockIndex":0,"delta":{"text":"Half an"}}}')

  async function errorOf(...frames: Uint8Array[]): Promise<LlmError> {
    try {
      const stream = await chatApiCall({
        ...callTo(target, Buffer.concat(frames), streamFile.type),
        stream: true,
      })
      await stream.response
    } catch (error) {
      if (LlmError.is(error)) return error
    }
    throw new Error('no LlmError was thrown')
  }

  test.each<[string, string, ErrorKind, number]>([
    ['throttlingException', '{"message":"Too many tokens, please wait."}', 'rate-limited', 429],
    ['serviceUnavailableException', '{"message":"Busy."}', 'overloaded', 503],
    ['internalServerException', '{"message":"Oh."}', 'server-failed', 500],
    ['modelStreamErrorException', '{"message":"Oh.","originalStatusCode":500}', 'server-failed', 424],
    ['modelTimeoutException', '{"message":"Slow."}', 'timeout', 408],
    ['validationException', '{"message":"Input is too long for requested model."}', 'context-too-long', 400],
    ['validationException', '{"message":"Malformed input."}', 'invalid-request', 400],
    ['someNewException', '{"message":"Who knows."}', 'server-failed', 0],
    ['throttlingException', '', 'rate-limited', 429],
  ])('%s %s', async (type, payload, kind, status) => {
    const before = await errorOf(exception(type, payload))
    const after = await errorOf(text, exception(type, payload))
    for (const error of [before, after]) {
      expect(error.kind).toBe(kind)
      expect(error.code).toBe(type)
      if (status !== 0) expect(error.status).toBe(status)
    }
    expect(before.partial?.text).toBe('')
    expect(after.partial?.text).toBe('Half an')
  })

  test('an error that is no exception', async () => {
    const headers = {
      ':message-type': 'error',
      ':error-code': 'InternalFailure',
      ':error-message': 'It broke.',
    }
    const error = await errorOf(text, message(headers, ''))
    expect(error).toMatchObject({ kind: 'server-failed', code: 'InternalFailure' })
    expect(error.message).toContain('It broke.')
  })

  test('an end without a stop reason is a broken stream', async () => {
    expect((await errorOf(text)).kind).toBe('stream-broken')
    const stop = event('{"messageStop":{"stopReason":"end_turn"}}')
    expect((await errorOf(text, stop.subarray(0, stop.length - 3))).kind).toBe('stream-broken')
  })

  test('a frame that was changed on the way is malformed', async () => {
    const changed = Uint8Array.from(text)
    changed[40] = (changed[40] as number) ^ 1
    const error = await errorOf(text, changed)
    expect(error.kind).toBe('reply-malformed')
  })
})

test('a whole reply that holds no message is a fault', async () => {
  const request = callTo(
    { provider: 'bedrock', model: 'm' },
    '{"message":"Something else."}',
    'application/json',
  )
  const error: unknown = await chatApiCall(request).catch((failure: unknown) => failure)
  expect(LlmError.is(error) && error.message).toContain('Something else.')
})

test('a stream that was asked for may come as a whole reply', async () => {
  const reply =
    '{"output":{"message":{"role":"assistant","content":[{"text":"Hi."}]}},"stopReason":"end_turn"}'
  for (const type of ['application/json', '']) {
    const stream = await chatApiCall({
      ...callTo({ provider: 'bedrock', model: 'm' }, reply, type),
      stream: true,
    })
    expect((await stream.response).text).toBe('Hi.')
  }
})
