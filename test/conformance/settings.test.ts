import { describe, expect, test } from 'vitest'
import {
  catalogue,
  chatApiCall,
  type ChatRequest,
  LlmError,
  type Settings,
  type Transport,
} from 'llm-switchyard'
import { createRegistry } from 'llm-switchyard/adapter'
import { anyVariables } from '../providers/sent.ts'
import { settingNames, type SettingName } from '../../src/core/params.ts'

// One value of each setting that no wire has as its default.
const values: Required<{ [Name in SettingName]: NonNullable<Settings[Name]> }> = {
  maxTokens: 77,
  temperature: 0.3,
  topP: 0.4,
  topK: 11,
  minP: 0.07,
  stop: ['END'],
  seed: 5,
  frequencyPenalty: 0.5,
  presencePenalty: 0.6,
  repetitionPenalty: 1.1,
  logitBias: { '50256': -100 },
  logprobs: true,
  topLogprobs: 3,
  n: 2,
  responseFormat: { type: 'json', schema: { type: 'object', properties: { a: { type: 'string' } } } },
  tools: [{ name: 'look', description: 'Looks', parameters: { type: 'object', properties: {} } }],
  serverTools: [{ type: 'web-search' }],
  toolChoice: 'required',
  parallelToolCalls: false,
  reasoning: 'high',
  user: 'user-1',
  cache: { auto: true, key: 'k', id: 'cachedContents/c', ttl: '1h' },
  metadata: { key: 'value' },
}

// What a setting needs beside it to mean anything.
const company: Partial<Record<SettingName, Partial<ChatRequest>>> = {
  metadata: { extraBody: { store: true } },
  topLogprobs: { logprobs: true },
  toolChoice: { tools: values.tools },
  parallelToolCalls: { tools: values.tools },
}

class Sent extends Error {}

interface Outcome {
  readonly body: string
  readonly warnings: readonly string[]
}

async function send(provider: string, model: string, settings: Partial<ChatRequest>): Promise<Outcome> {
  let body = ''
  const transport: Transport = {
    send: async (request) => {
      body = `${request.url} ${request.body}`
      throw new Sent()
    },
  }
  const messages = [{ role: 'user' as const, content: 'Hi' }]
  // A base URL of the caller would decide the wire format.
  const baseUrl = provider === 'openai-compatible' ? 'http://sent.test/v1' : undefined
  const access = { apiKey: 'k', baseUrl, variables: anyVariables, transport }
  await chatApiCall({ provider, model, messages, ...access, ...settings }).catch(() => undefined)
  // What would be warned of is what `error` refuses.
  const refused = await chatApiCall({
    provider,
    model,
    messages,
    ...access,
    ...settings,
    onUnsupported: 'error',
  }).catch((error: unknown) => error)
  const issues = LlmError.is(refused, 'unsupported') ? (refused.issues ?? []) : []
  return { body, warnings: issues.map(({ path }) => path) }
}

/** Whether a value is what a model does anyway, so that another one shows that the setting is sent. */
async function isDefault(provider: string, model: string, setting: SettingName): Promise<boolean> {
  if (setting !== 'reasoning') return false
  const off = await send(provider, model, { reasoning: 'none' })
  return off.body !== (await send(provider, model, {})).body
}

/** A plain model, and one of each family that the provider has traits for. */
const targets = catalogue.flatMap((definition) => {
  const families = Object.keys(definition.models ?? {}).map((pattern) => pattern.replace(/\*$/, 'x'))
  return ['some-model', ...families].map((model) => [definition.id, model] as const)
})

describe.each(targets)('%s %s', (provider, model) => {
  test.each(settingNames)(
    '%s: sent or not sent, the body changes or a warning is raised',
    async (setting) => {
      const beside = company[setting] ?? {}
      const without = await send(provider, model, beside)
      const sent = await send(provider, model, { ...beside, [setting]: values[setting] })
      expect(without.body).not.toBe('')
      const changed = sent.body !== without.body || (await isDefault(provider, model, setting))
      const warned = sent.warnings.includes(setting)
      expect(changed || warned).toBe(true)
    },
  )

  test('explain() agrees with what was sent', async () => {
    const explained = createRegistry(catalogue).explain(provider, model)
    const changes = async (setting: SettingName, beside: Partial<ChatRequest>): Promise<boolean> => {
      const without = await send(provider, model, beside)
      return (await send(provider, model, { ...beside, [setting]: values[setting] })).body !== without.body
    }
    for (const { setting, action } of explained) {
      const beside = company[setting] ?? {}
      // Some models take samplers only while they do not think, which some do unless told otherwise.
      const sent =
        (await changes(setting, beside)) ||
        (setting !== 'reasoning' && (await changes(setting, { ...beside, reasoning: 'none' }))) ||
        (await isDefault(provider, model, setting))
      const lost = !sent
      expect({ setting, dropped: action === 'dropped' }).toEqual({
        setting,
        dropped: lost && action !== 'fixed',
      })
    }
  })
})
