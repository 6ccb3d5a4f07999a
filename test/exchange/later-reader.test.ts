import { createOrchestrator, type ChatResponse } from 'llm-switchyard'
import { defineProvider, type Dialect } from 'llm-switchyard/adapter'
import { describe, expect, test } from 'vitest'
import { openaiChat } from '../../src/dialects/openai-chat/index.ts'

const reply = {
  id: 'i',
  model: 'm',
  choices: [{ index: 0, message: { content: 'Well' }, finish_reason: 'stop' }],
}

function callWith(load: Dialect['load'], steps: string[], status = 200): Promise<ChatResponse> {
  const dialect: Dialect = { ...openaiChat, load }
  const own = defineProvider({
    id: 'own',
    name: 'Own',
    dialect,
    baseUrl: 'http://own.test/v1',
    auth: { type: 'none' },
  })
  const fetch = async (): Promise<Response> => {
    steps.push('sent')
    return Response.json(status === 200 ? reply : { error: { message: 'No.' } }, { status })
  }
  const { chatApiCall } = createOrchestrator({ providers: { own }, fetch })
  return chatApiCall({ provider: 'own', model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
}

describe('what reads answers', () => {
  test('loads while the request is on its way, and is there before the answer is read', async () => {
    const steps: string[] = []
    const { promise, resolve } = Promise.withResolvers<object>()
    const load = (): Promise<object> => {
      steps.push('load')
      return promise.then((loaded) => {
        steps.push('loaded')
        return loaded
      })
    }
    const call = callWith(load, steps).then(({ text }) => steps.push(text))
    while (!steps.includes('sent')) await Promise.resolve()
    expect(steps.toSorted()).toEqual(['load', 'sent'])
    resolve({})
    await call
    expect(steps.slice(2)).toEqual(['loaded', 'Well'])
  })

  test('fails the call if it cannot be loaded', async () => {
    const offline = (): Promise<object> => Promise.reject(new TypeError('Failed to fetch a module'))
    await expect(callWith(offline, [])).rejects.toMatchObject({ kind: 'network' })
  })

  test('hides no refusal of the provider', async () => {
    const { promise } = Promise.withResolvers<object>()
    await expect(callWith(() => promise, [], 401)).rejects.toMatchObject({ kind: 'unauthorized' })
  })
})
