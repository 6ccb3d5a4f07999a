import {
  catalogue,
  chatApiCall,
  createOrchestrator,
  LlmError,
  type ChatRequest,
  type OrchestratorOptions,
} from 'llm-switchyard'
import { createRegistry } from 'llm-switchyard/adapter'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { noting, refusalOf } from './sent.ts'

const NAMES = [
  'DEFAULT_LLM_PROVIDER',
  'DEFAULT_MODEL_GROQ',
  'DEFAULT_MODEL_OPENAI',
  'DEFAULT_MODEL_GITHUB_MODELS',
  'DEFAULT_MODEL_OUR_OWN_SERVER',
]

beforeEach(() => {
  for (const name of NAMES) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.unstubAllEnvs()
})

const messages = [{ role: 'user' as const, content: 'Hi' }]

/** Where a call went, as `provider model`. */
async function went(options: OrchestratorOptions, request: Partial<ChatRequest> = {}): Promise<string> {
  const host = createOrchestrator({ ...options, transport: noting([]) })
  const reply = await host.chatApiCall({ apiKey: 'key', messages, ...request, stream: false })
  return `${reply.provider} ${reply.model}`
}

describe('a call that names no provider', () => {
  test('goes to the host’s, before the environment’s', async () => {
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'groq')
    vi.stubEnv('DEFAULT_MODEL_GROQ', 'of-the-environment')
    expect(await went({})).toBe('groq of-the-environment')
    expect(await went({ defaultProvider: 'mistral', defaultModel: 'm' })).toBe('mistral m')
    expect(await went({ defaultProvider: '', defaultModel: '' })).toBe('groq of-the-environment')
    expect(await went({}, { provider: '', model: 'asked-for' })).toBe('groq asked-for')
  })

  test('goes where its model says, if that begins with a provider', async () => {
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'groq')
    expect(await went({ defaultProvider: 'mistral' }, { model: 'openai/gpt-4o' })).toBe('openai gpt-4o')
    expect(await went({}, { model: 'qwen/qwen3-32b' })).toBe('qwen qwen3-32b')
    expect(await went({}, { model: 'nobody/m' })).toBe('groq nobody/m')
  })

  test('goes where the host’s default model says', async () => {
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'groq')
    expect(await went({ defaultModel: 'openai/gpt-4o' })).toBe('openai gpt-4o')
    expect(await went({ defaultModel: 'openai/gpt-4o' }, { model: 'other' })).toBe('openai other')
    expect(await went({ defaultModel: 'openai/gpt-4o', defaultProvider: 'openrouter' })).toBe(
      'openrouter openai/gpt-4o',
    )
  })

  test('is refused where nothing names one, or what does is unknown', async () => {
    expect((await refusalOf({ apiKey: 'key', model: 'm' })).kind).toBe('misconfigured')
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'nobody')
    const fromEnvironment = await refusalOf({ apiKey: 'key', model: 'm' })
    expect(fromEnvironment.message).toContain('DEFAULT_LLM_PROVIDER names the unknown provider "nobody"')
    const host = createOrchestrator({ defaultProvider: 'typo', transport: noting([]) })
    await expect(host.chatApiCall({ model: 'm', messages })).rejects.toThrow('defaultProvider names')
  })

  test('sees the environment of its own moment', async () => {
    const host = createOrchestrator({ transport: noting([]) })
    const ask = async (): Promise<string> =>
      (await host.chatApiCall({ apiKey: 'key', model: 'm', messages })).provider
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'groq')
    expect(await ask()).toBe('groq')
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'openai')
    expect(await ask()).toBe('openai')
  })

  test('works without a host', async () => {
    vi.stubEnv('DEFAULT_LLM_PROVIDER', 'groq')
    vi.stubEnv('DEFAULT_MODEL_GROQ', 'm')
    const reply = await chatApiCall({ apiKey: 'key', messages, transport: noting([]) })
    expect([reply.provider, reply.model]).toEqual(['groq', 'm'])
  })
})

describe('a call that names no model', () => {
  test.each([
    ['groq', 'DEFAULT_MODEL_GROQ'],
    ['github-models', 'DEFAULT_MODEL_GITHUB_MODELS'],
    ['our.own-server', 'DEFAULT_MODEL_OUR_OWN_SERVER'],
  ])('of %s takes the one in %s', async (provider, name) => {
    vi.stubEnv(name, 'some/model')
    const providers = { 'our.own-server': { extends: 'openai-compatible', baseUrl: 'http://here.test/v1' } }
    expect(await went({ providers }, { provider })).toBe(`${provider} some/model`)
  })

  test('takes the host’s for that provider before the environment’s', async () => {
    vi.stubEnv('DEFAULT_MODEL_GROQ', 'of-the-environment')
    const providers = { groq: { defaultModel: 'of-the-host' } }
    expect(await went({ providers }, { provider: 'groq' })).toBe('groq of-the-host')
    expect(await went({}, { provider: 'groq' })).toBe('groq of-the-environment')
  })

  test('never takes the default model of another provider', async () => {
    const options = { defaultProvider: 'openai', defaultModel: 'gpt-4o' }
    expect(await went(options)).toBe('openai gpt-4o')
    const host = createOrchestrator({ ...options, transport: noting([]) })
    const error: unknown = await host
      .chatApiCall({ provider: 'groq', apiKey: 'key', messages })
      .catch((caught: unknown) => caught)
    expect(LlmError.is(error) && error.kind).toBe('misconfigured')
  })

  test('keeps the one that it names', async () => {
    vi.stubEnv('DEFAULT_MODEL_GROQ', 'of-the-environment')
    expect(await went({ defaultModel: 'd' }, { provider: 'groq', model: 'asked-for' })).toBe('groq asked-for')
  })
})

describe('the prefix of a model', () => {
  const registry = createRegistry(catalogue)
  const resolve = (model: string, provider?: string): string => {
    const target = registry.resolve({ provider, model })
    return `${target.provider} ${target.model}`
  }

  test.each([
    ['openai/gpt-4o', undefined, 'openai gpt-4o'],
    ['openai/gpt-4o', 'openai', 'openai gpt-4o'],
    ['ollama/library/qwen3:8b', undefined, 'ollama library/qwen3:8b'],
    ['anthropic/claude-sonnet-4.5', 'openrouter', 'openrouter anthropic/claude-sonnet-4.5'],
    ['openrouter/anthropic/claude-sonnet-4.5', undefined, 'openrouter anthropic/claude-sonnet-4.5'],
    ['openrouter/auto', 'openrouter', 'openrouter openrouter/auto'],
    ['openrouter/auto', undefined, 'openrouter openrouter/auto'],
    ['meta-llama/Llama-3.1-8B-Instruct', 'huggingface', 'huggingface meta-llama/Llama-3.1-8B-Instruct'],
    ['huggingface/meta-llama/Llama-3.1-8B', undefined, 'huggingface meta-llama/Llama-3.1-8B'],
    ['openai/gpt-4.1', 'github-models', 'github-models openai/gpt-4.1'],
    ['nvidia/nvidia/nemotron-nano', undefined, 'nvidia nvidia/nemotron-nano'],
    ['@cf/meta/llama-3.1-8b-instruct', 'cloudflare', 'cloudflare @cf/meta/llama-3.1-8b-instruct'],
    ['groq/llama-3.3-70b-versatile', undefined, 'groq llama-3.3-70b-versatile'],
    ['groq/compound', undefined, 'groq groq/compound'],
    ['groq/compound-mini', 'groq', 'groq groq/compound-mini'],
    ['groq/groq/compound', undefined, 'groq groq/compound'],
    ['openai/gpt-oss-120b', 'groq', 'groq openai/gpt-oss-120b'],
  ])('%s with provider %s is %s', (model, provider, expected) => {
    expect(resolve(model, provider)).toBe(expected)
  })
})
