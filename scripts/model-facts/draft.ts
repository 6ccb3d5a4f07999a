import type { FactSource, ModelFacts } from '../../src/core/model-facts.ts'

/** Facts from one source: everything but the sources. */
export type Facts = Omit<Partial<ModelFacts>, 'sources'> & Pick<ModelFacts, 'provider' | 'id'>

/** What a reader found in one source. */
export interface Found {
  readonly source: FactSource
  readonly facts: readonly Facts[]
}

/** Our providers by the names that the sources give them. A name that is not listed is no provider of the catalogue. */
const PROVIDERS: Readonly<Record<string, string>> = {
  alibaba: 'qwen',
  'amazon-bedrock': 'bedrock',
  aws: 'bedrock',
  bedrock: 'bedrock',
  bedrock_converse: 'bedrock',
  anthropic: 'anthropic',
  azure: 'azure',
  baseten: 'baseten',
  cerebras: 'cerebras',
  cloudflare: 'cloudflare',
  'cloudflare-workers-ai': 'cloudflare',
  cohere: 'cohere',
  cohere_chat: 'cohere',
  dashscope: 'qwen',
  deepinfra: 'deepinfra',
  deepseek: 'deepseek',
  fireworks: 'fireworks',
  fireworks_ai: 'fireworks',
  'fireworks-ai': 'fireworks',
  gemini: 'google',
  google: 'google',
  'google-vertex': 'vertex',
  'google-vertex-anthropic': 'vertex',
  'github-models': 'github-models',
  groq: 'groq',
  huggingface: 'huggingface',
  hyperbolic: 'hyperbolic',
  lmstudio: 'lmstudio',
  minimax: 'minimax',
  mistral: 'mistral',
  moonshot: 'moonshot',
  moonshotai: 'moonshot',
  nebius: 'nebius',
  novita: 'novita',
  'novita-ai': 'novita',
  nvidia: 'nvidia',
  nvidia_nim: 'nvidia',
  'ollama-cloud': 'ollama',
  openai: 'openai',
  openrouter: 'openrouter',
  perplexity: 'perplexity',
  poe: 'poe',
  sambanova: 'sambanova',
  together: 'together',
  together_ai: 'together',
  togetherai: 'together',
  vercel: 'vercel-gateway',
  vercel_ai_gateway: 'vercel-gateway',
  vertex: 'vertex',
  vertex_ai: 'vertex',
  'vertex_ai-language-models': 'vertex',
  'vertex_ai-anthropic_models': 'vertex',
  voyage: 'voyage',
  xai: 'xai',
  'x-ai': 'xai',
  zai: 'zai',
}

/** Returns our id of a source's provider; `undefined` if we have no such provider. */
export function providerOf(name: string): string | undefined {
  return Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name] : undefined
}

/** Every name of a provider in the sources. */
export const providerNames: readonly string[] = Object.keys(PROVIDERS)
