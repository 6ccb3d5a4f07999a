import { isObject, type JsonObject } from '../../core/json.ts'
import type { Citation, FinishReason, Usage } from '../../core/response.ts'
import { misuse, type FakeAnswer } from '../fake-answer.ts'
import { describeError, retryAfter, type WireError } from '../fake-error.ts'
import { vendorErrors, keyErrors } from './bedrock-converse-errors.ts'
import { CHAT_PATH, readBedrockConverse } from './bedrock-converse-request.ts'
import { eventStream } from './event-stream.ts'
import type { FakeFrame } from './frame.ts'
import { bedrockEmbeddings } from './vendor-embeddings.ts'
import type { FakeWire, RequestHead } from './wire.ts'

// Models of embeddings have no other endpoint.
const INVOKE_PATH = /\/model\/[^/]*(?:embed|titan)[^/]*\/invoke$/

/** Amazon Bedrock's Converse. Signatures are not verified; the access key id counts as the API key. */
export const bedrockConverse: FakeWire = {
  dialect: 'bedrock-converse',
  mount: 'bedrock',
  match: ({ method, path }) => {
    if (method === 'POST' && INVOKE_PATH.test(path)) return 'embeddings'
    if (method === 'POST') return CHAT_PATH.test(path) ? 'chat' : undefined
    return method === 'GET' && path.endsWith('/foundation-models') ? 'models' : undefined
  },
  embeddings: bedrockEmbeddings,
  keyOf: ({ headers }: RequestHead) =>
    /^(?:Bearer\s+|AWS4-HMAC-SHA256\s+Credential=)([^/]+)/i.exec(headers['authorization'] ?? '')?.[1],
  keyErrors,
  read: readBedrockConverse,
  whole: (answer) => ({
    output: { message: { role: 'assistant', content: blocksOf(answer).map(({ whole }) => whole) } },
    stopReason: stopOf(answer),
    usage: usageOf(answer.usage),
    metrics: { latencyMs: 1 },
  }),
  stream,
  streamType: () => 'application/vnd.amazon.eventstream',
  describe: (error) => describeError(error, vendorErrors),
  error: (error, requestId) => ({
    status: error.status,
    headers: {
      'x-amzn-requestid': requestId,
      'x-amzn-errortype': nameOf(error),
      ...retryAfter(error),
    },
    body: { __type: nameOf(error), message: error.message },
  }),
  errorFrame: (error) =>
    eventStream(
      'content',
      {
        ':exception-type': nameOf(error).replace(/^[A-Z]/, (first) => first.toLowerCase()),
        ':content-type': 'application/json',
        ':message-type': 'exception',
      },
      { message: error.message },
    ),
  // The format has no ping.
  ping: '',
  requestIdHeader: 'x-amzn-requestid',
  models: (ids) => ({
    modelSummaries: ids.map((modelId) => ({ modelId, modelName: modelId, outputModalities: ['TEXT'] })),
  }),
}

function nameOf({ type, status }: WireError): string {
  return type ?? (status >= 500 ? 'InternalServerException' : 'ValidationException')
}

const REASONS: Readonly<Record<FinishReason, string>> = {
  stop: 'end_turn',
  length: 'max_tokens',
  'tool-calls': 'tool_use',
  'content-filter': 'content_filtered',
  error: 'malformed_model_output',
  other: 'unknown',
}

function stopOf({ rawFinishReason, finishReason }: FakeAnswer): string {
  return rawFinishReason ?? REASONS[finishReason]
}

/** A content block: whole, and as the deltas of a stream. Only calls have an opening. */
interface Block {
  readonly whole: JsonObject
  readonly opening?: JsonObject
  readonly deltas: readonly JsonObject[]
}

function blocksOf(answer: FakeAnswer): Block[] {
  if (answer.files.length > 0) misuse('the bedrock-converse format has no generated files: leave `files` out')
  return [...thoughtBlocks(answer), ...textBlocks(answer), ...toolBlocks(answer)]
}

function thoughtBlocks({ reasoning }: FakeAnswer): Block[] {
  if (reasoning === undefined) return []
  const { whole: text, parts, signature, encrypted } = reasoning
  const delta = (reasoningContent: JsonObject): JsonObject => ({ reasoningContent })
  const shown: Block = {
    whole: { reasoningContent: { reasoningText: { text, signature } } },
    deltas: [...parts.map((part) => delta({ text: part })), delta({ signature })],
  }
  const redacted = delta({ redactedContent: encrypted })
  return [
    ...(text === '' ? [] : [shown]),
    ...(encrypted === undefined ? [] : [{ whole: redacted, deltas: [redacted] }]),
  ]
}

function textBlocks({ text: { whole, parts }, citations }: FakeAnswer): Block[] {
  if (whole === '' && citations.length === 0) return []
  const cited = citations.map(citationOf)
  const deltas = [...parts.map((text) => ({ text })), ...cited.map((citation) => ({ citation }))]
  if (cited.length === 0) return [{ whole: { text: whole }, deltas }]
  return [{ whole: { citationsContent: { content: [{ text: whole }], citations: cited } }, deltas }]
}

function citationOf({ url, title, text }: Citation): JsonObject {
  const location =
    url === undefined ? { documentChar: { documentIndex: 0, start: 0, end: 1 } } : { web: { url } }
  return { title, location, sourceContent: text === undefined ? [] : [{ text }] }
}

function toolBlocks(answer: FakeAnswer): Block[] {
  return answer.toolCalls.map((call, index) => {
    const named = { toolUseId: call.id ?? `tooluse_${answer.id}_${index}`, name: call.name }
    const input = isObject(call.arguments) ? call.arguments : {}
    const deltas = call.text.whole === '{}' ? [''] : call.text.parts
    return {
      whole: { toolUse: { ...named, input } },
      opening: { toolUse: named },
      deltas: deltas.map((part) => ({ toolUse: { input: part } })),
    }
  })
}

function stream(answer: FakeAnswer): readonly FakeFrame[] {
  const blocks = blocksOf(answer).flatMap(({ opening, deltas }, contentBlockIndex) => [
    ...(opening === undefined
      ? []
      : [event('content', 'contentBlockStart', { contentBlockIndex, start: opening })]),
    ...deltas.map((delta) => event('content', 'contentBlockDelta', { contentBlockIndex, delta })),
    event('seam', 'contentBlockStop', { contentBlockIndex }),
  ])
  return [
    event('head', 'messageStart', { role: 'assistant' }),
    ...blocks,
    event('finish', 'messageStop', { stopReason: stopOf(answer) }),
    event('finish', 'metadata', { usage: usageOf(answer.usage), metrics: { latencyMs: 1 } }),
  ]
}

function event(place: FakeFrame['place'], type: string, json: JsonObject): FakeFrame {
  const headers = { ':event-type': type, ':content-type': 'application/json', ':message-type': 'event' }
  return eventStream(place, headers, json)
}

function usageOf(usage: Usage | undefined): JsonObject | undefined {
  if (usage === undefined) return undefined
  const { inputTokens, outputTokens, totalTokens, cachedInputTokens, cacheWriteTokens } = usage
  return {
    inputTokens: Math.max(0, inputTokens - (cachedInputTokens ?? 0) - (cacheWriteTokens ?? 0)),
    outputTokens,
    totalTokens,
    cacheReadInputTokens: cachedInputTokens,
    cacheWriteInputTokens: cacheWriteTokens,
  }
}
