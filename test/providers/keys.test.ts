import { inspect } from 'node:util'
import { catalogue, chatApiCall, createOrchestrator, LlmError, Secret, type KeySource } from 'llm-switchyard'
import { type HttpRequest } from 'llm-switchyard/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { anyVariables, noting, refusalOf } from './sent.ts'

const NAMES = [
  'GROQ_API_KEY',
  'HF_TOKEN',
  'HUGGINGFACE_API_KEY',
  'HUGGINGFACEHUB_API_TOKEN',
  'OPENAI_API_KEY',
  'OUR_GROQ_API_KEY',
]

beforeEach(() => {
  for (const name of [...NAMES, ...catalogue.flatMap(({ env = [] }) => env)]) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** The key that a call to Groq carried, through a host that has `configured`. */
async function keySent(given: KeySource | undefined, configured?: KeySource | readonly KeySource[]) {
  const requests: HttpRequest[] = []
  const host = createOrchestrator({
    providers: { groq: { apiKey: configured } },
    transport: noting(requests),
  })
  await host.chatApiCall({ provider: 'groq', model: 'm', apiKey: given, messages })
  return requests[0]?.headers['authorization']
}

describe('a key', () => {
  test.each(catalogue.filter(({ env }) => env !== undefined).map(({ id, env }) => [id, env?.[0] ?? '']))(
    'of %s is read from %s at the call',
    async (provider, name) => {
      vi.stubEnv(name, 'from-the-environment')
      const requests: HttpRequest[] = []
      const baseUrl = provider === 'openai-compatible' ? 'http://here.test/v1' : undefined
      const call = {
        provider,
        model: 'm',
        baseUrl,
        variables: anyVariables,
        messages,
        transport: noting(requests),
      }
      await chatApiCall(call).catch(() => undefined)
      expect(Object.values(requests[0]?.headers ?? {}).join(' ')).toContain('from-the-environment')
    },
  )

  test.each(
    catalogue
      .filter(({ keyRequired, auth }) => keyRequired !== false && auth.type !== 'none')
      .map(({ id, env = [] }) => [id, env]),
  )('of %s that is missing is asked for by name, before anything is sent', async (provider, env) => {
    for (const apiKey of [undefined, '', '  ', async () => '', () => undefined]) {
      const error = await refusalOf({ provider, model: 'm', apiKey, variables: anyVariables })
      expect(error.kind).toBe('misconfigured')
      for (const name of env) expect(error.message).toContain(name)
    }
  })

  test.each(catalogue.filter(({ keyRequired }) => keyRequired === false).map(({ id }) => id))(
    'of %s may be missing: nothing stands in its place',
    async (provider) => {
      const requests: HttpRequest[] = []
      const baseUrl = 'http://here.test/v1'
      const call = { provider, model: 'm', baseUrl, messages, transport: noting(requests) }
      await chatApiCall({ ...call, apiKey: '' }).catch(() => undefined)
      expect(requests).toHaveLength(1)
      for (const name of ['authorization', 'x-api-key', 'api-key'])
        expect(requests[0]?.headers).not.toHaveProperty(name)
    },
  )

  test('comes from the call, then from the host, then from the environment; an empty one is none', async () => {
    vi.stubEnv('GROQ_API_KEY', 'env')
    expect(await keySent('call', 'host')).toBe('Bearer call')
    expect(await keySent(undefined, 'host')).toBe('Bearer host')
    expect(await keySent('', 'host')).toBe('Bearer host')
    expect(await keySent(' ', ['', 'host'])).toBe('Bearer host')
    expect(await keySent(new Secret(''), 'host')).toBe('Bearer host')
    expect(await keySent('', '')).toBe('Bearer env')
    expect(await keySent(undefined, ['', ' '])).toBe('Bearer env')
    expect(await keySent(undefined)).toBe('Bearer env')
  })

  test('that is set after the host was made is found, and one that is blank is not', async () => {
    const requests: HttpRequest[] = []
    const host = createOrchestrator({ transport: noting(requests) })
    const call = { provider: 'huggingface', model: 'a/b', messages }
    vi.stubEnv('HF_TOKEN', ' ')
    await expect(host.chatApiCall(call)).rejects.toMatchObject({ kind: 'misconfigured' })
    vi.stubEnv('HF_TOKEN', 'late')
    await host.chatApiCall(call)
    vi.stubEnv('HF_TOKEN', 'later')
    await host.chatApiCall(call)
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer late', 'Bearer later'])
  })

  test('from a function is asked for at every call', async () => {
    const requests: HttpRequest[] = []
    let turn = 0
    const host = createOrchestrator({
      providers: { groq: { apiKey: async () => `key-${++turn}` } },
      transport: noting(requests),
    })
    for (let call = 0; call < 3; call++) await host.chatApiCall({ provider: 'groq', model: 'm', messages })
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual([
      'Bearer key-1',
      'Bearer key-2',
      'Bearer key-3',
    ])
  })

  test('of a deployment under a name of one’s own has that name in the environment', async () => {
    const requests: HttpRequest[] = []
    const providers = { 'our.groq': { extends: 'groq' } }
    const host = createOrchestrator({ providers, transport: noting(requests) })
    const call = { provider: 'our.groq', model: 'm', messages }
    vi.stubEnv('GROQ_API_KEY', 'shared')
    await host.chatApiCall(call)
    vi.stubEnv('OUR_GROQ_API_KEY', 'own')
    await host.chatApiCall(call)
    expect(requests.map(({ headers }) => headers['authorization'])).toEqual(['Bearer shared', 'Bearer own'])
  })

  test('from a function that fails ends the call without being shown', async () => {
    const key = 'plain words 4711 of a key'
    const requests: HttpRequest[] = []
    const failing = async (): Promise<string> => {
      throw new Error('the vault is shut')
    }
    const call = { provider: 'groq', model: 'm', messages, transport: noting(requests) }
    await expect(chatApiCall({ ...call, apiKey: failing })).rejects.toMatchObject({ kind: 'misconfigured' })
    expect(requests).toEqual([])
    // A line break in a header would be refused by the transport, which prints the value.
    const broken: unknown = await chatApiCall({ ...call, apiKey: `${key}\nX: y` }).catch(
      (error: unknown) => error,
    )
    expect(LlmError.is(broken) && broken.kind).toBe('misconfigured')
    for (const shown of [String(broken), JSON.stringify(broken), inspect(broken, { depth: 9 })])
      expect(shown).not.toContain(key)
  })
})
