import { isObject, type JsonDraft, type JsonObject } from '../../core/json.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import { signatureOf, type FakeAnswer } from '../fake-answer.ts'
import { describeError, type WireError } from '../fake-error.ts'
import type { FakeRequest } from '../request.ts'
import type { FakeFrame } from './frame.ts'
import { vendorErrors, keyErrors, rpcStatus } from './gemini-errors.ts'
import { needsSignature, readGemini } from './gemini-request.ts'
import { geminiEmbeddings } from './vendor-embeddings.ts'
import type { FakeWire, RequestHead } from './wire.ts'

/** The Gemini API's `generateContent` and `streamGenerateContent`. A stream without `alt=sse` is a JSON list. */
export const gemini: FakeWire = {
  dialect: 'gemini',
  mount: 'gemini/v1beta',
  match: ({ method, path, query, headers }) => {
    if (method === 'POST' && /\/models\/[^/:]+:(generateContent|streamGenerateContent)$/.test(path))
      return 'chat'
    if (method === 'POST' && /:(?:batchEmbedContents|predict)$/.test(path)) return 'embeddings'
    const isOurs = 'x-goog-api-key' in headers || query.has('key')
    return method === 'GET' && path.endsWith('/models') && isOurs ? 'models' : undefined
  },
  embeddings: geminiEmbeddings,
  keyOf,
  keyErrors,
  read: readGemini,
  whole: (answer, request) =>
    chunkOf(answer, request, { parts: wholeParts(answer), finishReason: reasonOf(answer) }),
  stream,
  streamType: ({ path }) => (isSse(path) ? 'text/event-stream' : 'application/json; charset=UTF-8'),
  describe: (error) => describeError(error, vendorErrors),
  error: (error) => ({ status: error.status, headers: {}, body: { error: errorBody(error) } }),
  errorFrame: (error) => chunkFrame('content', { error: errorBody(error) }),
  ping: ': ping\r\n\r\n',
  models: (ids) => ({
    models: ids.map((id) => ({
      name: `models/${id}`,
      displayName: id,
      supportedGenerationMethods: ['generateContent', 'streamGenerateContent'],
    })),
  }),
}

function keyOf({ headers, query }: RequestHead): string | undefined {
  const bearer = /^Bearer\s+(.+)$/i.exec(headers['authorization'] ?? '')?.[1]
  return headers['x-goog-api-key'] ?? query.get('key') ?? bearer
}

function isSse(path: string): boolean {
  return path.includes('alt=sse')
}

function errorBody({ status, type, message, code, param, retryAfterMs }: WireError): JsonObject {
  const detail = (name: string, fields: JsonObject): JsonObject => ({
    '@type': `type.googleapis.com/google.rpc.${name}`,
    ...fields,
  })
  const details = [
    ...(code === undefined ? [] : [detail(...reasonOfError(status, code))]),
    ...(param === undefined
      ? []
      : [detail('BadRequest', { fieldViolations: [{ field: param, description: message }] })]),
    ...(retryAfterMs === undefined ? [] : [detail('RetryInfo', { retryDelay: `${retryAfterMs / 1000}s` })]),
  ]
  const said = { code: status, message, status: type ?? rpcStatus(status) }
  return details.length === 0 ? said : { ...said, details }
}

// An exceeded quota is named by its id, any other error by a reason.
function reasonOfError(status: number, code: string): [string, JsonObject] {
  if (status === 429) return ['QuotaFailure', { violations: [{ quotaId: code }] }]
  return ['ErrorInfo', { reason: code, domain: 'googleapis.com' }]
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'STOP',
  length: 'MAX_TOKENS',
  'tool-calls': 'STOP',
  'content-filter': 'SAFETY',
  error: 'MALFORMED_FUNCTION_CALL',
  other: 'OTHER',
}

function reasonOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  return rawFinishReason ?? REASONS[finishReason]
}

interface Chunk {
  readonly parts: readonly JsonObject[]
  readonly finishReason?: string
}

function chunkOf(answer: FakeAnswer, request: FakeRequest, { parts, finishReason }: Chunk): JsonDraft {
  const count = request.settings.n ?? 1
  const candidates = Array.from({ length: count }, (_none, index) => ({
    content: { ...(parts.length > 0 && { parts }), role: 'model' },
    finishReason,
    index,
    ...(finishReason === undefined ? undefined : groundingOf(answer)),
  }))
  const usageMetadata = finishReason === undefined ? usageSoFar(answer.usage) : usageOf(answer.usage)
  return { candidates, usageMetadata, modelVersion: answer.model, responseId: answer.id }
}

function wholeParts(answer: FakeAnswer): JsonObject[] {
  const { text, reasoning } = answer
  const thought =
    reasoning === undefined || reasoning.whole === '' ? [] : [{ text: reasoning.whole, thought: true }]
  const said = text.whole === '' ? [] : [{ text: text.whole, ...signatureOnText(answer) }]
  return [...thought, ...said, ...fileParts(answer), ...callParts(answer)]
}

function fileParts({ files }: FakeAnswer): JsonObject[] {
  return files.map(({ mediaType, data, url }) =>
    url === undefined
      ? { inlineData: { mimeType: mediaType, data: data ?? '' } }
      : { fileData: { mimeType: mediaType, fileUri: url } },
  )
}

// The signature is on the first call, or on the text if there is no call.
function callParts({ toolCalls, reasoning, model }: FakeAnswer): JsonObject[] {
  return toolCalls.map(({ id, name, arguments: args, signature }, index) => {
    const made = reasoning?.signature ?? (needsSignature(model) ? signatureOf(name) : undefined)
    const thoughtSignature = signature ?? (index === 0 ? made : undefined)
    const functionCall = { ...(id !== undefined && { id }), name, args: isObject(args) ? args : {} }
    return { functionCall, ...(thoughtSignature !== undefined && { thoughtSignature }) }
  })
}

function signatureOnText({ reasoning, toolCalls }: FakeAnswer): { thoughtSignature: string } | undefined {
  return reasoning === undefined || toolCalls.length > 0
    ? undefined
    : { thoughtSignature: reasoning.signature }
}

function stream(answer: FakeAnswer, request: FakeRequest): readonly FakeFrame[] {
  const { text, reasoning } = answer
  const parts: JsonObject[] = [
    ...(reasoning?.parts ?? []).map((part) => ({ text: part, thought: true })),
    ...text.parts.map((part) => ({ text: part })),
    ...fileParts(answer),
    ...callParts(answer),
  ]
  const content = parts.map((part) => chunkFrame('content', chunkOf(answer, request, { parts: [part] })))
  const last = [{ text: '', ...signatureOnText(answer) }]
  const ending = chunkOf(answer, request, { parts: last, finishReason: reasonOf(answer) })
  const frames = [...content, chunkFrame('finish', ending)]
  return isSse(request.path) ? frames : asList(frames)
}

function chunkFrame(place: FakeFrame['place'], json: JsonDraft): FakeFrame {
  return { place, data: JSON.stringify(json), wrap: (data) => `data: ${data}\r\n\r\n` }
}

function asList(frames: readonly FakeFrame[]): FakeFrame[] {
  const items = frames.map(({ place, data }, index) => ({
    place,
    data,
    wrap: (json: string) => `${index === 0 ? '[' : ',\r\n'}${json}`,
  }))
  return [...items, { place: 'end', data: ']', wrap: (json) => json }]
}

function groundingOf({ citations, text }: FakeAnswer): JsonDraft | undefined {
  if (citations.length === 0) return undefined
  // The format counts offsets in bytes.
  const bytes = (units: number): number => new TextEncoder().encode(text.whole.slice(0, units)).length
  const groundingChunks = citations.map(({ url, title }) => ({ web: { uri: url ?? '', title: title ?? '' } }))
  const groundingSupports = citations.map(({ start = 0, end = 0, text: cited }, index) => ({
    segment: { startIndex: bytes(start), endIndex: bytes(end), text: cited ?? text.whole.slice(start, end) },
    groundingChunkIndices: [index],
  }))
  return { groundingMetadata: { groundingChunks, groundingSupports } }
}

function usageSoFar(usage: Usage | undefined): JsonObject | undefined {
  return usage && { promptTokenCount: usage.inputTokens, totalTokenCount: usage.inputTokens }
}

function usageOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, reasoningTokens } = usage
  return {
    promptTokenCount: inputTokens,
    candidatesTokenCount: outputTokens - (reasoningTokens ?? 0),
    totalTokenCount: totalTokens,
    ...(cachedInputTokens !== undefined && { cachedContentTokenCount: cachedInputTokens }),
    promptTokensDetails: [{ modality: 'TEXT', tokenCount: inputTokens }],
    ...(reasoningTokens !== undefined && { thoughtsTokenCount: reasoningTokens }),
  }
}
