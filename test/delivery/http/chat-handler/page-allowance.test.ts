import { createOrchestrator } from 'llm-switchyard'
import {
  createChatHandler,
  type ChatHandler,
  type ChatHandlerOptions,
  type PageAllowance,
} from 'llm-switchyard/http'
import { createFakeProvider, type FakeProvider } from 'llm-switchyard/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { host } from '../../../conversations/chat-host.ts'
import { post } from './served.ts'

interface Site {
  readonly provider: FakeProvider
  readonly handler: ChatHandler
}

const defaults = { model: 'openai/m', maxTokens: 200, system: 'HOST RULES' }
const authorize = (): { userId: string } => ({ userId: 'ann' })

/** The two targets of a handler. */
const targets = {
  'an orchestrator': async (options: Partial<ChatHandlerOptions>): Promise<Site> => {
    const provider = await createFakeProvider({ script: 'ok' })
    const openai = { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'k' }
    const orchestrator = createOrchestrator({ providers: { openai } })
    const handler = createChatHandler(orchestrator, { authorize, defaults, ...options })
    onTestFinished(async () => {
      await handler.close()
      await orchestrator.close()
      await provider.close()
    })
    return { provider, handler }
  },
  'a chat service': async (options: Partial<ChatHandlerOptions>): Promise<Site> => {
    const it = await host({ script: 'ok' })
    const handler = createChatHandler(it.chats, { authorize, defaults, ...options })
    onTestFinished(async () => {
      await handler.close()
      await it[Symbol.asyncDispose]()
    })
    return { provider: it.provider, handler }
  },
}

const tool = { name: 'pay', description: 'Pays.', parameters: { type: 'object', properties: {} } }
const format = 'json'
const user = { role: 'user', content: 'Hi' }

/** Every choice of a page, what opens it, and what of an open choice is still refused. */
const choices: readonly (readonly [
  path: string,
  body: object,
  allow: PageAllowance,
  narrower?: PageAllowance,
])[] = [
  ['model', { model: 'openai/big' }, { models: ['openai/big'] }, { models: ['openai/other'] }],
  ['model', { model: 'openai/big' }, { models: true }],
  ['maxTokens', { maxTokens: 500 }, { maxTokens: 500 }, { maxTokens: 499 }],
  ['maxTokens', { maxTokens: 500 }, { maxTokens: true }],
  ['temperature', { temperature: 1 }, { settings: true }, { settings: ['topP'] }],
  ['topP', { topP: 0.5 }, { settings: ['topP'] }],
  ['topK', { topK: 5 }, { settings: ['topK'] }],
  ['stop', { stop: 'END' }, { settings: ['stop'] }],
  ['seed', { seed: 1 }, { settings: ['seed'] }],
  ['frequencyPenalty', { frequencyPenalty: 1 }, { settings: ['frequencyPenalty'] }],
  ['presencePenalty', { presencePenalty: 1 }, { settings: ['presencePenalty'] }],
  ['reasoning', { reasoning: { effort: 'high' } }, { settings: ['reasoning'] }],
  ['responseFormat', { message: 'Hi, as JSON', responseFormat: format }, { settings: ['responseFormat'] }],
  ['tools', { tools: [tool] }, { tools: true }],
  ['toolChoice', { tools: [tool], toolChoice: 'required' }, { tools: true }],
  ['parallelToolCalls', { tools: [tool], parallelToolCalls: true }, { tools: true }],
  ['messages.0.role', { messages: [{ role: 'system', content: 'EVIL' }, user] }, { system: true }],
  ['messages.0.role', { messages: [{ role: 'developer', content: 'EVIL' }, user] }, { system: true }],
  [
    'messages.0.role',
    {
      messages: [
        { id: '1', role: 'system', parts: [{ type: 'text', text: 'EVIL' }] },
        { id: '2', role: 'user', parts: [{ type: 'text', text: 'Hi' }] },
      ],
    },
    { system: true },
  ],
]

describe.each(Object.entries(targets))('a page over %s', (_name, target) => {
  const ask = async ({ handler }: Site, body: object): Promise<{ status: number; text: string }> => {
    const response = await handler(post('http://h/c', { message: 'Hi', stream: false, ...body }))
    return { status: response.status, text: await response.text() }
  }

  test.each(choices.map(([path, body, allow, narrower]) => ({ path, body, allow, narrower })))(
    'chooses $path only if the host opens it',
    async ({ path, body, allow, narrower }) => {
      const closed = await target({})
      const refused = await ask(closed, body)
      expect(refused.status).toBe(400)
      expect(refused.text).toContain(path)
      expect(closed.provider.log).toHaveLength(0)
      if (narrower !== undefined)
        expect((await ask(await target({ allow: narrower }), body)).status).toBe(400)
      expect(await ask(await target({ allow }), body)).toMatchObject({ status: 200 })
    },
  )

  test('has the model and the rules of the host without asking', async () => {
    const site = await target({})
    expect((await ask(site, { model: 'openai/m' })).status).toBe(200)
    expect(site.provider.log[0]?.request).toMatchObject({
      system: 'HOST RULES',
      settings: { maxTokens: 200 },
    })
  })

  test('chooses within the limits of its user', async () => {
    const limits = { models: ['openai/m', 'openai/fine'], maxTokens: 300 }
    const site = await target({ authorize: () => ({ userId: 'ann', limits }) })
    expect((await ask(site, { model: 'openai/fine', maxTokens: 5_000 })).status).toBe(200)
    expect(site.provider.log[0]?.request).toMatchObject({ model: 'fine', settings: { maxTokens: 300 } })
    expect((await ask(site, { model: 'openai/big' })).status).toBe(400)
    expect((await ask(site, {})).status).toBe(200)
    expect(site.provider.log[1]?.request?.settings).toMatchObject({ maxTokens: 200 })
  })

  test('adds nothing to the body of the provider', async () => {
    const site = await target({ allow: { system: true, settings: true, tools: true, models: true } })
    const providerOptions = { openai: { evil: 1 } }
    for (const message of [
      { ...user, providerOptions },
      { role: 'user', content: [{ type: 'text', text: 'Hi', providerOptions }] },
    ])
      expect((await ask(site, { messages: [message] })).status).toBe(400)
    await ask(site, { extraBody: { evil: 1 }, providerOptions, apiKey: 'evil', baseUrl: 'http://evil' })
    expect(JSON.stringify(site.provider.log)).not.toContain('evil')
  })
})

test.each([
  ['POST', '/c', 200],
  ['POST', '/', 200],
  ['POST', '/tenants/7/chat', 200],
  ['POST', '/chat/run_0123456789abcdef/delete', 404],
  ['POST', '/chat/run_0123456789abcdef', 404],
  ['POST', '/chat/0b6f4c0e-6b0b-4a52-9a54-5e3ef2b6a111', 404],
  ['POST', '/cancel', 404],
  ['PUT', '/c', 405],
  ['DELETE', '/c', 405],
  ['GET', '/c', 405],
  ['GET', '/c/x/cancel', 405],
  ['GET', '/c/x/status', 404],
  ['GET', '/c/x/stream', 204],
])('without basePath, %s %s is answered with %s', async (method, path, status) => {
  const { handler } = await targets['an orchestrator']({})
  const address = `http://h${path}`
  const response = await handler(
    method === 'POST' ? post(address, { message: 'Hi' }) : new Request(address, { method }),
  )
  await response.text()
  expect(response.status).toBe(status)
})
