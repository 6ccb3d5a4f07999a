import { createOrchestrator, type Logger, type OrchestratorOptions } from 'llm-switchyard'
import { fakeFetch } from 'llm-switchyard/testing'
import { expect, test } from 'vitest'

type Line = readonly [level: keyof Logger, message: string | undefined, fields: Record<string, unknown>]

function recorder(): { logger: Logger; lines: Line[]; said(): string[] } {
  const lines: Line[] = []
  const at =
    (level: keyof Logger): Logger['info'] =>
    (fields, message) =>
      lines.push([level, message, fields as Record<string, unknown>])
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
  return { logger, lines, said: () => lines.map(([level, message]) => `${level}: ${message}`) }
}

const SECRET = 'sk-do-not-log-0123456789abcdef'
const PROVIDER = { extends: 'openai-compatible', baseUrl: 'http://fake.test/openai/v1', apiKey: SECRET }
const messages = [{ role: 'user' as const, content: 'a private question' }]
const BASE: OrchestratorOptions = { providers: { a: PROVIDER }, fetch: fakeFetch('a private answer') }
const down: typeof globalThis.fetch = async () =>
  Response.json({ error: { message: `down for ${SECRET}` } }, { status: 503 })

test.each([false, true])(
  'a call writes its start at debug and its end at info (stream: %s)',
  async (stream) => {
    const { logger, lines } = recorder()
    await using yard = createOrchestrator({ ...BASE, logger })
    const reply = await yard.chatApiCall({
      model: 'a/m',
      requestId: 'r1',
      conversationId: 'c1',
      messages,
      stream,
    })
    if ('response' in reply) await reply.response
    const ids = { requestId: 'r1', conversationId: 'c1', provider: 'a', model: 'm' }
    expect(lines).toMatchObject([
      ['debug', 'the call started', { ...ids, stream, messages: 1, promptChars: 18 }],
      [
        'info',
        'the call ended',
        { ...ids, attempts: 1, usedFallback: false, usage: { outputTokens: expect.any(Number) } },
      ],
    ])
    expect(JSON.stringify(lines)).not.toMatch(/private|sk-do-not/)
  },
)

test('retries, fallbacks, open breakers and the failure are told at warn and error, without a secret', async () => {
  const { logger, lines, said } = recorder()
  await using yard = createOrchestrator({
    ...BASE,
    providers: { a: PROVIDER, b: PROVIDER },
    fetch: down,
    logger,
    retry: { attempts: 3, backoffMs: 1 },
    fallback: ['b/m'],
    breaker: { failures: 2 },
  })
  const call = (): Promise<unknown> =>
    yard.chatApiCall({ model: 'a/m', requestId: 'r2', messages }).catch((error: unknown) => error)
  await call()
  expect(said()).toEqual([
    'debug: the call started',
    'warn: an attempt is repeated',
    'warn: a breaker is open',
    'warn: the call falls back',
    'error: the call failed',
  ])
  expect(lines.at(-1)?.[2]).toMatchObject({
    requestId: 'r2',
    kind: 'overloaded',
    status: 503,
    attempts: 3,
    stack: expect.stringContaining('LlmError'),
  })
  await call()
  expect(said()).toContain('warn: a target was passed over: its breaker is open')
  expect(JSON.stringify(lines)).not.toMatch(/private|sk-do-not/)
})

test('what a limit refuses is told at error, and what moderation finds at warn', async () => {
  const { logger, lines } = recorder()
  await using yard = createOrchestrator({
    ...BASE,
    logger,
    limits: { user: { requestsPerMinute: 1 }, burst: 1 },
    moderation: { rules: 'private -> warn', output: false },
  })
  for (const requestId of ['r3', 'r4'])
    await yard.chatApiCall({ model: 'a/m', requestId, userId: 'u', messages }).catch(() => undefined)
  expect(lines).toContainEqual([
    'warn',
    'moderation found something',
    expect.objectContaining({ requestId: 'r3' }),
  ])
  expect(lines.at(-1)).toMatchObject([
    'error',
    'the call failed',
    { requestId: 'r4', kind: 'limit-exceeded', scope: 'user' },
  ])
  expect(JSON.stringify(lines)).not.toContain('a private')
})

test('a call that its caller aborts ends at info', async () => {
  const { logger, said } = recorder()
  await using yard = createOrchestrator({ ...BASE, logger })
  const signal = AbortSignal.abort()
  await yard.chatApiCall({ model: 'a/m', messages, signal }).catch(() => undefined)
  expect(said().filter((line) => !line.startsWith('debug'))).toEqual(['info: the call was aborted'])
})

test('the logger of a request replaces that of the orchestrator', async () => {
  const [shared, own] = [recorder(), recorder()]
  await using yard = createOrchestrator({ ...BASE, logger: shared.logger })
  await yard.chatApiCall({ model: 'a/m', messages, logger: own.logger })
  expect(own.said()).toEqual(['debug: the call started', 'info: the call ended'])
  expect(shared.said()).toEqual([])
})

test('onEvent that fails is told at error', async () => {
  const { logger, said } = recorder()
  const onEvent = (): never => Promise.reject(new Error('broken')) as never
  await using yard = createOrchestrator({ ...BASE, logger, onEvent, queue: {} })
  await yard.chatApiCall({ model: 'a/m', messages })
  await expect.poll(said).toContain('error: onEvent failed')
})
