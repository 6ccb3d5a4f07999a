import { createOrchestrator, LlmError, type ChatResponse, type OrchestratorOptions } from 'llm-switchyard'
import { createFakeProvider, type FakeScript } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'
import { patience } from '../patience.ts'

const messages = [{ role: 'user' as const, content: 'Hi' }]

async function open(script: FakeScript, options: OrchestratorOptions = {}) {
  const provider = await createFakeProvider({ script })
  const openai = { baseUrl: provider.baseUrl('openai-chat'), apiKey: 'none' }
  const orchestrator = createOrchestrator({ providers: { openai }, ...options })
  const [request] = [{ model: 'openai/gpt-4.1-mini', messages }]
  const close = async (): Promise<void> => {
    await orchestrator.close()
    await provider.close()
  }
  return { provider, orchestrator, request, [Symbol.asyncDispose]: close }
}

describe('what a caller does between admission and sending', () => {
  test('onAdmitted runs once, before anything is sent, also where calls are tried again', async () => {
    await using host = await open([{ error: 'overloaded' }, 'Hello'], {
      retry: { attempts: 2, backoffMs: 1 },
      limits: { global: { requestsPerMinute: 10 } },
      queue: { concurrency: 1 },
    })
    const sentBefore: number[] = []
    const onAdmitted = (): void => void sentBefore.push(host.provider.log.length)
    const reply = await host.orchestrator.chatApiCall({ ...host.request, onAdmitted })
    expect(reply.text).toBe('Hello')
    expect(sentBefore).toEqual([0])
  })

  test('it never runs for a call that limits, queue or an open breaker refuse', async () => {
    await using host = await open(
      { text: 'Hello', pacing: { firstMs: 50 } },
      {
        queue: { concurrency: 1, maxPending: 1 },
      },
    )
    let admitted = 0
    const onAdmitted = (): void => void admitted++
    const calls = [1, 2, 3].map(() => host.orchestrator.chatApiCall({ ...host.request, onAdmitted }))
    const ends = await Promise.allSettled(calls)
    expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(admitted).toBe(2)

    await using limited = await open('Hello', { limits: { global: { requestsPerMinute: 1, burst: 1 } } })
    await limited.orchestrator.chatApiCall({ ...limited.request, onAdmitted })
    await expect(limited.orchestrator.chatApiCall({ ...limited.request, onAdmitted })).rejects.toMatchObject({
      kind: 'limit-exceeded',
    })
    expect(admitted).toBe(3)
  })

  test('what it throws ends the call: nothing is sent, slot and reservation come back', async () => {
    await using host = await open('Hello', {
      limits: { global: { requestsPerMinute: 1, burst: 1 } },
      queue: { concurrency: 1 },
    })
    const refusal = new LlmError('conflict', 'no')
    const failing = host.orchestrator.chatApiCall({
      ...host.request,
      onAdmitted: () => Promise.reject(refusal),
    })
    await expect(failing).rejects.toMatchObject({ kind: 'conflict' })
    expect(host.provider.log).toHaveLength(0)
    await expect(host.orchestrator.chatApiCall(host.request)).resolves.toMatchObject({ text: 'Hello' })
  })

  test('an abort meanwhile ends the call before it is sent', async () => {
    await using host = await open('Hello')
    const controller = new AbortController()
    const onAdmitted = async (): Promise<void> => controller.abort()
    const call = host.orchestrator.chatApiCall({ ...host.request, onAdmitted, signal: controller.signal })
    await expect(call).rejects.toMatchObject({ kind: 'aborted' })
    expect(host.provider.log).toHaveLength(0)
  })
})

describe('what a caller is told at the end', () => {
  test('onEnd is told the whole answer once', async () => {
    await using host = await open('Hello')
    const told: [ChatResponse, LlmError | undefined][] = []
    const onEnd = (answer: ChatResponse, error?: LlmError): void => void told.push([answer, error])
    await host.orchestrator.chatApiCall({ ...host.request, onEnd })
    expect(told).toEqual([[expect.objectContaining({ text: 'Hello' }), undefined]])
    expect(told[0]?.[0].attempts).toHaveLength(1)
  })

  test('of a stream that nobody reads, it is told when the deadline ends it', async () => {
    await using host = await open({ text: 'one two three', chunks: 3, pacing: { betweenMs: 10_000 } })
    const told = new Promise<[ChatResponse, LlmError | undefined]>((resolve) => {
      const onEnd = (answer: ChatResponse, error?: LlmError): void => resolve([answer, error])
      const timeouts = { totalMs: 1_000 * patience }
      void host.orchestrator.chatApiCall({ ...host.request, stream: true, onEnd, timeouts })
    })
    const [answer, error] = await told
    expect(answer.text).not.toBe('')
    expect(error).toMatchObject({ kind: 'timeout', phase: 'total' })
  })
})
