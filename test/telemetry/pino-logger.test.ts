import { pino } from 'pino'
import { LlmError } from 'llm-switchyard'
import { createPinoLogger, type PinoLoggerOptions } from 'llm-switchyard/telemetry'
import { describe, expect, test } from 'vitest'

function lines(options: PinoLoggerOptions = {}) {
  const written: Record<string, unknown>[] = []
  const destination = { write: (line: string) => void written.push(JSON.parse(line)) }
  return { written, destination, logger: createPinoLogger({ destination, ...options }) }
}

describe('the logger on pino', () => {
  test('writes a line of JSON with its level, fields and message', () => {
    const { logger, written } = lines({ fields: { service: 'chat' } })
    logger.warn({ requestId: 'r1' }, 'a request was refused')
    expect(written).toEqual([
      { level: 40, time: expect.any(Number), service: 'chat', requestId: 'r1', msg: 'a request was refused' },
    ])
  })

  test.each([
    ['silent', []],
    ['error', [50]],
    ['info', [30, 40, 50]],
    ['debug', [20, 30, 40, 50]],
  ] as const)('level %s', (level, expected) => {
    const { logger, written } = lines({ level })
    for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]({}, name)
    expect(written.map((line) => line['level'])).toEqual(expected)
  })

  test.each([true, false])('holds no key, wherever it is; own pino logger: %s', (own) => {
    const { written, destination, ...rest } = lines()
    const logger = own ? rest.logger : createPinoLogger({ logger: pino({}, destination) })
    const key = 'sk-proj-abcdefghijklmnopqrstuvwxyz0123456789'
    logger.error(
      { apiKey: 'plain', headers: { authorization: 'Bearer plain' }, reason: `key ${key}` },
      `failed with ${key}`,
    )
    const text = JSON.stringify(written)
    expect(text).not.toContain('plain')
    expect(text).not.toContain(key)
    expect(written[0]).toMatchObject({ level: 50, headers: {} })
  })

  test('writes errors without stack and partial answer', () => {
    const { logger, written } = lines()
    logger.error({
      error: new LlmError('timeout', 'too slow', { provider: 'openai' }),
      cause: new TypeError('x'),
    })
    expect(written[0]).toMatchObject({
      error: { kind: 'timeout', message: 'too slow', provider: 'openai' },
      cause: { name: 'TypeError', message: 'x' },
    })
    expect(JSON.stringify(written)).not.toContain('stack')
  })

  test('writes through the logger of the application', () => {
    const { written, destination } = lines()
    const logger = createPinoLogger({ logger: pino({ name: 'app' }, destination), fields: { part: 'llm' } })
    logger.info({}, 'hello')
    expect(written).toEqual([expect.objectContaining({ name: 'app', part: 'llm', msg: 'hello' })])
  })
})
