import { isObject, type JsonObject } from '../../core/json.ts'
import { base64Of } from '../../core/message.ts'
import { estimateTokens } from '../../core/tokens.ts'
import { FakeHttpError } from '../fake-error.ts'

/** Length of vectors if the request does not say one. */
export const DEFAULT_DIMENSIONS: number = 8
const MOST_DIMENSIONS = 3_072

/** Renders an embeddings reply: floats, or base64 of little-endian 32-bit floats. Equal texts get equal unit vectors. */
export function embeddings(body: JsonObject): unknown {
  const { model, input, encoding_format: format = 'float' } = body
  const dimensions = body['dimensions'] ?? body['output_dimension'] ?? DEFAULT_DIMENSIONS
  if (typeof model !== 'string' || model === '') reject('model', 'you must provide a model parameter')
  const texts = textsOf(input)
  if (format !== 'float' && format !== 'base64' && format !== 'base64_int8')
    reject('encoding_format', 'expected float or base64')
  const size = sizeOf(dimensions)
  const data = texts.map((text, index) => {
    const vector = vectorOf(text, size)
    return { object: 'embedding', index, embedding: format === 'base64' ? encoded(vector) : [...vector] }
  })
  const tokens = texts.reduce((sum, text) => sum + estimateTokens(text), 0)
  return { object: 'list', data, model, usage: { prompt_tokens: tokens, total_tokens: tokens } }
}

/** Reads one text, or a list of texts. Throws a `FakeHttpError` for anything else. */
export function textsOf(input: unknown): string[] {
  const texts: unknown[] = Array.isArray(input) ? input : [input]
  if (texts.length === 0 || texts.length > 2_048) reject('input', 'expected 1 to 2048 texts')
  return texts.map((text) => {
    if (typeof text === 'string' && text !== '') return text
    return reject(
      'input',
      isObject(text) ? 'objects are no input' : 'an input must be a text that is not empty',
    )
  })
}

/** Reads the length of vectors. Throws a `FakeHttpError` if it is none. */
export function sizeOf(dimensions: unknown): number {
  const fits =
    Number.isInteger(dimensions) && Number(dimensions) >= 1 && Number(dimensions) <= MOST_DIMENSIONS
  return fits
    ? Number(dimensions)
    : reject('dimensions', `expected a whole number from 1 to ${MOST_DIMENSIONS}`)
}

/** Counts of the text's code units, spread over the dimensions, so that similar texts are near each other. */
export function vectorOf(text: string, size: number): Float32Array {
  const vector = new Float32Array(size)
  for (let at = 0; at < text.length; at++) {
    const place = Math.imul(text.charCodeAt(at), 0x9e3779b1) >>> 0
    vector[place % size] = (vector[place % size] as number) + 1
  }
  const length = Math.hypot(...vector)
  return vector.map((value) => value / length)
}

function encoded(vector: Float32Array): string {
  const bytes = new DataView(new ArrayBuffer(vector.length * 4))
  vector.forEach((value, index) => bytes.setFloat32(index * 4, value, true))
  return base64Of(new Uint8Array(bytes.buffer))
}

function reject(param: string, message: string): never {
  throw new FakeHttpError({ status: 400, message: `Invalid '${param}': ${message}`, param })
}
