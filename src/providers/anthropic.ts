import { defineProvider, type ModelCapabilities, type ProviderDefinition } from '../core/provider.ts'
import { anthropicMessages, messagesTokenCount, type AnthropicMessagesQuirks } from '../dialects/index.ts'
import { anthropicTools } from './options/index.ts'

// Enough for long reasoning and a long answer. The model's own maximum applies if it is smaller.
const DEFAULT_MAX_TOKENS = 32_000

/** Origins of Claude's signed thoughts, which its platforms take from each other. */
const claudeThoughts = [
  'anthropic/anthropic-messages',
  'vertex/anthropic-messages',
  'bedrock/anthropic-messages',
  'bedrock/bedrock-converse',
] as const

/** A model whose answers have at most `maxOutput` tokens. */
function model(
  maxOutput: number,
  traits: ModelCapabilities,
  quirks?: AnthropicMessagesQuirks,
): ModelCapabilities {
  const required = Math.min(maxOutput, DEFAULT_MAX_TOKENS)
  return {
    images: true,
    tools: true,
    reasoning: true,
    jsonSchema: true,
    ...traits,
    maxOutput,
    params: { ...traits.params, maxTokens: { required, clamp: [1, maxOutput] } },
    quirks: { ...quirks, maxOutput },
  }
}

const noSampling = 'the model accepts no sampling settings'
const noSamplers = {
  temperature: { drop: noSampling },
  topP: { drop: noSampling },
  topK: { drop: noSampling },
} as const
const noSchema = { responseFormat: { drop: 'the model has no structured outputs' } } as const
const noThinking = { reasoning: { drop: 'the model does not reason' } } as const

const large = { contextWindow: 1_000_000, prefill: false } as const
const small = { contextWindow: 200_000 } as const

/** Instructions in the middle of a conversation stay there, so that its cached prefix stays valid. */
const systemInPlace = { lateSystem: 'after-user' } as const

/** Thinks adaptively and accepts no sampling settings. */
const adaptive = model(128_000, { ...large, params: noSamplers, rules: systemInPlace })
const alwaysAdaptive = model(
  128_000,
  { ...large, params: noSamplers, rules: systemInPlace },
  { thinkingOff: 'never' },
)
const efforts = ['low', 'medium', 'high', 'max'] as const
const adaptiveSampled = model(128_000, large, { efforts })
// Models before 4.6 continue an assistant message that ends the conversation; later ones refuse it.
const prefilled = { ...small, prefill: true } as const
const budgeted = model(64_000, prefilled, { thinking: 'budget' })
const unstructured = { ...prefilled, jsonSchema: false, params: noSchema } as const
const unreasoning = {
  ...prefilled,
  jsonSchema: false,
  reasoning: false,
  params: { ...noSchema, ...noThinking },
} as const

const unforced = { boundThoughts: true, quirks: { forcedToolChoice: false } } as const
const forced = { quirks: { forcedToolChoice: true } } as const

/** Anthropic. Unlisted models count as new models: adaptive thinking, settings sent unchanged. */
export const anthropic: ProviderDefinition = defineProvider({
  id: 'anthropic',
  name: 'Anthropic',
  dialect: anthropicMessages,
  baseUrl: 'https://api.anthropic.com/v1',
  auth: { type: 'header', name: 'x-api-key' },
  env: ['ANTHROPIC_API_KEY'],
  quirks: {
    thinking: 'adaptive',
    thinkingDisplay: 'summarized',
    bindingControls: true,
    thoughtsFrom: claudeThoughts,
    serverTools: anthropicTools,
  } satisfies AnthropicMessagesQuirks,
  models: {
    'claude-fable-5*': alwaysAdaptive,
    'claude-fable-5-*': unforced,
    // A date or the version of Bedrock, and not a minor version.
    'claude-fable-5-20*': forced,
    'claude-fable-5-v*': forced,
    'claude-mythos-5*': alwaysAdaptive,
    'claude-mythos-5-*': unforced,
    'claude-mythos-5-20*': forced,
    'claude-mythos-5-v*': forced,
    'claude-mythos-preview*': { prefill: false, quirks: { thinkingOff: 'never', efforts } },
    'claude-opus-5*': adaptive,
    'claude-opus-5-5*': { boundThoughts: true, quirks: { thinkingOff: 'never', forcedToolChoice: false } },
    'claude-sonnet-5*': adaptive,
    'claude-sonnet-5-5*': {
      boundThoughts: true,
      quirks: { thinkingOff: 'between_tools', forcedToolChoice: false },
    },
    'claude-haiku-5*': adaptive,
    'claude-haiku-5-5*': {
      boundThoughts: true,
      params: {
        temperature: { to: 'temperature', clamp: [1, 1] },
        topP: { to: 'top_p', clamp: [0.99, 0.99] },
      },
      quirks: { forcedToolChoice: 'unthinking' } satisfies AnthropicMessagesQuirks,
    },
    'claude-opus-4-8*': adaptive,
    'claude-opus-4-7*': model(128_000, { ...large, params: noSamplers }),
    'claude-opus-4-6*': adaptiveSampled,
    'claude-sonnet-4-6*': adaptiveSampled,
    'claude-opus-4-5*': { ...budgeted, quirks: { ...budgeted.quirks, efforts: ['low', 'medium', 'high'] } },
    'claude-sonnet-4-5*': budgeted,
    'claude-haiku-4-5*': budgeted,
    'claude-opus-4-1*': model(32_000, prefilled, { thinking: 'budget' }),
    'claude-opus-4-0*': model(32_000, unstructured, { thinking: 'budget', strictTools: false }),
    'claude-opus-4-20250514*': model(32_000, unstructured, { thinking: 'budget', strictTools: false }),
    'claude-sonnet-4-0*': model(64_000, unstructured, { thinking: 'budget', strictTools: false }),
    'claude-sonnet-4-20250514*': model(64_000, unstructured, { thinking: 'budget', strictTools: false }),
    'claude-3-7-sonnet*': model(64_000, unstructured, { thinking: 'budget', strictTools: false }),
    'claude-3-5-*': model(8_192, unreasoning, { strictTools: false }),
    'claude-3-opus*': model(4_096, unreasoning, { strictTools: false }),
    'claude-3-sonnet*': model(4_096, unreasoning, { strictTools: false }),
    'claude-3-haiku*': model(4_096, unreasoning, { strictTools: false }),
  },
  apis: {
    // The newer version of the format: no samplers, and the key as a bearer token.
    '2026-10-21': {
      dialect: anthropicMessages,
      headers: { 'anthropic-version': '2026-10-21' },
      auth: { type: 'bearer' },
      params: noSamplers,
    },
  },
  tokenCount: messagesTokenCount,
  docs: 'https://platform.claude.com/docs/en/api/messages',
  verifiedOn: '2026-11-21',
})
