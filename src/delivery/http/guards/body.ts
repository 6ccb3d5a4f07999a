import { LlmError } from '../../../core/error.ts'
import { shortName } from '../../../core/issues.ts'
import { jsonExcess, MAX_JSON_DEPTH, MAX_JSON_VALUES } from '../../../core/json-bounds.ts'
import { isObject, parseJson } from '../../../core/json.ts'
import { HttpError } from './http-error.ts'

/**
 * Reads the JSON object of a request body. Throws an `HttpError` with status 413 beyond `maxBytes` (by `content-length`
 * if it is given, otherwise by the bytes read) and with 415 for another content type. Throws `invalid-request` for any
 * other body.
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  checkType(request.headers)
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw largerThan(maxBytes)
  const text = await readText(request, maxBytes)
  if (text.trim() === '') throw invalidBody('the body is empty; send a JSON object')
  const excess = jsonExcess(text)
  if (excess === 'depth')
    throw invalidBody(`the body is nested deeper than ${MAX_JSON_DEPTH} levels; send it flatter`)
  if (excess === 'values') throw tooLarge(`the body has more than ${MAX_JSON_VALUES} values`)
  const value = parseJson(text)
  if (value === undefined) throw invalidBody('the body is not valid JSON')
  if (!isObject(value)) throw invalidBody('the body is not a JSON object')
  return value
}

function checkType(headers: Headers): void {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    throw unsupportedBody(
      `content-encoding ${shortName(encoding)} is not supported; send the body without encoding`,
    )
  const type = headers.get('content-type')
  if (type === null || /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return
  throw unsupportedBody(
    `content-type ${shortName(type)} is not supported; send content-type: application/json`,
  )
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  if (request.bodyUsed)
    throw new LlmError(
      'misconfigured',
      'request body was already consumed by another parser; mount the handler before it',
    )
  if (request.body === null) return ''
  const reader = request.body.getReader()
  const decoder = new TextDecoder()
  const chunks: string[] = []
  let bytes = 0
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
      const value: unknown = chunk.value
      if (!(value instanceof Uint8Array))
        throw new TypeError('the body stream gave a chunk that is not bytes')
      bytes += value.byteLength
      if (bytes > maxBytes) throw largerThan(maxBytes)
      chunks.push(decoder.decode(value, { stream: true }))
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    if (error instanceof HttpError) throw error
    throw new LlmError('aborted', 'the request body ended early', { cause: error })
  }
  chunks.push(decoder.decode())
  return chunks.length === 1 ? (chunks[0] ?? '') : chunks.join('')
}

function largerThan(maxBytes: number): HttpError {
  return tooLarge(`the body is larger than the maximum of ${maxBytes} bytes`)
}

function tooLarge(message: string): HttpError {
  return new HttpError(413, new LlmError('invalid-request', message, { code: 'request_too_large' }))
}

function unsupportedBody(message: string): HttpError {
  return new HttpError(415, new LlmError('invalid-request', message, { code: 'unsupported_media_type' }))
}

function invalidBody(message: string): LlmError {
  return new LlmError('invalid-request', message, { issues: [{ path: '', message }] })
}
