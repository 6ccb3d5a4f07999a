import { describe, expect, test } from 'vitest'
import { withCallerFrames } from '../../src/core/caller-frames.ts'
import { createOrchestrator, type ChatRequest } from '../../src/index.ts'

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const refusing = async (): Promise<Response> => {
  await pause()
  return Response.json({ error: { message: 'no' } }, { status: 500 })
}
const request = { model: 'openai/gpt', messages: [{ role: 'user' as const, content: 'Hi' }] }

async function serviceCode(extra: Partial<ChatRequest>): Promise<unknown> {
  const orchestrator = createOrchestrator({ retry: { attempts: 2, backoffMs: 0 }, queue: {} })
  const reply = await orchestrator.chatApiCall({ ...request, ...extra })
  return reply
}

describe('the stack of a rejected call', () => {
  test.each<[string, Partial<ChatRequest>]>([
    ['a request that is not valid', { temperature: 9 }],
    ['a provider that is not known', { provider: 'nowhere' }],
    ['a call without a key', { provider: 'openai', apiKey: () => undefined }],
    ['an error of the provider', { apiKey: 'k', fetch: refusing }],
    ['an error of the provider, streamed', { apiKey: 'k', fetch: refusing, stream: true }],
  ])('holds the line that called: %s', async (_name, extra) => {
    const error = await serviceCode(extra).catch((thrown: unknown) => thrown as Error)
    expect((error as Error).stack).toContain('serviceCode')
    expect((error as Error).stack).toMatch(/^LlmError: /)
  })
})

describe('caller frames', () => {
  test('are added once, and an error of another realm or a frozen one passes', async () => {
    const callers = async (): Promise<unknown> => {
      await pause()
      return withCallerFrames(withCallerFrames(new Error('x')))
    }
    const outer = async (): Promise<unknown> => {
      const error = await callers()
      return error
    }
    const { stack = '' } = (await outer()) as Error
    expect(stack.split('\n').filter((line) => line.includes('outer'))).toHaveLength(1)
    const frozen = Object.freeze(new Error('x'))
    expect([withCallerFrames(frozen), withCallerFrames('text')]).toEqual([frozen, 'text'])
  })

  test('leave a stack writable', () => {
    const error = withCallerFrames(new Error('x')) as Error
    error.stack = 'mine'
    expect(error.stack).toBe('mine')
  })
})
