import { LlmError } from '../../../core/error.ts'
import { isObject, parseJson } from '../../../core/json.ts'
import { HttpError } from './http-error.ts'

/**
 * The JSON object that a request carries. Refuses: 413 beyond `maxBytes` (at once where the length is told, otherwise
 * when so many bytes came), 415 for another content type, 400 for what is no JSON object.
 */
export async function readJsonBody(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  checkType(request.headers)
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > maxBytes) throw tooLarge(maxBytes)
  const text = await readText(request, maxBytes)
  if (text.trim() === '') throw invalidBody('the body is empty: send a JSON object')
  const value = parseJson(text)
  if (value === undefined) throw invalidBody('the body is not valid JSON')
  if (!isObject(value)) throw invalidBody('the body is not a JSON object')
  return value
}

function checkType(headers: Headers): void {
  const encoding = headers.get('content-encoding') ?? 'identity'
  if (encoding !== 'identity')
    throw unsupportedBody(`a body in content-encoding ${encoding} is not read here`)
  const type = headers.get('content-type')
  if (type === null || /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) return
  throw unsupportedBody('the body must be JSON: send content-type: application/json')
}

async function readText(request: Request, maxBytes: number): Promise<string> {
  if (request.bodyUsed)
    throw new LlmError('misconfigured', 'the body of the request was read before it came here')
  if (request.body === null) return ''
  const reader = request.body.getReader()
  const decoder = new TextDecoder()
  const pieces: string[] = []
  let bytes = 0
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const value: unknown = piece.value
      if (!(value instanceof Uint8Array)) throw new TypeError('a body is bytes')
      bytes += value.byteLength
      if (bytes > maxBytes) throw tooLarge(maxBytes)
      pieces.push(decoder.decode(value, { stream: true }))
    }
  } catch (error) {
    reader.cancel().catch(() => undefined)
    if (error instanceof HttpError) throw error
    throw new LlmError('aborted', 'the body of the request broke off', { cause: error })
  }
  pieces.push(decoder.decode())
  return pieces.length === 1 ? (pieces[0] ?? '') : pieces.join('')
}

function tooLarge(maxBytes: number): HttpError {
  const message = `the body is larger than the ${maxBytes} bytes that are taken here`
  return new HttpError(413, new LlmError('invalid-request', message, { code: 'request_too_large' }))
}

function unsupportedBody(message: string): HttpError {
  return new HttpError(415, new LlmError('invalid-request', message, { code: 'unsupported_media_type' }))
}

function invalidBody(message: string): LlmError {
  return new LlmError('invalid-request', message, { issues: [{ path: '', message }] })
}
