import type { EmbeddingApi } from '../../core/embedding.ts'
import type * as formats from './formats.ts'
import type { EmbeddingOptions } from './formats.ts'

export type { EmbeddingOptions } from './formats.ts'

type Formats = typeof formats
/** Loads the wire format of an embeddings endpoint, which calls of chat do not need. */
type Load = () => Promise<EmbeddingApi>

function load(pick: (formats: Formats) => EmbeddingApi): Load {
  return () => import('./formats.ts').then(pick)
}

/** Creates the embeddings format that most vendors share. */
export function commonEmbeddings(options?: EmbeddingOptions): Load {
  return load((formats) => formats.commonEmbeddings(options))
}

/** Gemini's batch format. */
export const geminiEmbeddings: Load = load((formats) => formats.geminiEmbeddings)
/** Vertex AI's `predict` format: one list of instances. */
export const predictEmbeddings: Load = load((formats) => formats.predictEmbeddings)
/** Cohere's own format, in which the purpose is required. Default purpose: documents. */
export const cohereEmbeddings: Load = load((formats) => formats.cohereEmbeddings)
/** Ollama's native format. */
export const ollamaEmbeddings: Load = load((formats) => formats.ollamaEmbeddings)
/** Amazon Titan on Bedrock: one text per request. */
export const titanEmbeddings: Load = load((formats) => formats.titanEmbeddings)
/** Cohere's models on Bedrock. */
export const bedrockCohereEmbeddings: Load = load((formats) => formats.bedrockCohereEmbeddings)
