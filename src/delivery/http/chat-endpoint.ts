import { ResponseAccumulator } from '../../core/accumulate-response.ts'
import { callSafely } from '../../core/host-function.ts'
import { errorFields } from '../../core/log.ts'
import { systemClock } from '../../core/clock.ts'
import { LlmError, withPaths } from '../../core/error.ts'
import type { ChatRequest } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import { isSafeId, SAFE_ID } from '../../core/validate-id.ts'
import type { ChatStream } from '../../stream/index.ts'
import { JsonReader, type Encoder, type EncoderOptions, type ReadBody } from '../../protocols/index.ts'
import type { EndpointProtocol } from './chat-protocols.ts'
import { streamingBody } from './streaming-body.ts'
import { drainOnCancel } from './drain-on-cancel.ts'
import type { EndpointContext } from './endpoint-context.ts'
import { completeError, limitHeadersOf, type Keyed } from './error-response.ts'
import {
  callerOf,
  hostAnswer,
  jsonResponse,
  safeError,
  type AccessExpiry,
  type GuardedRequest,
} from './guards/index.ts'
import type { CallInfo, OpenAIHandlerOptions } from './handler-options.ts'
import { passedFields } from './passed-fields.ts'
import { streamHeaders } from './stream-headers.ts'

/** A chat endpoint and the protocol that it speaks. */
export interface ChatEndpoint {
  readonly name: 'chat-completions' | 'responses' | 'messages'
  readonly protocol: EndpointProtocol
}

/** Serves a chat endpoint: reads the body, makes the call, and writes the response, whole or streamed. */
export async function serveChat(
  context: EndpointContext,
  guarded: GuardedRequest,
  { name: endpoint, protocol }: ChatEndpoint,
): Promise<Response> {
  const body = new JsonReader(await guarded.json())
  const originOf = (model: string): string | undefined => context.names.originOf(model)
  const read = protocol.readBody(body, { params: protocol.params, originOf })
  const conversationId = guarded.access.conversationId ?? conversationIn(body)
  body.check()
  const { requestId, access } = guarded
  const info: CallInfo = { endpoint, requestId, access, model: read.model }
  const targeted = {
    ...context.names.find(read.model, access),
    ...limited(read, guarded),
    ...callerOf(access, conversationId),
    requestId,
  }
  const extra = context.options.unknownFields === 'pass' ? passedFields(endpoint, body) : undefined
  const whole =
    extra === undefined ? targeted : { ...targeted, extraBody: { ...targeted.extraBody, ...extra } }
  const { prepare, clock } = context.options
  const wait = { request: guarded.request, clock, option: 'prepare' }
  const prepared = await hostAnswer(prepare?.(whole, info), wait)
  const request = withForeignInstructions(prepared ?? whole, read)
  const call: EndpointCall = { context, guarded, protocol, info, request, read, conversationId }
  try {
    return await (read.stream ? streamedResponse(call) : wholeResponse(call))
  } catch (error) {
    throw await completeError(context, ofCaller(error, call), keyed(call))
  }
}

// Names a conversation for limits, moderation and attempts; no store is read.
function conversationIn(body: JsonReader): string | undefined {
  const id = body.text('conversation_id')
  if (id === undefined || isSafeId(id)) return id
  body.addIssue('conversation_id', `must be ${SAFE_ID}`)
  return undefined
}

// Instructions of a client are checked like its messages; those that `prepare` sets are the application's own.
function withForeignInstructions(request: ChatRequest, read: ReadBody): ChatRequest {
  const { paths, systemField = 'system' } = read
  const { system } = read.request
  if (system === undefined || system === '' || request.system !== system) return request
  const first = paths.note({ role: 'system' as const, content: system }, systemField)
  return { ...request, system: undefined, messages: [first, ...request.messages] }
}

/** An error with the paths of the client's body in place of those of the request that was made from it. */
function ofCaller<E>(error: E, { request, read }: Pick<EndpointCall, 'request' | 'read'>): E | LlmError {
  if (!LlmError.is(error) || error.issues === undefined) return error
  const { toolField = (field: string) => field } = read
  return withPaths(error, (path) => {
    const [, tool, field] = /^(tools\.\d+\.)(.+)$/.exec(path) ?? []
    if (tool !== undefined && field !== undefined) return tool + toolField(field)
    return read.paths.of(path, request.messages) ?? path
  })
}

function limited({ request }: ReadBody, { access }: GuardedRequest): ChatRequest {
  const { maxTokens, maxChoices = Infinity } = access.limits ?? {}
  if ((request.n ?? 1) > maxChoices) {
    const message = `must be at most ${maxChoices} for this caller, not ${request.n}`
    throw new LlmError('invalid-request', `the request is not valid: n: ${message}`, {
      issues: [{ path: 'n', message }],
    })
  }
  if (maxTokens === undefined) return request
  return { ...request, maxTokens: Math.min(request.maxTokens ?? maxTokens, maxTokens) }
}

interface EndpointCall {
  readonly context: EndpointContext
  readonly guarded: GuardedRequest
  readonly protocol: EndpointProtocol
  readonly info: CallInfo
  readonly request: ChatRequest
  readonly read: ReadBody
  readonly conversationId: string | undefined
}

/** A request whose end releases `access` and reaches `onEnd` once. */
interface WatchedRequest {
  readonly request: ChatRequest
  /** Called with the error of a call that never gave a response. It reaches `onEnd` if anything was sent. */
  readonly failed: (error: unknown) => void
}

function watched({ context, info, request }: EndpointCall, access: AccessExpiry): WatchedRequest {
  const { onEnd, logger } = context.options
  const thrown = (error: unknown): void =>
    logger?.error({ requestId: info.requestId, ...errorFields(error) }, 'onEnd of the handler failed')
  const given = request.onEnd
  let isOver = false
  const end = (answer: ChatResponse, error?: LlmError): void => {
    if (isOver) return
    isOver = true
    access.release()
    callSafely(() => given?.(answer, error), thrown)
    callSafely(() => onEnd?.({ ...info, answer, error }), thrown)
  }
  const failed = (error: unknown): void => {
    access.release()
    if (LlmError.is(error) && (error.attempts ?? []).length > 0)
      end(error.partial ?? emptyAnswer(error), error)
  }
  return { request: { ...request, signal: access.signal, onEnd: end }, failed }
}

function emptyAnswer({ provider = '', model = '' }: LlmError): ChatResponse {
  return new ResponseAccumulator({ provider, model }, '').response()
}

function encoderOptions({ context, read, conversationId }: EndpointCall): EncoderOptions {
  const { clock = systemClock } = context.options
  return { model: read.model, createdMs: clock.epochMs(), conversationId }
}

async function wholeResponse(call: EndpointCall): Promise<Response> {
  const { context, guarded, protocol } = call
  const options = encoderOptions(call)
  const access = guarded.watchAccess()
  const { request, failed } = watched(call, access)
  try {
    const response = await context.orchestrator.chatApiCall({ ...request, stream: false })
    return jsonResponse(protocol.render(response, options), { headers: await limitHeaders(call) })
  } catch (error) {
    failed(error)
    throw error
  } finally {
    access.release()
  }
}

async function streamedResponse(call: EndpointCall): Promise<Response> {
  const { context, guarded, protocol, read } = call
  const { heartbeatMs, coalesce, paceMs, clock, onClientGone } = context.options
  const options = { ...encoderOptions(call), includeUsage: read.includeUsage }
  const access = guarded.watchAccess()
  const { request, failed } = watched(call, access)
  let opening: Promise<ChatStream> | undefined
  try {
    opening = context.orchestrator.chatApiCall({ ...request, stream: true })
    opening.catch(failed)
    await waitForStart(opening, context.options)
    const encoder = withSafeErrors(protocol.encoder(options), call)
    const headers = { ...streamHeaders(encoder), ...(await limitHeaders(call)) }
    const source = onClientGone === 'finish' ? opening.then(drainOnCancel) : opening
    return new Response(streamingBody(source, encoder, { heartbeatMs, coalesce, paceMs, clock }), { headers })
  } catch (error) {
    // No client reads the stream, so its slot and connection are given back.
    opening?.then((stream) => stream.cancel(error)).catch(() => undefined)
    access.release()
    throw error
  }
}

/** Resolves at the first content, or after `startAfterMs`. Rejects if the call fails before. */
async function waitForStart(
  opening: Promise<ChatStream>,
  { startAfterMs = 15_000, clock = systemClock }: OpenAIHandlerOptions,
): Promise<void> {
  if (startAfterMs === 0) return void (await opening)
  const timeout = Promise.withResolvers<void>()
  const timer = clock.setTimer(timeout.resolve, startAfterMs)
  try {
    await Promise.race([opening, timeout.promise])
  } finally {
    clock.clearTimer(timer)
  }
}

/** Hides what a provider says about the gateway's own credentials from errors inside a stream. */
function withSafeErrors(encoder: Encoder, call: EndpointCall): Encoder {
  const { requestId } = call.guarded
  return {
    contentType: encoder.contentType,
    headers: encoder.headers,
    heartbeat: encoder.heartbeat,
    breaksOnError: encoder.breaksOnError,
    open: () => encoder.open(),
    encode: (batch) => encoder.encode(batch),
    close: (ending) =>
      encoder.close(
        ending.type === 'error'
          ? { type: 'error', error: safeError(ofCaller(ending.error, call), requestId) }
          : ending,
      ),
  }
}

function keyed({ request, read, protocol }: EndpointCall): Keyed {
  const { userId: user, anonymous, conversationId: conversation, conversationChecked, tags } = request
  const keys = { user, anonymous, conversation, conversationChecked, tags }
  return { model: read.model, keys, names: protocol.rateLimitNames }
}

function limitHeaders(call: EndpointCall): Promise<Record<string, string>> {
  return limitHeadersOf(call.context, keyed(call))
}
