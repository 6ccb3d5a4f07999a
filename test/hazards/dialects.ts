import type { CallOptions } from 'llm-switchyard'
import type { FakeProvider } from 'llm-switchyard/testing'
import { wires } from '../../src/testing/wires/index.ts'

/** Who speaks each wire format that the fake provider knows. */
const SPEAKERS: Readonly<Record<string, Pick<CallOptions, 'provider' | 'model' | 'api'>>> = {
  'openai-chat': { provider: 'openai', model: 'gpt-4.1-mini' },
  'anthropic-messages': { provider: 'anthropic', model: 'claude-haiku-4-5' },
  gemini: { provider: 'google', model: 'gemini-3-flash-preview' },
  'openai-responses': { provider: 'openai', model: 'gpt-5', api: 'responses' },
  cohere: { provider: 'cohere', model: 'command-a-03-2025' },
  'bedrock-converse': { provider: 'bedrock', model: 'anthropic.claude-haiku-4-5-20251001-v1:0' },
  'bedrock-invoke': { provider: 'bedrock', model: 'anthropic.claude-haiku-4-5-20251001-v1:0', api: 'invoke' },
  ollama: { provider: 'ollama', model: 'qwen3' },
  kobold: { provider: 'koboldcpp', model: 'some-model' },
}

/** Every wire format that is spoken, by name. */
export const spoken: readonly string[] = wires.map(({ dialect }) => dialect)

/** How a call reaches the fake provider in one wire format. */
export function at(fake: FakeProvider, dialect: string): CallOptions {
  const speaker = SPEAKERS[dialect]
  if (speaker === undefined) throw new Error(`no provider is known to the tests for ${dialect}`)
  return { ...speaker, baseUrl: fake.baseUrl(dialect), apiKey: 'test-key' }
}
