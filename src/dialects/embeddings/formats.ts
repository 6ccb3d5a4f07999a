import { rowOf } from '../../core/json.ts'
import type { EmbeddingApi, EmbeddingInput } from '../../core/embedding.ts'
import type { JsonDraft, JsonValue } from '../../core/json.ts'
import { readTokens, readVectors, type PackedAs } from './vectors.ts'

const parse =
  (packed?: PackedAs): EmbeddingApi['parse'] =>
  (reply: JsonValue) => ({ vectors: readVectors(reply, packed), usage: readTokens(reply) })

/** Differences between servers of the common embeddings format. */
export interface EmbeddingOptions {
  /** Path after the base URL; `{model}` is replaced by the model's id. Default `/embeddings`. */
  readonly endpoint?: string | undefined
  /** Maximum number of texts per request. Default 2 048. */
  readonly maxBatch?: number | undefined
  /** Number type of vectors in base64. Default `float32`. */
  readonly packed?: PackedAs | undefined
  /** Wire parameter for the length of the vectors; `null` if there is none. Default `dimensions`. */
  readonly dimensions?: string | null | undefined
  /** Wire parameter for the purpose of the vectors, and its value for each neutral purpose. Default: none. */
  readonly purpose?: { readonly to: string; readonly values: Readonly<Record<string, string>> } | undefined
  /** Whether the server accepts `user`. Default true. */
  readonly user?: boolean | undefined
}

/** Creates the embeddings format that most vendors share. */
export function commonEmbeddings(options: EmbeddingOptions = {}): EmbeddingApi {
  const {
    endpoint = '/embeddings',
    maxBatch = 2_048,
    packed,
    dimensions = 'dimensions',
    purpose,
    user = true,
  } = options
  return {
    maxBatch,
    endpoint: (model) => endpoint.replace('{model}', () => encodeURIComponent(model)),
    render: (input) => {
      const body: JsonDraft = { model: input.model, input: input.inputs }
      if (input.dimensions !== undefined && dimensions !== null) body[dimensions] = input.dimensions
      else if (input.dimensions !== undefined)
        input.warn('dimensions', 'the API has no parameter for the length of vectors')
      const word = input.purpose === undefined ? undefined : rowOf(purpose?.values ?? {}, input.purpose)
      if (word !== undefined && purpose !== undefined) body[purpose.to] = word
      else if (input.purpose !== undefined) input.warn('purpose', 'the API has no such parameter')
      if (input.user !== undefined && user) body['user'] = input.user
      else if (input.user !== undefined) input.warn('user', 'the API has no such parameter')
      return body
    },
    parse: parse(packed),
  }
}

/** Gemini's batch format. */
export const geminiEmbeddings: EmbeddingApi = {
  maxBatch: 100,
  endpoint: (model) => `/${modelPath(model)}:batchEmbedContents`,
  render: (input) => ({ requests: input.inputs.map((text) => geminiContent(text, input)) }),
  parse: parse(),
}

const GEMINI_PURPOSES: Readonly<Record<string, string>> = {
  query: 'RETRIEVAL_QUERY',
  document: 'RETRIEVAL_DOCUMENT',
  similarity: 'SEMANTIC_SIMILARITY',
  classification: 'CLASSIFICATION',
  clustering: 'CLUSTERING',
}

function geminiContent(text: string, { model, dimensions, purpose, user, warn }: EmbeddingInput): JsonDraft {
  if (user !== undefined) warn('user', 'the API has no such parameter')
  return {
    model: modelPath(model),
    content: { parts: [{ text }] },
    outputDimensionality: dimensions,
    taskType: purpose === undefined ? undefined : rowOf(GEMINI_PURPOSES, purpose),
  }
}

function modelPath(model: string): string {
  return model.includes('/') ? model : `models/${model}`
}

/** Vertex AI's `predict` format: one list of instances. */
export const predictEmbeddings: EmbeddingApi = {
  maxBatch: 250,
  endpoint: (model) => `/models/${model}:predict`,
  render: ({ inputs, dimensions, purpose, user, warn }) => {
    if (user !== undefined) warn('user', 'the API has no such parameter')
    const task = purpose === undefined ? undefined : rowOf(GEMINI_PURPOSES, purpose)
    return {
      instances: inputs.map((content) => ({ content, task_type: task })),
      parameters: dimensions === undefined ? undefined : { outputDimensionality: dimensions },
    }
  },
  parse: parse(),
}

const COHERE_PURPOSES: Readonly<Record<string, string>> = {
  query: 'search_query',
  document: 'search_document',
  similarity: 'clustering',
  classification: 'classification',
  clustering: 'clustering',
}

/** Cohere's own format, in which the purpose is required. Default purpose: documents. */
export const cohereEmbeddings: EmbeddingApi = {
  maxBatch: 96,
  endpoint: () => '/embed',
  render: ({ model, inputs, dimensions, purpose = 'document', user, warn }) => {
    if (user !== undefined) warn('user', 'the API has no such parameter')
    const kind = rowOf(COHERE_PURPOSES, purpose)
    return {
      model,
      texts: inputs,
      input_type: kind,
      embedding_types: ['float'],
      output_dimension: dimensions,
    }
  },
  parse: parse(),
}

/** Ollama's native format. */
export const ollamaEmbeddings: EmbeddingApi = {
  maxBatch: 512,
  endpoint: () => '/embed',
  render: ({ model, inputs, dimensions, purpose, user, warn }) => {
    if (purpose !== undefined) warn('purpose', 'the API has no such parameter')
    if (user !== undefined) warn('user', 'the API has no such parameter')
    return { model, input: inputs, dimensions }
  },
  parse: parse(),
}

const invoke = (model: string): string => `/model/${encodeURIComponent(model)}/invoke`

/** Amazon Titan on Bedrock: one text per request. */
export const titanEmbeddings: EmbeddingApi = {
  maxBatch: 1,
  endpoint: invoke,
  render: ({ inputs, dimensions, purpose, user, warn }) => {
    if (purpose !== undefined) warn('purpose', 'the API has no such parameter')
    if (user !== undefined) warn('user', 'the API has no such parameter')
    return { inputText: inputs[0], dimensions }
  },
  parse: parse(),
}

/** Cohere's models on Bedrock. */
export const bedrockCohereEmbeddings: EmbeddingApi = {
  ...cohereEmbeddings,
  endpoint: invoke,
  render: (input) => ({ ...cohereEmbeddings.render(input), model: undefined }),
}
