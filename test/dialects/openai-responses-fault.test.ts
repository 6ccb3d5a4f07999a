import { chatApiCall, LlmError, type ErrorKind } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'
import { openaiResponses } from '../../src/dialects/openai-responses/index.ts'
import { callTo } from './shapes.ts'

const target = { provider: 'openai', api: 'responses', model: 'gpt-4.1-mini' }
const frame = (json: { type?: string }): string => `data: ${JSON.stringify(json)}\n\n`
const created = {
  type: 'response.created',
  response: { id: 'r', model: 'm', status: 'in_progress', output: [] },
}
const delta = {
  type: 'response.output_text.delta',
  output_index: 0,
  item_id: 'a',
  content_index: 0,
  delta: 'Well',
}

const failure = (code: string, message = 'No.'): { type: string; response: unknown } => ({
  type: 'response.failed',
  response: { id: 'r', status: 'failed', output: [], error: { code, message }, incomplete_details: null },
})

async function refusalOf(frames: readonly { type?: string }[], stream = true): Promise<LlmError> {
  const body = stream ? frames.map(frame).join('') : JSON.stringify(frames[0])
  const request = callTo(target, body, stream ? 'text/event-stream' : 'application/json')
  try {
    if (!stream) await chatApiCall({ ...request, stream: false })
    else for await (const _event of await chatApiCall({ ...request, stream: true })) continue
  } catch (error) {
    if (LlmError.is(error)) return error
    throw error
  }
  throw new Error('the call did not fail')
}

describe('an HTTP error', () => {
  test.each<readonly [number, object | string, ErrorKind]>([
    [400, { error: { message: 'Bad.', type: 'invalid_request_error', code: null } }, 'invalid-request'],
    [
      400,
      { error: { message: 'Too long.', type: 'invalid_request_error', code: 'context_length_exceeded' } },
      'context-too-long',
    ],
    [
      400,
      { error: { message: 'No such model.', type: 'invalid_request_error', code: 'model_not_found' } },
      'not-found',
    ],
    [401, { error: { message: 'Wrong key.', code: 'invalid_api_key' } }, 'unauthorized'],
    [429, { error: { message: 'Slower.', code: 'rate_limit_exceeded' } }, 'rate-limited'],
    [429, { error: { message: 'No credit.', code: 'insufficient_quota' } }, 'quota-exhausted'],
    [500, { error: { message: 'Oh.', type: 'server_error' } }, 'server-failed'],
    [502, '', 'server-failed'],
  ])('%d %j is %s', async (status, body, kind) => {
    expect(await openaiResponses.fault(status, body)).toMatchObject({ kind, status })
  })
})

describe('an error inside a 200', () => {
  test.each<readonly [string, ErrorKind]>([
    ['server_error', 'server-failed'],
    ['rate_limit_exceeded', 'rate-limited'],
    ['invalid_prompt', 'invalid-request'],
    ['bio_policy', 'content-blocked'],
    ['image_content_policy_violation', 'content-blocked'],
    ['image_too_large', 'invalid-request'],
    ['image_file_not_found', 'invalid-request'],
    ['unsupported_image_media_type', 'invalid-request'],
    ['vector_store_timeout', 'timeout'],
  ])('a response that failed with %s is %s, streamed or whole', async (code, kind) => {
    const failed = failure(code)
    const streamed = await refusalOf([created, failed])
    const whole = await refusalOf([failed.response as { type?: string }], false)
    expect(streamed).toMatchObject({ kind, code, message: expect.stringContaining('No.') })
    expect(whole).toMatchObject({ kind, code, message: expect.stringContaining('No.') })
  })

  test.each([
    { type: 'error', code: 'server_error', message: 'Oh dear.', param: null, sequence_number: 3 },
    { type: 'error', error: { type: 'server_error', code: null, message: 'Oh dear.', param: null } },
    { error: { message: 'Oh dear.', code: 'server_error' } },
  ])('as a frame: %j', async (error) => {
    const before = await refusalOf([created, error])
    expect(before).toMatchObject({ kind: 'server-failed', message: expect.stringContaining('Oh dear.') })
    const after = await refusalOf([created, delta, error])
    expect(after).toMatchObject({ kind: 'server-failed', partial: { text: 'Well' } })
  })

  test('a failure without any words', async () => {
    const failed = { type: 'response.failed', response: { id: 'r', status: 'failed', error: null } }
    expect(await refusalOf([created, failed])).toMatchObject({ kind: 'server-failed' })
  })

  test('a final response that carries an error, under the name of a good end', async () => {
    const end = { type: 'response.completed', response: { status: 'completed', error: { message: 'Oh.' } } }
    expect(await refusalOf([created, delta, end])).toMatchObject({ kind: 'server-failed' })
  })
})

test('a stream without its last event is broken', async () => {
  expect(await refusalOf([created, delta])).toMatchObject({
    kind: 'stream-broken',
    partial: { text: 'Well' },
  })
})

test('a message with plain text for content is read', async () => {
  const output = [{ type: 'message', role: 'assistant', content: 'Well.' }]
  const request = callTo(target, JSON.stringify({ status: 'completed', output }), 'application/json')
  expect(await chatApiCall({ ...request, stream: false })).toMatchObject({ text: 'Well.' })
})

test('odd frames are passed over', async () => {
  const odd = [
    [1, 2],
    null,
    { type: 'response.new_thing.delta', delta: 'x' },
    { type: 'response.output_text.delta', delta: 7 },
    { type: 'response.output_item.added', item: null },
    { type: 'response.output_item.done', output_index: 9, item: { type: 'new_item' } },
    { type: 'keepalive', sequence_number: 4 },
  ] as { type?: string }[]
  const end = { type: 'response.completed', response: { id: 'r', status: 'completed', output: null } }
  const body = [created, ...odd, delta, end].map(frame).join('')
  const stream = await chatApiCall({ ...callTo(target, body, 'text/event-stream'), stream: true })
  expect(await stream.response).toMatchObject({
    text: 'Well',
    finishReason: 'stop',
    usage: { estimated: true },
  })
})
