import { LlmError } from '../../../core/error.ts'
import type { JsonObject } from '../../../core/json.ts'
import { newId } from '../../../core/create-id.ts'
import type { ReplyStream, StartedRun } from '../../runs/index.ts'
import {
  jsonResponse,
  limitKeysOf,
  ownerKeyOf,
  rateLimitHeaders,
  type GuardedRequest,
} from '../guards/index.ts'
import { plainAnswer, turnAnswer, type Answer } from './answer.ts'
import { readChatInput, type ChatInput } from './chat-input.ts'
import { coalesceText } from '../coalesce-text.ts'
import { askedProtocol, type ChatProtocol } from './protocol.ts'
import type { RouteParts } from './stream-request.ts'
import { idHeaders, streamResponse } from './stream-response.ts'

/** Starts an answer and streams it, or returns it whole with `stream: false`. */
export async function answerChat(parts: RouteParts, guarded: GuardedRequest): Promise<Response> {
  const { options, clock } = parts
  const input = readChatInput(await guarded.json(), guarded.access, options)
  const { chats } = parts
  const answer =
    chats === undefined
      ? await plainAnswer(parts, guarded, input)
      : await turnAnswer(chats, parts, guarded, input)
  const asked = askedProtocol(guarded.request, guarded.url)
  const protocol = asked ?? options.protocol ?? usualProtocol(input)
  const { tenant } = guarded.access
  const { streamFrames } = options
  const approvals = options.decide === undefined ? undefined : true
  const told = { protocol, ...answer.ids(), createdMs: clock.epochMs() }
  const { continues } = answer
  const { agUiRunId } = input
  const meta: JsonObject = { ...told, tenant, streamFrames, approvals, continues, agUiRunId }
  const run = await startRun(parts, guarded, { input, meta, answer })
  try {
    if (!input.stream) return await wholeResponse(parts, guarded, { run, answer })
    return await streamedAnswer(parts, guarded, { run, answer, meta, protocol })
  } catch (error) {
    // No client reads the run, so it gives its place back. A log that does not answer is not waited for.
    parts.runs.cancel(run.id, 'its response could not be sent').catch(() => undefined)
    throw error
  }
}

function usualProtocol({ isUiMessage, agUiRunId }: ChatInput): ChatProtocol {
  if (isUiMessage) return 'ui-message'
  return agUiRunId === undefined ? 'sse' : 'ag-ui'
}

interface Streamed extends Whole {
  readonly meta: JsonObject
  readonly protocol: ChatProtocol
}

async function streamedAnswer(
  parts: RouteParts,
  guarded: GuardedRequest,
  { run, answer, meta, protocol }: Streamed,
): Promise<Response> {
  const { limiter, chats } = parts
  await rejectEarly(run, answer, parts)
  const ids = answer.ids()
  const { conversationId } = ids
  const keys = limitKeysOf(guarded.access, conversationId)
  // The chat service has checked the access to its conversations.
  const checked = chats === undefined ? keys : { ...keys, conversationChecked: true }
  const headers = await rateLimitHeaders(limiter, checked)
  return streamResponse(parts, guarded, { runId: run.id, meta, protocol, after: undefined, headers, ids })
}

interface Start {
  readonly input: ChatInput
  readonly meta: JsonObject
  readonly answer: Answer
}

async function startRun(
  { runs, options, clock, estimateTokens }: RouteParts,
  { access }: GuardedRequest,
  { input, meta, answer }: Start,
): Promise<StartedRun> {
  const runId = newId('run').slice(0, 20)
  const { coalesce } = options
  const open = async (signal: AbortSignal): Promise<ReplyStream> => {
    const stream = await answer.open(signal, runId)
    if (coalesce === undefined) return stream
    return {
      batches: () => coalesceText(stream.batches()[Symbol.asyncIterator](), coalesce, clock),
      get response() {
        return stream.response
      },
    }
  }
  const { key, messages } = answer
  const { conversationId } = answer.ids()
  const { maxTokens } = input.settings
  return runs.start({
    id: runId,
    conversationId,
    key,
    userId: access.userId,
    owner: ownerKeyOf(access),
    meta,
    open,
    messages,
    estimateTokens,
    maxTokens,
  })
}

// An error before any provider was called becomes a status. A provider's error becomes a frame unless `holdMs` waits for it.
async function rejectEarly(run: StartedRun, answer: Answer, { clock, options }: RouteParts): Promise<void> {
  const { holdMs = 0 } = options
  const waitMs = holdMs > 0 ? holdMs : (answer.waitMs ?? 0)
  let timer: ReturnType<typeof clock.setTimer> | undefined
  const waited = new Promise<void>((resolve) => {
    if (waitMs > 0) timer = clock.setTimer(resolve, waitMs)
    else soon(resolve)
  })
  const known = holdMs > 0 ? [] : [answer.known ?? waited]
  try {
    await Promise.race([run.opened, waited, ...known])
  } catch (error) {
    if (holdMs > 0 || !LlmError.is(error) || (error.attempts ?? []).length === 0) throw error
  } finally {
    clock.clearTimer(timer)
  }
}

function soon(action: () => void): void {
  if (typeof setImmediate === 'function') setImmediate(action)
  else setTimeout(action, 0)
}

interface Waiting extends Pick<GuardedRequest, 'request' | 'watchAccess'> {
  /** Called when the client is gone or its access expires. */
  readonly end: () => void
}

// Rejects when the access expires, also if the run goes on without its client.
async function endOf(run: StartedRun, { request, watchAccess, end }: Waiting): StartedRun['ended'] {
  const expiry = watchAccess()
  const { signal } = expiry
  const expired = Promise.withResolvers<never>()
  const onExpiry = (): void => {
    end()
    if (LlmError.is(signal?.reason)) expired.reject(signal.reason)
  }
  try {
    request.signal.addEventListener('abort', end, { once: true })
    signal?.addEventListener('abort', onExpiry, { once: true })
    return await Promise.race([run.ended, expired.promise])
  } finally {
    request.signal.removeEventListener('abort', end)
    signal?.removeEventListener('abort', onExpiry)
    expiry.release()
  }
}

interface Whole {
  readonly run: StartedRun
  readonly answer: Answer
}

async function wholeResponse(
  { runs }: RouteParts,
  { access, request, watchAccess }: GuardedRequest,
  { run, answer }: Whole,
): Promise<Response> {
  const reader = await runs.attach(run.id, { owner: ownerKeyOf(access) })
  const end = (): void => reader.detach()
  const { response, error } = await endOf(run, { request, watchAccess, end }).finally(end)
  if (error !== undefined) throw error
  const { text, reasoning, toolCalls, citations, finishReason, usage, model, provider } = response
  const reply = { text, reasoning, toolCalls, citations, finishReason, usage, model, provider }
  const ids = answer.ids()
  const told = { id: ids.messageId ?? run.id, ...ids, runId: run.id }
  const headers = { 'x-stream-id': run.id, ...idHeaders({}, ids) }
  return jsonResponse({ ...told, ...reply, message: response.message }, { headers })
}
