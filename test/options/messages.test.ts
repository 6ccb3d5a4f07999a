import { describe, expect, test } from 'vitest'
import { createOrchestrator } from 'llm-switchyard'
import { createOrchestrator as createCore } from 'llm-switchyard/core'
import { createPostgresStore } from 'llm-switchyard/persistence/postgres'
import { attempts } from 'llm-switchyard/resilience'

const make = (options: unknown) => () => createOrchestrator(options as never)

describe('a wrong option is named with its path and the nearest name', () => {
  test.each<[unknown, string]>([
    [
      { hedge: { after: 5_000 } },
      'createOrchestrator: hedge.after is not an option; did you mean "afterMs"?',
    ],
    [{ limit: {} }, 'createOrchestrator: limit is not an option; did you mean "limits"?'],
    [{ limits: { buget: [] } }, 'createOrchestrator: limits.buget is not an option; did you mean "budgets"?'],
    [
      { limits: { tenant: { requestsPerMin: 5 } } },
      'createOrchestrator: limits.tenant.requestsPerMin is not an option; did you mean "requestsPerMinute"?',
    ],
    [
      { providers: { openai: { apikey: 'k' } } },
      'createOrchestrator: providers.openai.apikey is not an option; did you mean "apiKey"?',
    ],
    [
      { providers: { mine: { extends: 'opnai' } } },
      'createOrchestrator: providers.mine.extends names the unknown provider "opnai"; did you mean "openai"?',
    ],
    [{ providers: { openai: null } }, 'createOrchestrator: providers.openai must be an object; got null'],
    [{ requestLimits: false }, 'createOrchestrator: requestLimits must be true or an object; got false'],
  ])('%j', (options, message) => {
    expect(make(options)).toThrow(message)
  })

  test('a feature names itself', () => {
    const wrong = { hedge: { after: 5 } } as never
    expect(() => attempts(wrong)).toThrow('attempts: hedge.after is not an option; did you mean "afterMs"?')
  })

  test('no message repeats a key or a connection string', () => {
    expect(make({ providers: { openai: { apiKey: { key: 'sk-1' } } } })).toThrow(
      'createOrchestrator: providers.openai.apiKey must be a key: text, a Secret, or a function that gives one or a list of keys; got an object',
    )
    const options = { connectionString: new URL('postgres://u:secret@host/db') }
    expect(() => createPostgresStore(options as never)).toThrow(/connectionString must be text; got a URL$/)
  })
})

test.each([
  ['limits', 'use: [rateLimits({ … })]'],
  ['queue', 'use: [queue({ … })]'],
  ['retry', 'use: [attempts({ retry })]'],
])('/core refuses the option %s, and says which feature to use', (option, use) => {
  const message = `createOrchestrator: ${option} must be given as a feature here: ${use}; got an object`
  expect(() => createCore({ [option]: {} })).toThrow(message)
})

test('undefined counts as absent, in providers too', async () => {
  await using orchestrator = createOrchestrator({
    retry: undefined,
    providers: { openai: undefined },
  } as never)
  expect(orchestrator.registry.get('openai')).toBeDefined()
})
