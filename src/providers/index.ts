import type { ProviderDefinition } from '../core/provider.ts'
import { groq } from './groq.ts'
import { openai } from './openai.ts'
import { openaiCompatible } from './openai-compatible.ts'

/** Every built-in provider. */
export const catalogue: readonly ProviderDefinition[] = Object.freeze([openai, groq, openaiCompatible])
