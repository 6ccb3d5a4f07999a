import { afterEach, describe, expect, test, vi } from 'vitest'
import { createOrchestrator, Secret, type ChatRequest, type OrchestratorOptions } from 'llm-switchyard'

const KEY = 'sk-wrong-key-0123456789abcdef'
const fetch = async (): Promise<Response> =>
  Response.json({ error: { message: 'Incorrect API key provided.' } }, { status: 401 })

afterEach(() => {
  vi.unstubAllEnvs()
})

async function messageOf(options: OrchestratorOptions, request: Partial<ChatRequest> = {}): Promise<string> {
  await using orchestrator = createOrchestrator({ fetch, ...options })
  const call = { provider: 'openai', model: 'm', messages: [{ role: 'user' as const, content: 'Hi' }] }
  const error: unknown = await orchestrator
    .chatApiCall({ ...call, ...request, stream: false })
    .catch((caught: unknown) => caught)
  return (error as Error).message
}
const openai = (
  apiKey: NonNullable<NonNullable<OrchestratorOptions['providers']>[string]>,
): OrchestratorOptions => ({
  providers: { openai: apiKey },
})

describe('an unauthorized error says where the refused key came from, without the key', () => {
  test.each<[string, OrchestratorOptions, Partial<ChatRequest>, string]>([
    ['the request', {}, { apiKey: KEY }, "the key from the request's apiKey was refused"],
    [
      'a Secret of the application',
      openai({ apiKey: new Secret(KEY) }),
      {},
      'the key from the option providers.openai.apiKey was refused',
    ],
    [
      'a function of the application',
      openai({ apiKey: async () => KEY }),
      {},
      'the key from the function in the option providers.openai.apiKey was refused',
    ],
    [
      'a function of the request',
      openai({ apiKey: 'other' }),
      { apiKey: () => KEY },
      "the key from the function in the request's apiKey was refused",
    ],
    [
      'the last of several, which were tried in turn',
      openai({ apiKey: ['other', KEY] }),
      {},
      'the key from the option providers.openai.apiKey (key #2) was refused',
    ],
    [
      'a header',
      openai({ headers: { Authorization: `Bearer ${KEY}` } }),
      {},
      'the key from the header Authorization was refused',
    ],
  ])('%s', async (_name, options, request, says) => {
    vi.stubEnv('OPENAI_API_KEY', undefined)
    const message = await messageOf(options, request)
    expect(message).toContain(`Incorrect API key provided. (${says})`)
    expect(message).not.toContain(KEY)
  })

  test('the environment, also where a key function gives none', async () => {
    vi.stubEnv('OPENAI_API_KEY', KEY)
    const says = 'the key from OPENAI_API_KEY was refused'
    expect(await messageOf({})).toContain(says)
    expect(await messageOf(openai({ apiKey: () => undefined }))).toContain(says)
    expect(await messageOf(openai({ apiKey: () => 'other' }))).toContain('the function in the option')
  })
})

describe('a key that is missing or cannot be sent', () => {
  test('a function that gives none is named', async () => {
    vi.stubEnv('OPENAI_API_KEY', undefined)
    expect(await messageOf(openai({ apiKey: () => undefined }))).toContain(
      'provider "openai" has no API key (the function in the option providers.openai.apiKey gave none): set OPENAI_API_KEY, or pass apiKey',
    )
  })

  test('a key with a line break is named by its origin', async () => {
    vi.stubEnv('OPENAI_API_KEY', 'first\nsecond')
    expect(await messageOf({})).toContain('the API key of provider "openai", from OPENAI_API_KEY, contains')
  })
})
