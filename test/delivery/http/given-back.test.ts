import { afterEach, describe, expect, test } from 'vitest'
import { createOrchestrator } from '../../../src/index.ts'
import {
  createChatHandler,
  createOpenAIHandler,
  createRunHub,
  type ChatHandlerOptions,
} from '../../../src/delivery/http/index.ts'
import { createFakeProvider } from '../../../src/testing/index.ts'

/** Throws in the `at`-th call of any method of what it wraps. */
class Saboteur {
  calls = 0
  readonly #at: number

  constructor(at: number) {
    this.#at = at
  }

  get isDone(): boolean {
    return this.calls < this.#at
  }

  wrap<T extends object>(target: T, names: readonly string[]): T {
    return new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name, object)
        if (typeof value !== 'function') return value
        if (!names.includes(String(name))) return value.bind(object) as unknown
        return (...given: unknown[]): unknown => {
          this.step(String(name))
          return Reflect.apply(value, object, given) as unknown
        }
      },
    })
  }

  passes(name: string): true {
    this.step(name)
    return true
  }

  step(name: string): void {
    if (++this.calls === this.#at) throw new Error(`${name} is broken`)
  }
}

const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore }

function ignore(): void {
  // The lines are of no interest here.
}

const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

async function upstream() {
  const fake = await createFakeProvider({ script: 'Hello from the yard.' })
  const orchestrator = createOrchestrator({
    providers: { openai: { apiKey: 'k', baseUrl: fake.baseUrl('openai-chat') } },
    limits: { user: { requestsPerMinute: 1_000_000 } },
  })
  closers.push(
    () => fake.close(),
    () => orchestrator.close({ drainMs: 0 }),
  )
  return orchestrator
}

function post(path: string, body: object): Request {
  return new Request(`http://h${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin: 'https://a.example' },
    body: JSON.stringify(body),
  })
}

/** Repeats a request, with a failure in the first, second … call, until it meets none. Returns how often it failed. */
async function walk(ask: (saboteur: Saboteur) => Promise<Response>): Promise<number> {
  for (let at = 1; ; at++) {
    const saboteur = new Saboteur(at)
    const response = await ask(saboteur)
    await response.text().catch(() => '')
    if (saboteur.isDone) {
      expect(response.status).toBe(200)
      return at - 1
    }
    expect(response.status).toBeGreaterThanOrEqual(200)
  }
}

const body = { model: 'openai/m', messages: [{ role: 'user', content: 'a' }] }

describe('what a request opened is given back, whatever throws behind it', () => {
  test.each([true, false])('in the chat handler, stream %s', async (stream) => {
    const orchestrator = await upstream()
    const runs = createRunHub({ onDisconnect: 'cancel', disconnectGraceMs: 0 })
    closers.push(() => runs.close())
    const count = await walk(async (saboteur) => {
      const options: ChatHandlerOptions = {
        authorize: () => {
          saboteur.step('authorize')
          return { userId: 'u' }
        },
        cors: { origins: () => saboteur.passes('origins') },
        logger: saboteur.wrap(quiet, ['info', 'error']),
        runs: saboteur.wrap(runs, ['start', 'attach', 'cancel', 'find', 'info']),
        defaults: { model: 'openai/m' },
      }
      const target = saboteur.wrap(orchestrator, ['chatApiCall'])
      return createChatHandler(target, options)(post('/chat', { message: 'a', stream }))
    })
    expect(count).toBeGreaterThanOrEqual(5)
    await expect.poll(() => runs.stats()).toMatchObject({ running: 0, readers: 0 })
    await expect.poll(() => orchestrator.stats().active).toBe(0)
  })

  test.each([
    ['/v1/chat/completions', body],
    ['/v1/responses', { model: 'openai/m', input: 'a' }],
    ['/v1/messages', { ...body, max_tokens: 9 }],
  ])('in the gateway at %s', async (path, asked) => {
    const orchestrator = await upstream()
    for (const stream of [true, false]) {
      const count = await walk(async (saboteur) => {
        const handler = createOpenAIHandler(saboteur.wrap(orchestrator, ['chatApiCall']), {
          authorize: () => {
            saboteur.step('authorize')
            return { userId: 'u' }
          },
          cors: { origins: () => saboteur.passes('origins') },
          logger: saboteur.wrap(quiet, ['info', 'error']),
          prepare: (request) => {
            saboteur.step('prepare')
            return request
          },
          onEnd: () => saboteur.step('onEnd'),
        })
        return handler(post(path, { ...asked, stream }))
      })
      expect(count).toBeGreaterThanOrEqual(4)
    }
    await expect.poll(() => orchestrator.stats().active).toBe(0)
  })
})
