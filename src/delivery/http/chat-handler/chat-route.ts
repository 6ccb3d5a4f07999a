import { LlmError } from '../../../core/error.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Message } from '../../../core/message.ts'
import { newId } from '../../../core/create-id.ts'
import type { ReplyStream, StartedRun } from '../../runs/index.ts'
import { jsonResponse, limitKeysOf, rateLimitHeaders, type GuardedRequest } from '../guards/index.ts'
import { keyOf } from './access-key.ts'
import { readChatInput, type ChatInput } from './chat-input.ts'
import { coalesceText } from '../coalesce-text.ts'
import { askedProtocol } from './protocol.ts'
import type { RouteParts } from './stream-request.ts'
import { streamResponse } from './stream-response.ts'

/** Starts an answer and streams it, or returns it whole with `stream: false`. */
export async function answerChat(parts: RouteParts, guarded: GuardedRequest): Promise<Response> {
  const { options, clock, limiter } = parts
  const input = readChatInput(await guarded.json(), guarded.access)
  const messages = await parts.check?.(input)
  const asked = askedProtocol(guarded.request, guarded.url)
  const protocol = asked ?? options.protocol ?? (input.isUiMessage ? 'ui-message' : 'sse')
  const { conversationId } = input
  const { tenant } = guarded.access
  const { streamFrames } = options
  const meta: JsonObject = { protocol, conversationId, createdMs: clock.epochMs(), tenant, streamFrames }
  const run = await startRun(parts, guarded, { input, meta, messages })
  if (!input.stream) return wholeResponse(parts, guarded, { run, conversationId })
  await rejectEarly(run, options.holdMs ?? 0, parts)
  const headers = await rateLimitHeaders(limiter, limitKeysOf({ ...guarded.access, conversationId }))
  return streamResponse(parts, guarded, { runId: run.id, meta, protocol, after: undefined, headers })
}

interface Start {
  readonly input: ChatInput
  readonly meta: JsonObject
  readonly messages: readonly Message[] | undefined
}

async function startRun(
  { runs, respond, options, clock }: RouteParts,
  guarded: GuardedRequest,
  { input, meta, messages }: Start,
): Promise<StartedRun> {
  const { access, request, requestId } = guarded
  const { conversationId, settings } = input
  const runId = newId('run').slice(0, 20)
  const { coalesce } = options
  const open = async (signal: AbortSignal): Promise<ReplyStream> => {
    const stream = await respond(input, { signal, access, request, requestId, runId })
    if (coalesce === undefined) return stream
    return {
      batches: () => coalesceText(stream.batches()[Symbol.asyncIterator](), coalesce, clock),
      get response() {
        return stream.response
      },
    }
  }
  return runs.start({
    id: runId,
    conversationId,
    key: keyOf(access, conversationId),
    userId: access.userId,
    meta,
    open,
    messages,
    maxTokens: settings.maxTokens,
  })
}

// An error before any provider was called becomes a status. A provider's error becomes a frame unless `holdMs` waits for it.
async function rejectEarly(run: StartedRun, holdMs: number, { clock }: RouteParts): Promise<void> {
  let timer: ReturnType<typeof clock.setTimer> | undefined
  const waited = new Promise<void>((resolve) => {
    if (holdMs > 0) timer = clock.setTimer(resolve, holdMs)
    else soon(resolve)
  })
  try {
    await Promise.race([run.opened, waited])
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

interface Whole {
  readonly run: StartedRun
  readonly conversationId: string
}

async function wholeResponse(
  { runs }: RouteParts,
  { request, watchAccess }: GuardedRequest,
  { run, conversationId }: Whole,
): Promise<Response> {
  const reader = await runs.attach(run.id)
  const expiry = watchAccess()
  const end = (): void => reader.detach()
  request.signal.addEventListener('abort', end, { once: true })
  expiry.signal?.addEventListener('abort', end, { once: true })
  const { response, error } = await run.ended
  request.signal.removeEventListener('abort', end)
  expiry.release()
  end()
  if (error !== undefined) throw error
  const { text, reasoning, toolCalls, citations, finishReason, usage, model, provider } = response
  const answer = { text, reasoning, toolCalls, citations, finishReason, usage, model, provider }
  const headers = { 'x-stream-id': run.id }
  return jsonResponse({ id: run.id, conversationId, ...answer, message: response.message }, { headers })
}
