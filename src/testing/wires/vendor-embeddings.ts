import { objectOf, type JsonObject } from '../../core/json.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { DEFAULT_DIMENSIONS, sizeOf, textsOf, vectorOf } from './openai-embeddings.ts'

interface Embedded {
  readonly vectors: readonly (readonly number[])[]
  readonly tokens: number
}

function embedded(input: unknown, dimensions: unknown = DEFAULT_DIMENSIONS): Embedded {
  const texts = textsOf(input)
  const size = sizeOf(dimensions)
  return {
    vectors: texts.map((text) => [...vectorOf(text, size)]),
    tokens: texts.reduce((sum, text) => sum + estimateTokens(text), 0),
  }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** Renders Cohere's embeddings reply. */
export function cohereEmbeddings({
  texts,
  output_dimension: dimensions,
  embedding_types: types,
}: JsonObject): unknown {
  const { vectors, tokens } = embedded(texts, dimensions)
  const embeddings = types === undefined ? vectors : { float: vectors }
  return { id: 'emb_fake', embeddings, texts, meta: { billed_units: { input_tokens: tokens } } }
}

/** Renders Ollama's embeddings reply. */
export function ollamaEmbeddings({ model, input, dimensions }: JsonObject): unknown {
  const { vectors, tokens } = embedded(input, dimensions)
  return { model, embeddings: vectors, prompt_eval_count: tokens }
}

/** Renders Gemini's reply to a batch, or Vertex AI's to instances. */
export function geminiEmbeddings({ requests, instances, parameters }: JsonObject): unknown {
  if (instances !== undefined) {
    const texts = listOf(instances).map((instance) => objectOf(instance)['content'])
    const { vectors } = embedded(texts, objectOf(parameters)['outputDimensionality'])
    const statistics = (at: number) => ({ token_count: estimateTokens(String(texts[at])), truncated: false })
    return {
      predictions: vectors.map((values, at) => ({ embeddings: { values, statistics: statistics(at) } })),
    }
  }
  const asked = listOf(requests).map(objectOf)
  const texts = asked.map(({ content }) => objectOf(listOf(objectOf(content)['parts'])[0])['text'])
  const { vectors } = embedded(texts, asked[0]?.['outputDimensionality'])
  return { embeddings: vectors.map((values) => ({ values })) }
}

/** Renders the reply of an embedding model on Bedrock: Titan's to one text, Cohere's to several. */
export function bedrockEmbeddings(body: JsonObject): unknown {
  if (body['texts'] !== undefined) return cohereEmbeddings(body)
  const { vectors, tokens } = embedded(body['inputText'], body['dimensions'])
  return { embedding: vectors[0], inputTextTokenCount: tokens }
}
