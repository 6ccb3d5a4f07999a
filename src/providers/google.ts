import type { ModelCapabilities, ProviderDefinition } from '../core/provider.ts'
import { defineProvider } from '../core/provider.ts'
import { gemini, geminiTokenCount, type GeminiQuirks } from '../dialects/index.ts'
import { googleTools } from './options/index.ts'

const window = { contextWindow: 1_048_576, maxOutput: 65_536 } as const
const noThinking = { reasoning: { drop: 'the model does not reason' } } as const
const noPenalties = {
  frequencyPenalty: { drop: 'the model refuses penalties' },
  presencePenalty: { drop: 'the model refuses penalties' },
} as const
const oneAnswer = { n: { drop: 'the model gives one answer per request' } } as const
const ownSampling = {
  temperature: { drop: 'the model ignores it' },
  topP: { drop: 'the model ignores it' },
  topK: { drop: 'the model ignores it' },
} as const

// Before the third generation: no signatures, tool results of text only, no JSON together with tools.
const early: GeminiQuirks = { signedCalls: false, resultParts: false, jsonWithTools: false }
function budget(least: number, most: number, thinkingOff: boolean): ModelCapabilities {
  return { quirks: { ...early, thinkingBudget: [least, most], thinkingOff } satisfies GeminiQuirks }
}
function levels(...thinkingLevels: string[]): ModelCapabilities {
  return { quirks: { thinkingLevels } satisfies GeminiQuirks }
}
const fourLevels = levels('MINIMAL', 'LOW', 'MEDIUM', 'HIGH')

// These refuse a conversation that ends with the model's turn.
const unsampled = { params: ownSampling, prefill: false } as const
const newest: ModelCapabilities = {
  ...window,
  reasoning: true,
  prefill: false,
  params: { ...noPenalties, ...oneAnswer, ...ownSampling },
}

const models: Readonly<Record<string, ModelCapabilities>> = {
  'gemini-1*': { reasoning: false, params: noThinking, quirks: { ...early, strictTools: false } },
  'gemini-2.0*': { reasoning: false, params: noThinking, quirks: { ...early, strictTools: false } },
  'gemini-2.5*': { ...window, reasoning: true, params: noPenalties, quirks: early },
  'gemini-2.5-pro*': budget(128, 32_768, false),
  'gemini-2.5-flash*': budget(1, 24_576, true),
  'gemini-2.5-flash-lite*': budget(512, 24_576, true),
  'gemini-2.5-flash-image*': { reasoning: false, params: noThinking },
  'gemini-3*': { ...window, reasoning: true, params: { ...noPenalties, ...oneAnswer } },
  'gemini-3-pro*': levels('LOW', 'HIGH'),
  'gemini-3-pro-image*': { params: { reasoning: { drop: 'the model decides how much it thinks' } } },
  'gemini-3-flash*': fourLevels,
  'gemini-3.1-flash*': fourLevels,
  'gemini-3.5-flash*': fourLevels,
  'gemini-3.5-flash-lite*': unsampled,
  'gemini-3.6*': { ...fourLevels, ...unsampled },
  'gemini-3.7*': unsampled,
  'gemini-3.8*': unsampled,
  'gemini-3.9*': unsampled,
  'gemini-4*': newest,
  'gemini-4*hydrogen*': levels('LOW', 'MEDIUM', 'HIGH', 'XHIGH'),
  'gemini-flash-latest': newest,
  'gemini-flash-lite-latest': newest,
  'gemini-pro-latest': { ...window, reasoning: true, params: noPenalties },
  'gemma-3*': {
    reasoning: false,
    tools: false,
    params: {
      ...noThinking,
      tools: { drop: 'the model has no tools' },
      toolChoice: { drop: 'the model has no tools' },
      responseFormat: { drop: 'the model has no JSON mode' },
    },
    quirks: { ...early, systemInstruction: false } satisfies GeminiQuirks,
  },
}

// Ids may also be written with `models/` before them.
function withFolder(ids: Readonly<Record<string, ModelCapabilities>>): Record<string, ModelCapabilities> {
  return Object.fromEntries(
    Object.entries(ids).flatMap(([id, traits]) => [[id, traits] as const, [`models/${id}`, traits] as const]),
  )
}

/** Google's Gemini API, with a key from AI Studio. */
export const google: ProviderDefinition = defineProvider({
  id: 'google',
  name: 'Google Gemini',
  dialect: gemini,
  baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
  auth: { type: 'header', name: 'x-goog-api-key' },
  env: ['GEMINI_API_KEY', 'GOOGLE_API_KEY', 'GOOGLE_GENERATIVE_AI_API_KEY'],
  quirks: {
    fileBase: 'https://generativelanguage.googleapis.com/v1beta/',
    allowedTools: true,
    serverTools: googleTools,
    toolSteps: true,
  } satisfies GeminiQuirks,
  models: withFolder(models),
  tokenCount: geminiTokenCount,
  docs: 'https://ai.google.dev/api/generate-content',
  verifiedOn: '2026-11-21',
})
