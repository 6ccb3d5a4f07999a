import type { EmbeddingApi, EmbeddingInput } from '../../core/embedding.ts'
import type { JsonDraft, JsonValue } from '../../core/json.ts'
import { readTokens, readVectors, type PackedAs } from './vectors.ts'

const parse =
  (packed?: PackedAs): EmbeddingApi['parse'] =>
  (reply: JsonValue) => ({ vectors: readVectors(reply, packed), usage: readTokens(reply) })

/** Where servers of the common embeddings format differ. */
export interface EmbeddingOptions {
  readonly endpoint?: string | undefined
  readonly maxBatch?: number | undefined
  /** How vectors in base64 are packed. Default 32-bit floats. */
  readonly packed?: PackedAs | undefined
  /** The wire's name for the length of the vectors; `null` where there is no such choice. */
  readonly dimensions?: string | null | undefined
  /** The wire's words for what the vectors are for, under this field. */
  readonly purpose?: { readonly to: string; readonly values: Readonly<Record<string, string>> } | undefined
  readonly user?: boolean | undefined
}

/** The embeddings format that most vendors share. */
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
    endpoint: () => endpoint,
    render: (input) => {
      const body: JsonDraft = { model: input.model, input: input.inputs }
      if (input.dimensions !== undefined && dimensions !== null) body[dimensions] = input.dimensions
      else if (input.dimensions !== undefined)
        input.warn('dimensions', 'the length of the vectors cannot be chosen here')
      const word = input.purpose === undefined ? undefined : purpose?.values[input.purpose]
      if (word !== undefined && purpose !== undefined) body[purpose.to] = word
      else if (input.purpose !== undefined) input.warn('purpose', 'there is no such parameter here')
      if (input.user !== undefined && user) body['user'] = input.user
      else if (input.user !== undefined) input.warn('user', 'there is no such parameter here')
      return body
    },
    parse: parse(packed),
  }
}

/** Gemini's batches. */
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
  if (user !== undefined) warn('user', 'there is no such parameter here')
  return {
    model: modelPath(model),
    content: { parts: [{ text }] },
    outputDimensionality: dimensions,
    taskType: purpose === undefined ? undefined : GEMINI_PURPOSES[purpose],
  }
}

function modelPath(model: string): string {
  return model.includes('/') ? model : `models/${model}`
}

/** The `predict` form: one list of instances. */
export const predictEmbeddings: EmbeddingApi = {
  maxBatch: 250,
  endpoint: (model) => `/models/${model}:predict`,
  render: ({ inputs, dimensions, purpose, user, warn }) => {
    if (user !== undefined) warn('user', 'there is no such parameter here')
    const task = purpose === undefined ? undefined : GEMINI_PURPOSES[purpose]
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

/** Cohere's own form: what the vectors are for is required, documents by default. */
export const cohereEmbeddings: EmbeddingApi = {
  maxBatch: 96,
  endpoint: () => '/embed',
  render: ({ model, inputs, dimensions, purpose = 'document', user, warn }) => {
    if (user !== undefined) warn('user', 'there is no such parameter here')
    const kind = COHERE_PURPOSES[purpose]
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

/** Ollama's native form. */
export const ollamaEmbeddings: EmbeddingApi = {
  maxBatch: 512,
  endpoint: () => '/embed',
  render: ({ model, inputs, dimensions, purpose, user, warn }) => {
    if (purpose !== undefined) warn('purpose', 'there is no such parameter here')
    if (user !== undefined) warn('user', 'there is no such parameter here')
    return { model, input: inputs, dimensions }
  },
  parse: parse(),
}

const invoke = (model: string): string => `/model/${encodeURIComponent(model)}/invoke`

/** Amazon Titan on Bedrock: one text a request. */
export const titanEmbeddings: EmbeddingApi = {
  maxBatch: 1,
  endpoint: invoke,
  render: ({ inputs, dimensions, purpose, user, warn }) => {
    if (purpose !== undefined) warn('purpose', 'there is no such parameter here')
    if (user !== undefined) warn('user', 'there is no such parameter here')
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
