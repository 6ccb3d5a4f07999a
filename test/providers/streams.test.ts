import { chatApiCall } from 'llm-switchyard'
import { type HttpRequest } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { noting, sentBy } from './sent.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]

describe('a model that does not stream', () => {
  const api = 'responses'
  test('is called whole, and its reply comes as a stream of one piece, with a warning', async () => {
    const requests: HttpRequest[] = []
    const stream = await chatApiCall({
      model: 'openai/o1-pro',
      api,
      apiKey: 'key',
      messages,
      stream: true,
      transport: noting(requests),
    })
    const types: string[] = []
    for await (const event of stream) types.push(event.type)
    expect(JSON.parse(requests[0]?.body ?? '')).not.toHaveProperty('stream')
    expect(types).toEqual(expect.arrayContaining(['start', 'text-delta', 'warning', 'finish']))
    const { text, warnings } = await stream.response
    expect(text).toBe('ok')
    expect(warnings).toEqual([expect.objectContaining({ type: 'unsupported' })])
  })

  test('is refused under onUnsupported: error, and called without a word if nothing is streamed', async () => {
    const whole = { provider: 'openai', model: 'o1-pro', api, onUnsupported: 'error' } as const
    const requests: HttpRequest[] = []
    const refused = chatApiCall({
      ...whole,
      apiKey: 'key',
      messages,
      stream: true,
      transport: noting(requests),
    })
    await expect(refused).rejects.toMatchObject({ kind: 'unsupported' })
    expect(requests).toEqual([])
    expect((await sentBy(whole)).warnings).toEqual([])
  })
})
