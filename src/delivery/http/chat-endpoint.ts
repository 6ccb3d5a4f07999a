import { systemClock } from '../../core/clock.ts'
import { LlmError } from '../../core/error.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { ChatStream } from '../../stream/index.ts'
import type { Encoder, EncoderOptions } from '../encoders/index.ts'
import type { ReadBody } from './chat-body.ts'
import { streamingBody } from './streaming-body.ts'
import { JsonReader } from './json-reader.ts'
import { drainOnCancel } from './drain-on-cancel.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { completeError, limitFigures, type Keyed } from './error-response.ts'
import { jsonResponse, safeError, tagsOf, type AccessExpiry, type GuardedRequest } from './guards/index.ts'
import type { CallInfo, OpenAIHandlerOptions } from './handler-options.ts'
import { streamHeaders } from './stream-headers.ts'
import type { ErrorFormat } from './error-format.ts'

/** Serves one chat protocol: reads the body, makes the call, writes the answer whole or as it comes. */
export async function serveChat(
  gateway: EndpointContext,
  visit: GuardedRequest,
  endpoint: 'chat-completions' | 'responses' | 'messages',
  surface: ErrorFormat,
): Promise<Response> {
  const body = new JsonReader(await visit.json())
  const read = surface.read(body, (model) => gateway.names.originOf(model))
  const conversationId = visit.access.conversationId ?? body.text('conversation_id')
  body.check()
  const { requestId, access } = visit
  const info: CallInfo = { endpoint, requestId, access, model: read.model }
  const placed = {
    ...gateway.names.find(read.model, access),
    ...limited(read, visit),
    ...callerOf(visit, conversationId),
  }
  const extra = gateway.options.unknownFields === 'pass' ? body.rest(OWN_FIELDS) : undefined
  const laid = extra === undefined ? placed : { ...placed, extraBody: { ...placed.extraBody, ...extra } }
  const request = (await gateway.options.prepare?.(laid, info)) ?? laid
  const answering: Answering = { gateway, visit, surface, info, request, read, conversationId }
  try {
    return await (read.stream ? answerStream(answering) : answerWhole(answering))
  } catch (error) {
    throw await completeError(gateway, error, keyed(answering))
  }
}

// Never passed on unread, whichever protocol knows them: what a call is about, how it comes back, and what bounds it.
const OWN_FIELDS: ReadonlySet<string> = new Set([
  'model',
  'messages',
  'input',
  'system',
  'instructions',
  'stream',
  'stream_options',
  'n',
  'max_tokens',
  'max_completion_tokens',
  'max_output_tokens',
  'conversation_id',
])

function limited({ request }: ReadBody, { access }: GuardedRequest): ChatRequest {
  const { maxTokens, maxChoices = Infinity } = access.limits ?? {}
  if ((request.n ?? 1) > maxChoices) {
    const message = `takes at most ${maxChoices} here`
    throw new LlmError('invalid-request', `the request is not valid: n: ${message}`, {
      issues: [{ path: 'n', message }],
    })
  }
  if (maxTokens === undefined) return request
  return { ...request, maxTokens: Math.min(request.maxTokens ?? maxTokens, maxTokens) }
}

function callerOf(
  { access, requestId }: GuardedRequest,
  conversationId: string | undefined,
): Partial<ChatRequest> {
  const { userId, priority } = access
  const tags = tagsOf(access)
  return { userId, conversationId, priority, tags, requestId }
}

interface Answering {
  readonly gateway: EndpointContext
  readonly visit: GuardedRequest
  readonly surface: ErrorFormat
  readonly info: CallInfo
  readonly request: ChatRequest
  readonly read: ReadBody
  readonly conversationId: string | undefined
}

/** The request with its leave; what ends with the answer is let go then. */
function withLeave({ gateway, info, request }: Answering, leave: AccessExpiry): ChatRequest {
  const { onEnd } = gateway.options
  const given = request.onEnd
  return {
    ...request,
    signal: leave.signal,
    onEnd: (answer, error) => {
      leave.release()
      given?.(answer, error)
      onEnd?.({ ...info, answer, error })
    },
  }
}

function encoderOptions({ gateway, read, conversationId }: Answering): EncoderOptions {
  const { clock = systemClock } = gateway.options
  return { model: read.model, createdMs: clock.epochMs(), conversationId }
}

async function answerWhole(answering: Answering): Promise<Response> {
  const { gateway, visit, surface } = answering
  const options = encoderOptions(answering)
  const leave = visit.leave()
  try {
    const request = withLeave(answering, leave)
    const response = await gateway.orchestrator.chatApiCall({ ...request, stream: false })
    return jsonResponse(surface.render(response, options), { headers: await figures(answering) })
  } finally {
    leave.release()
  }
}

async function answerStream(answering: Answering): Promise<Response> {
  const { gateway, visit, surface, read } = answering
  const { heartbeatMs, coalesce, paceMs, clock, onClientGone } = gateway.options
  const options = { ...encoderOptions(answering), includeUsage: read.includeUsage }
  const leave = visit.leave()
  const request = withLeave(answering, leave)
  const opening = gateway.orchestrator.chatApiCall({ ...request, stream: true })
  opening.catch(() => leave.release())
  await begun(opening, gateway.options)
  const encoder = guarded(surface.encoder(options), visit.requestId)
  const source = onClientGone === 'finish' ? opening.then(drainOnCancel) : opening
  const body = streamingBody(source, encoder, { heartbeatMs, coalesce, paceMs, clock })
  return new Response(body, { headers: { ...streamHeaders(encoder), ...(await figures(answering)) } })
}

/** Resolves at the first content, or when that takes too long to wait for. Rejects where the call is refused before. */
async function begun(
  opening: Promise<ChatStream>,
  { startAfterMs = 15_000, clock = systemClock }: OpenAIHandlerOptions,
): Promise<void> {
  if (startAfterMs === 0) return void (await opening)
  const late = Promise.withResolvers<void>()
  const timer = clock.setTimer(late.resolve, startAfterMs)
  try {
    await Promise.race([opening, late.promise])
  } finally {
    clock.clearTimer(timer)
  }
}

/** What providers say of the host's own access stays here, inside a stream too. */
function guarded(encoder: Encoder, requestId: string): Encoder {
  return {
    contentType: encoder.contentType,
    headers: encoder.headers,
    heartbeat: encoder.heartbeat,
    breaksOnError: encoder.breaksOnError,
    open: () => encoder.open(),
    encode: (batch) => encoder.encode(batch),
    close: (ending) =>
      encoder.close(
        ending.type === 'error' ? { type: 'error', error: safeError(ending.error, requestId) } : ending,
      ),
  }
}

function keyed({ request, read, surface }: Answering): Keyed {
  const { userId: user, conversationId: conversation, tags } = request
  return { model: read.model, keys: { user, conversation, tags }, names: surface.rateLimitNames }
}

function figures(answering: Answering): Promise<Record<string, string>> {
  return limitFigures(answering.gateway, keyed(answering))
}
