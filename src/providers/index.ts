import type { ProviderDefinition } from '../core/provider.ts'
import { anthropic } from './anthropic.ts'
import { aphrodite } from './aphrodite.ts'
import { azure } from './azure.ts'
import { baseten } from './baseten.ts'
import { bedrock } from './bedrock.ts'
import { cerebras } from './cerebras.ts'
import { cloudflare } from './cloudflare.ts'
import { cohere } from './cohere.ts'
import { deepinfra } from './deepinfra.ts'
import { deepseek } from './deepseek.ts'
import { fireworks } from './fireworks.ts'
import { githubModels } from './github-models.ts'
import { google } from './google.ts'
import { groq } from './groq.ts'
import { huggingface } from './huggingface.ts'
import { hyperbolic } from './hyperbolic.ts'
import { jan } from './jan.ts'
import { koboldcpp } from './koboldcpp.ts'
import { litellm } from './litellm.ts'
import { llamacpp } from './llamacpp.ts'
import { lmstudio } from './lmstudio.ts'
import { localai } from './localai.ts'
import { minimax } from './minimax.ts'
import { mistral } from './mistral.ts'
import { moonshot } from './moonshot.ts'
import { nebius } from './nebius.ts'
import { novita } from './novita.ts'
import { nvidia } from './nvidia.ts'
import { ollama } from './ollama.ts'
import { openai } from './openai.ts'
import { openaiCompatible } from './openai-compatible.ts'
import { openrouter } from './openrouter.ts'
import { perplexity } from './perplexity.ts'
import { poe } from './poe.ts'
import { qwen } from './qwen.ts'
import { sambanova } from './sambanova.ts'
import { tabbyapi } from './tabbyapi.ts'
import { textGenerationWebui } from './text-generation-webui.ts'
import { together } from './together.ts'
import { vercelGateway } from './vercel-gateway.ts'
import { vertex } from './vertex.ts'
import { vllm } from './vllm.ts'
import { xai } from './xai.ts'
import { zai } from './zai.ts'

/** Every built-in provider. */
export const catalogue: readonly ProviderDefinition[] = Object.freeze([
  openai,
  anthropic,
  google,
  aphrodite,
  azure,
  baseten,
  bedrock,
  cerebras,
  cloudflare,
  cohere,
  deepinfra,
  deepseek,
  fireworks,
  githubModels,
  groq,
  huggingface,
  hyperbolic,
  jan,
  koboldcpp,
  litellm,
  llamacpp,
  lmstudio,
  localai,
  minimax,
  mistral,
  moonshot,
  nebius,
  novita,
  nvidia,
  ollama,
  openrouter,
  perplexity,
  poe,
  qwen,
  sambanova,
  tabbyapi,
  textGenerationWebui,
  together,
  vercelGateway,
  vertex,
  vllm,
  xai,
  zai,
  openaiCompatible,
])
