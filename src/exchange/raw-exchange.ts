import { parseJson, type JsonValue } from '../core/json.ts'
import type { RawExchange } from '../core/response.ts'
import { scrubSecrets, type Secret } from '../core/secret.ts'
import type { ByteSource, HttpRequest, HttpResponse } from '../core/wire.ts'

const HIDDEN = '***'
const SECRET_NAME =
  /authorization|cookie|api[-_]?key|secret|(?:^|[-_])(?:access|security|session)?[-_]?token$/i

/** Records a response while it is read. Returns the response to read, and a function that gives the record so far. */
export function recordRaw(
  request: HttpRequest,
  response: HttpResponse,
  secrets: readonly Secret[],
): { readonly response: HttpResponse; readonly raw: () => RawExchange } {
  const decoder = new TextDecoder()
  const { body, status } = response
  let text = ''
  const keep = (piece: Uint8Array | null): Uint8Array | null => {
    text += piece === null ? decoder.decode() : decoder.decode(piece, { stream: true })
    return piece
  }
  const source: ByteSource = { read: () => body.read().then(keep), cancel: () => body.cancel() }
  const clean = (value: string): string => scrubSecrets(value, secrets)
  const raw = (): RawExchange => ({
    request: {
      url: clean(request.url),
      headers: cleanHeaders(request.headers, clean),
      body: cleanValue(parseJson(request.body ?? '') ?? null, clean),
    },
    response: { status, headers: cleanHeaders(response.headers?.() ?? {}, clean), body: clean(text) },
  })
  const header = (name: string): string | undefined => response.header(name)
  return { response: { status, header, body: source }, raw }
}

type Clean = (value: string) => string

function cleanHeaders(headers: Readonly<Record<string, string>>, clean: Clean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, SECRET_NAME.test(name) ? HIDDEN : clean(value)]),
  )
}

function cleanValue(value: JsonValue, clean: Clean): JsonValue {
  const text = JSON.stringify(value, (name, inner: unknown) =>
    typeof inner === 'string' ? (SECRET_NAME.test(name) ? HIDDEN : clean(inner)) : inner,
  )
  return JSON.parse(text) as JsonValue
}
