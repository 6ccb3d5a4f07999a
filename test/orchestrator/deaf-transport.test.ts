import { afterEach, expect, test, vi } from 'vitest'
import { chatApiCall, createOrchestrator, type Transport } from 'llm-switchyard'

const messages = [{ role: 'user' as const, content: 'Hi' }]
const request = { provider: 'openai', model: 'm', apiKey: 'k', messages }
const reply = JSON.stringify({
  choices: [{ index: 0, message: { role: 'assistant', content: 'late' }, finish_reason: 'stop' }],
})

afterEach(() => void vi.unstubAllGlobals())

test('a call ends at its deadline, also where the transport does not hear of it', async () => {
  const transport: Transport = { send: () => new Promise(() => undefined) }
  const call = chatApiCall({ ...request, transport, timeouts: { totalMs: 20 } })
  await expect(call).rejects.toMatchObject({ kind: 'timeout', phase: 'total' })
})

test('what a transport answers after the end is closed, and nobody sees it', async () => {
  const cancel = vi.fn()
  let answer: (() => void) | undefined
  const transport: Transport = {
    send: () =>
      new Promise((resolve) => {
        const body = { read: async () => new TextEncoder().encode(reply), cancel }
        answer = () => resolve({ status: 200, header: () => 'application/json', body })
      }),
  }
  const controller = new AbortController()
  const call = chatApiCall({ ...request, transport, signal: controller.signal })
  await expect.poll(() => answer).toBeDefined()
  controller.abort()
  await expect(call).rejects.toMatchObject({ kind: 'aborted' })
  answer?.()
  await expect.poll(() => cancel).toHaveBeenCalledTimes(1)
})

test('a stubbed fetch may ignore the signal, throw, or answer without a promise', async () => {
  vi.stubGlobal('fetch', () => new Promise(() => undefined))
  await expect(chatApiCall({ ...request, timeouts: { totalMs: 20 } })).rejects.toMatchObject({
    kind: 'timeout',
  })
  vi.stubGlobal('fetch', () => {
    throw new TypeError('no fetch here')
  })
  await expect(chatApiCall(request)).rejects.toMatchObject({ kind: 'network' })
  vi.stubGlobal('fetch', () => new Response(reply, { headers: { 'content-type': 'application/json' } }))
  expect((await chatApiCall(request)).text).toBe('late')
})

test('a fallback list that is given anew, or a provider that is replaced, is looked up anew', async () => {
  const seen: string[] = []
  const transport: Transport = {
    send: async ({ url }) => {
      seen.push(new URL(url).host)
      throw new TypeError('unreachable')
    },
  }
  await using yard = createOrchestrator({ transport, providers: { openai: { apiKey: 'k' } } })
  const ask = (fallback: readonly string[]): Promise<unknown> =>
    yard.chatApiCall({ provider: 'openai', model: 'm', messages, fallback }).catch(() => undefined)
  await ask(['openai/m', 'ollama/a', 'ollama/a'])
  expect(seen).toEqual(['api.openai.com', 'localhost:11434'])
  const openai = yard.registry.get('openai')
  if (openai !== undefined) yard.registry.replace({ ...openai, baseUrl: 'http://127.0.0.1:9/v1' })
  await ask(['lmstudio/b'])
  expect(seen.slice(2)).toEqual(['127.0.0.1:9', 'localhost:1234'])
})
