import { LlmError } from '../../core/error.ts'
import { isObject, listOf, numberOf, objectOf, type JsonValue } from '../../core/json.ts'
import type { Usage } from '../../core/response.ts'

type Vector = readonly number[]

/** How a vector that comes as base64 is packed. */
export type PackedAs = 'float32' | 'int8'

/** The vectors of a reply, whichever of the known shapes it has, in the order of their inputs. Throws `reply-malformed` where there are none. */
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
    `the reply holds no vectors: its fields are ${Object.keys(objectOf(reply)).join(', ')}`,
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

// Little-endian, as every vendor packs them.
function unpack(base64: string, packed: PackedAs): Vector {
  const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
  if (packed === 'int8') return Array.from(new Int8Array(bytes.buffer))
  const view = new DataView(bytes.buffer)
  return Array.from({ length: bytes.length >> 2 }, (_none, at) => view.getFloat32(at * 4, true))
}

/** The tokens that a reply says the inputs had, under any of the vendors' names. */
export function readTokens(reply: JsonValue): Partial<Usage> | undefined {
  const {
    usage,
    meta,
    usageMetadata,
    prompt_eval_count: evaluated,
    inputTextTokenCount: counted,
  } = objectOf(reply)
  const told = objectOf(usage)
  const inputTokens =
    numberOf(told['prompt_tokens']) ??
    numberOf(told['input_tokens']) ??
    numberOf(told['total_tokens']) ??
    numberOf(objectOf(objectOf(meta)['tokens'])['input_tokens']) ??
    numberOf(objectOf(objectOf(meta)['billed_units'])['input_tokens']) ??
    numberOf(objectOf(usageMetadata)['promptTokenCount']) ??
    numberOf(evaluated) ??
    numberOf(counted) ??
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
