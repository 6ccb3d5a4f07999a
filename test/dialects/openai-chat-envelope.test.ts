import { chatApiCall, LlmError } from 'llm-switchyard'
import { describe, expect, test } from 'vitest'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const answering =
  (reply: object): typeof globalThis.fetch =>
  () =>
    Promise.resolve(Response.json(reply))
const call = (reply: object) =>
  chatApiCall({ provider: 'minimax', model: 'MiniMax-M2', apiKey: 'key', messages, fetch: answering(reply) })

describe('a reply with status 200 and its outcome in base_resp', () => {
  test.each([
    [1002, 'rate limit', 'rate-limited'],
    [1004, 'login fail', 'unauthorized'],
    [1008, 'insufficient balance', 'quota-exhausted'],
    [1026, 'input new_sensitive', 'content-blocked'],
    [2013, 'invalid params', 'invalid-request'],
    [1001, 'request timeout', 'timeout'],
    [1000, 'unknown error', 'server-failed'],
  ])('code %i (%s) is %s', async (status_code, status_msg, kind) => {
    const error: unknown = await call({ choices: null, base_resp: { status_code, status_msg } }).catch(
      (caught: unknown) => caught,
    )
    expect(LlmError.is(error) && [error.kind, error.code]).toEqual([kind, String(status_code)])
    expect(String(error)).toContain(status_msg)
  })

  test('code 0 is a good answer', async () => {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop' }]
    expect((await call({ choices, base_resp: { status_code: 0, status_msg: '' } })).text).toBe('Hello')
  })
})
