import type { TokenCountApi } from '../../core/token-count.ts'
import type * as formats from './formats.ts'

type Formats = typeof formats
/** Loads the format of an endpoint that counts, which calls of chat do not need. */
type Load = () => Promise<TokenCountApi>

function load(pick: (formats: Formats) => TokenCountApi): Load {
  return () => import('./formats.ts').then(pick)
}

/** Counts of the Anthropic messages format. */
export const messagesTokenCount: Load = load((formats) => formats.messagesTokenCount)
/** Counts of Claude on Vertex AI, where the model is in the body. */
export const vertexMessagesTokenCount: Load = load((formats) => formats.vertexMessagesTokenCount)
/** Counts of the OpenAI responses format. */
export const responsesTokenCount: Load = load((formats) => formats.responsesTokenCount)
/** Counts of Google's Gemini API, whose request is that of a chat with its model. */
export const geminiTokenCount: Load = load((formats) => formats.geminiTokenCount)
/** Counts of Gemini on Vertex AI. */
export const vertexTokenCount: Load = load((formats) => formats.vertexTokenCount)
/** Counts of the Bedrock converse format. */
export const converseTokenCount: Load = load((formats) => formats.converseTokenCount)
/** Counts of a model's own format on Bedrock. */
export const invokeTokenCount: Load = load((formats) => formats.invokeTokenCount)
