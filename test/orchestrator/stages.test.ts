import {
  createOrchestrator,
  createResponse,
  LlmError,
  type OrchestratorOptions,
  type Stage,
} from 'llm-switchyard'
import { createOrchestrator as createCore } from 'llm-switchyard/core'
import { rateLimits } from 'llm-switchyard/limits'
import { openai } from 'llm-switchyard/providers/openai'
import { queue } from 'llm-switchyard/queue'
import { attempts } from 'llm-switchyard/resilience'
import { fakeFetch } from 'llm-switchyard/testing'
import { describe, expect, test } from 'vitest'

const request = { model: 'openai/m', messages: [{ role: 'user' as const, content: 'Hi' }] }

function yard(script: Parameters<typeof fakeFetch>[0], options: OrchestratorOptions) {
  const fetch = fakeFetch(script)
  const orchestrator = createOrchestrator({ providers: { openai: { apiKey: 'k', fetch } }, ...options })
  return { orchestrator, fetch }
}

/** Notes when it is entered and left. */
function noting(log: string[], name: string, more: Partial<Stage> = {}): Stage {
  return {
    name,
    at: 'call',
    run: async (call, next) => {
      log.push(`${name} in`)
      const reply = await next(call)
      log.push(`${name} out`)
      return reply
    },
    ...more,
  }
}

describe('stages of an application', () => {
  test('the first is outermost, call stages surround attempt stages, and both surround the built-in ones', async () => {
    const log: string[] = []
    const use = [noting(log, 'attempt', { at: 'attempt' }), noting(log, 'a'), noting(log, 'b')]
    const { orchestrator } = yard('Hello!', { use, limits: { global: { requestsPerMinute: 9 } }, retry: {} })
    await orchestrator.chatApiCall(request)
    expect(log).toEqual(['a in', 'b in', 'attempt in', 'attempt out', 'b out', 'a out'])
  })

  test('an order puts a stage among the built-in ones', async () => {
    const log: string[] = []
    const use = [noting(log, 'inner', { order: 650 }), noting(log, 'outer')]
    const { orchestrator } = yard('Hello!', { use, limits: { global: { requestsPerMinute: 1 } } })
    await orchestrator.chatApiCall(request)
    await expect(orchestrator.chatApiCall(request)).rejects.toMatchObject({ kind: 'limit-exceeded' })
    expect(log).toEqual(['outer in', 'inner in', 'inner out', 'outer out', 'outer in'])
  })

  test('an attempt stage runs once per attempt', async () => {
    const log: string[] = []
    const use = [noting(log, 'attempt', { at: 'attempt' })]
    const { orchestrator } = yard([{ error: 'server-failed' }, 'Hello!'], {
      use,
      retry: { backoffMs: 0 },
    })
    expect((await orchestrator.chatApiCall(request)).text).toBe('Hello!')
    expect(log).toEqual(['attempt in', 'attempt in', 'attempt out'])
  })

  test('an attempt stage may call next again', async () => {
    const again: Stage = {
      name: 'again',
      at: 'attempt',
      run: async (call, next) => {
        try {
          return await next(call)
        } catch {
          return next(call)
        }
      },
    }
    const { orchestrator, fetch } = yard([{ error: 'server-failed' }, 'Hello!'], { use: [again] })
    expect((await orchestrator.chatApiCall(request)).text).toBe('Hello!')
    expect(fetch.log).toHaveLength(2)
  })

  test.each([{}, { retry: {} }, { queue: {} }])('a call stage may not: %o', async (options) => {
    const twice: Stage = {
      name: 'twice',
      at: 'call',
      run: async (call, next) => {
        await next(call)
        return next({ ...call, headers: {} })
      },
    }
    const { orchestrator, fetch } = yard('Hello!', { ...options, use: [twice] })
    const error = await orchestrator.chatApiCall(request).catch((thrown: unknown) => thrown)
    expect(LlmError.is(error, 'misconfigured')).toBe(true)
    expect(error).toHaveProperty('message', expect.stringContaining('"twice" called next twice'))
    expect(fetch.log).toHaveLength(1)
  })

  test.each([true, false])('a stage may answer itself, stream: %s', async (stream) => {
    const closed: Stage = {
      name: 'closed',
      at: 'call',
      run: (call) => Promise.resolve(createResponse(call, 'We are closed.')),
    }
    const { orchestrator, fetch } = yard('Hello!', { use: [closed], retry: {} })
    const reply = await orchestrator.chatApiCall({ ...request, stream })
    const { text, finishReason, provider, usage } = 'response' in reply ? await reply.response : reply
    expect({ text, finishReason, provider, tokens: usage.totalTokens }).toEqual({
      text: 'We are closed.',
      finishReason: 'stop',
      provider: 'openai',
      tokens: 0,
    })
    expect(fetch.log).toHaveLength(0)
    expect(orchestrator.stats()).toMatchObject({ active: 0, succeeded: 1 })
  })

  test.each([
    [
      'throws',
      () => {
        throw new Error('stage')
      },
    ],
    ['rejects', () => Promise.reject(new Error('stage'))],
  ])('a stage that %s fails its call, which is settled', async (_how, run) => {
    const { orchestrator } = yard('Hello!', { use: [{ name: 'bad', at: 'call', run }], queue: {} })
    await expect(orchestrator.chatApiCall(request)).rejects.toThrow('stage')
    expect(orchestrator.stats()).toMatchObject({ active: 0, failed: 1 })
  })

  test.each([{}, null, { name: 'x', at: 'never', run: () => undefined }, 'limits'])(
    'what is neither a feature nor a stage is refused: %o',
    (one) => {
      const make = () => createOrchestrator({ use: [one as never] })
      expect(make).toThrow(/use\.0/)
    },
  )
})

describe('the core', () => {
  test('takes definitions, and features through use', async () => {
    const fetch = fakeFetch([{ error: 'server-failed' }, 'Hello!', 'Hello!'])
    await using orchestrator = createCore({
      providers: [openai],
      fetch,
      use: [
        rateLimits({ user: { requestsPerMinute: 1 } }),
        queue({ concurrency: 2 }),
        attempts({ retry: { backoffMs: 0 } }),
      ],
    })
    const mine = { ...request, apiKey: 'k', userId: 'ann' }
    const reply = await orchestrator.chatApiCall(mine)
    expect(reply.attempts).toHaveLength(2)
    await expect(orchestrator.chatApiCall(mine)).rejects.toMatchObject({
      kind: 'limit-exceeded',
      scope: 'user',
    })
    expect(orchestrator.stats()).toMatchObject({ limits: { granted: 1 }, queue: { running: 0 } })
    expect(Object.keys(orchestrator.health())).toEqual(['openai/m'])
  })

  test('knows no other provider', async () => {
    await using orchestrator = createCore({ providers: [openai] })
    await expect(orchestrator.chatApiCall({ ...request, model: 'groq/m' })).rejects.toMatchObject({
      kind: 'misconfigured',
    })
  })

  test.each([{ fallback: ['openai/other'] }, { continuation: true }])(
    'refuses a request that needs a feature it has not: %o',
    async (options) => {
      const fetch = fakeFetch('Hello!')
      await using orchestrator = createCore({ providers: [openai], fetch })
      await expect(orchestrator.chatApiCall({ ...request, apiKey: 'k', ...options })).rejects.toMatchObject({
        kind: 'misconfigured',
        message: expect.stringContaining('needs the attempts feature'),
      })
      expect(fetch.log).toHaveLength(0)
    },
  )

  test('refuses a feature twice', () => {
    expect(() => createCore({ use: [queue(), queue()] })).toThrow('use.1 is a second feature "queue"')
  })
})

describe('fallbacks', () => {
  test('a wrong one is found when the orchestrator is made', () => {
    const make = (fallback: string[]) => () => createOrchestrator({ fallback })
    expect(make(['openai/m', 'opnai/m'])).toThrow(/fallback\.1 "opnai\/m"/)
    expect(make(['just-a-model'])).toThrow(/fallback\.0/)
  })

  test('a wrong one of a request is left out with a warning', async () => {
    const { orchestrator } = yard('Hello!', {})
    const reply = await orchestrator.chatApiCall({ ...request, fallback: ['opnai/m'] })
    expect(reply.text).toBe('Hello!')
    expect(reply.warnings).toEqual([
      expect.objectContaining({ message: expect.stringContaining('fallback "opnai/m" was ignored') }),
    ])
  })
})
