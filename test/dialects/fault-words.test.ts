import { describe, expect, test } from 'vitest'
import { readFault } from '../../src/dialects/fault.ts'

const words = 'No such colour.'

describe('the words of an error are kept, whatever its shape', () => {
  test.each<[string, unknown, string?]>([
    ['a plain message', { message: words }],
    ['an error object', { error: { message: words } }],
    ['an error with a name and words', { error: 'Not Found', message: words }, `Not Found: ${words}`],
    ['an error of OAuth', { error: 'bad_token', error_description: words }, `bad_token: ${words}`],
    ['an error that is true', { error: true, message: words }],
    ['a name that the words repeat', { error: 'colour', message: words }],
    ['words that the name repeats', { error: `Sorry: ${words}`, message: words }, `Sorry: ${words}`],
    ['a problem with a title', { type: 'about:blank', title: words, status: 400 }],
    ['a problem by field', { title: 'Bad', errors: { hue: [words] } }, `hue: ${words}`],
    ['a fault', { fault: { faultstring: words, detail: { errorcode: 'x' } } }],
    ['a list of errors', { error: [{ message: words }, { message: 'Nor shade.' }] }, `${words}; Nor shade.`],
    ['errors inside an error', { error: { errors: [{ message: words }] } }],
    ['an error inside a detail', { detail: { error: { message: words } } }],
    ['an error inside an answer', { response: { error: { message: words } } }],
    ['a message in parts', { error: { message: [words] } }],
    ['a message that is an object', { message: { error: words } }],
    ['another case', { Error: { Message: words, Code: 'X' } }],
    ['another name', { error_msg: words, error_code: 17 }],
    ['data', { ok: false, data: { msg: words } }],
  ])('%s', (_name, body, expected = words) => {
    expect(readFault(400, body)).toMatchObject({ message: expected, status: 400 })
  })

  test.each([[{}], [{ code: 7 }], [{ error: {} }], [{ error: { code: 'x' } }]])('and %j has none', (body) => {
    expect(readFault(400, body).message).toContain('gave no reason')
  })

  test('of an endless or deep shape no more than is needed', () => {
    const deep = { a: 1, error: { error: { error: { error: { error: { error: { message: words } } } } } } }
    expect(readFault(400, deep).message).toContain('gave no reason')
    const long = readFault(400, { errors: Array.from({ length: 900 }, () => ({ reason: 'x'.repeat(400) })) })
    expect(long.message.length).toBeLessThanOrEqual(1_000)
  })
})

describe('what the words say of the kind', () => {
  test.each([
    [400, { error: { message: 'Model no-such/model-1.5 does not exist', code: 400 } }, 'not-found'],
    [400, { error: { message: 'the field "model" does not exist in it' } }, 'invalid-request'],
    [400, { error: { message: 'no-such/model is not a valid model ID' } }, 'not-found'],
    [500, { error: { message: 'input (4002 tokens) is too large to process' } }, 'context-too-long'],
    [500, { error: { message: 'it broke' } }, 'server-failed'],
    [undefined, { error: 'overloaded', message: 'Later, please.' }, 'overloaded'],
  ])('%s %j', (status, body, kind) => {
    expect(readFault(status, body).kind).toBe(kind)
  })
})
