import { describe, expect, test } from 'vitest'
import { LlmError } from '../../src/core/error.ts'
import type { ParamMap } from '../../src/core/params.ts'
import { JsonReader } from '../../src/protocols/index.ts'
import { chatCompletions } from '../../src/protocols/openai-chat/index.ts'
import { messages } from '../../src/protocols/anthropic-messages/index.ts'

const user = [{ role: 'user', content: 'Hi' }]
const originOf = (): undefined => undefined

describe('number settings', () => {
  test('are read under the names of the parameter map, and not where it drops them', () => {
    const params: ParamMap = { topK: { to: 'top_k' }, seed: { to: 'random_seed' }, n: { drop: 'none here' } }
    const body = new JsonReader({ model: 'm', messages: user, top_k: 4, random_seed: 7, n: 2, seed: 1 })
    const { request } = chatCompletions.readBody(body, { params, originOf })
    expect(request).toMatchObject({ topK: 4, seed: 7 })
    expect(request).not.toHaveProperty('n')
    expect(body.rest(new Set(['model', 'n', 'random_seed', 'seed']))).toEqual({ n: 2, seed: 1 })
  })

  test('outside the range of the map are issues with path, range and value', () => {
    const params: ParamMap = { temperature: { to: 'temperature', clamp: [0, 1] }, topK: { to: 'top_k' } }
    const body = new JsonReader({ model: 'm', messages: user, temperature: 1.5, top_k: 0.5 })
    messages.readBody(body, { params, originOf })
    const thrown = (): void => body.check()
    expect(thrown).toThrow(LlmError)
    expect(thrown).toThrow('temperature: must be a number from 0 to 1, not 1.5')
    expect(thrown).toThrow('top_k: must be a whole number from 0, not 0.5')
  })
})

test('the first issue of a nested reader is enough where reporting throws', () => {
  class Strict extends JsonReader {}
  const report = (path: string, message: string): never => {
    throw new Error(`${path} ${message}`)
  }
  const body = new Strict({ list: [{ name: 'a' }, { name: '' }, 3] }, '', report)
  expect(() => body.objects('list')).toThrow('list.2 must be an object')
  const nested = new Strict({ list: [{ name: 'a' }, { name: '' }] }, '', report).objects('list') ?? []
  expect(nested[0]).toBeInstanceOf(Strict)
  expect(() => nested.map((item) => item.requiredString('name'))).toThrow('list.1.name must not be empty')
})
