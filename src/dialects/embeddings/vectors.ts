import { LlmError } from '../../core/error.ts'
import { isObject, listOf, numberOf, objectOf, type JsonValue } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

type Vector = readonly number[]

/** Number type of a vector in base64. */
export type PackedAs = 'float32' | 'int8'

/** The vectors of a reply in any known shape, in the order of their inputs. Throws `reply-malformed` if it holds none. */
export function readVectors(reply: JsonValue, packed: PackedAs = 'float32'): readonly Vector[] {
  const { data, embeddings, embedding, predictions, embeddingsByType } = objectOf(reply)
  const found =
    fromList(Array.isArray(data) ? inOrder(data) : embeddings, packed) ??
    fromList(objectOf(embeddings)['float'] ?? objectOf(embeddings)['int8'], packed) ??
    fromList(embedding === undefined ? undefined : [embedding], packed) ??
    fromList(predictions, packed) ??
    fromList(embeddingsByType === undefined ? undefined : [objectOf(embeddingsByType)['float']], packed)
  if (found !== undefined) return found
  throw new LlmError(
    'reply-malformed',
    `the reply holds no vectors, only the fields ${Object.keys(objectOf(reply)).join(', ')}: check model and baseUrl`,
  )
}

function inOrder(data: readonly unknown[]): readonly unknown[] {
  const indexed = data.every((item) => numberOf(objectOf(item)['index']) !== undefined)
  return indexed ? data.toSorted((a, b) => Number(objectOf(a)['index']) - Number(objectOf(b)['index'])) : data
}

function fromList(value: unknown, packed: PackedAs): readonly Vector[] | undefined {
  if (!Array.isArray(value)) return undefined
  const vectors = value.map((item) => readVector(item, packed))
  return vectors.every((vector) => vector !== undefined) ? vectors : undefined
}

function readVector(item: unknown, packed: PackedAs): Vector | undefined {
  if (typeof item === 'string') return unpack(item, packed)
  if (Array.isArray(item)) return item.every((one) => typeof one === 'number') ? item : undefined
  if (!isObject(item)) return undefined
  return readVector(item['embedding'] ?? item['values'] ?? item['embeddings'] ?? item['float'], packed)
}

// Every vendor packs them little-endian.
function unpack(base64: string, packed: PackedAs): Vector {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  if (packed === 'int8') return Array.from(new Int8Array(bytes.buffer))
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length >> 2 }, (_none, at) => view.getFloat32(at * 4, true))
}

/** The input tokens that a reply reports under any vendor's field name; `undefined` if none. */
export function readTokens(reply: JsonValue): Partial<Usage> | undefined {
  const {
    usage,
    meta,
    usageMetadata,
    prompt_eval_count: evaluated,
    inputTextTokenCount: titan,
  } = objectOf(reply)
  const counted = objectOf(usage)
  const inputTokens =
    numberOf(counted['prompt_tokens']) ??
    numberOf(counted['input_tokens']) ??
    numberOf(counted['total_tokens']) ??
    numberOf(objectOf(objectOf(meta)['tokens'])['input_tokens']) ??
    numberOf(objectOf(objectOf(meta)['billed_units'])['input_tokens']) ??
    numberOf(objectOf(usageMetadata)['promptTokenCount']) ??
    numberOf(evaluated) ??
    numberOf(titan) ??
    predictedTokens(reply)
  return inputTokens === undefined ? undefined : { inputTokens, outputTokens: 0 }
}

function predictedTokens(reply: JsonValue): number | undefined {
  const counts = listOf(objectOf(reply)['predictions']).map((item) =>
    numberOf(objectOf(objectOf(objectOf(item)['embeddings'])['statistics'])['token_count']),
  )
  const known = counts.filter((count) => count !== undefined)
  return known.length === 0 ? undefined : known.reduce((total, count) => total + count, 0)
}
