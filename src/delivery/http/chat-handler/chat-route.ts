import { LlmError } from '../../../core/error.ts'
import type { JsonObject } from '../../../core/json.ts'
import type { Message } from '../../../core/message.ts'
import { newId } from '../../../core/create-id.ts'
import type { ReplyStream, StartedRun } from '../../runs/index.ts'
import { jsonResponse, limitKeysOf, rateLimitHeaders, type GuardedRequest } from '../guards/index.ts'
import { keyOf } from './access-key.ts'
import { readChatInput, type ChatInput } from './chat-input.ts'
import { coalesceText } from './coalesce-text.ts'
import { askedProtocol } from './protocol.ts'
import type { RouteParts } from './stream-request.ts'
import { streamResponse } from './stream-response.ts'

/** Starts an answer and streams it, or with `stream: false` gives it whole. */
export async function answerChat(parts: RouteParts, visit: GuardedRequest): Promise<Response> {
  const { options, clock, limiter } = parts
  const input = readChatInput(await visit.json(), visit.access)
  const messages = await parts.check?.(input)
  const asked = askedProtocol(visit.request, visit.url)
  const protocol = asked ?? options.protocol ?? (input.isUiMessage ? 'ui-message' : 'sse')
  const { conversationId } = input
  const { tenant } = visit.access
  const { streamFrames } = options
  const meta: JsonObject = { protocol, conversationId, createdMs: clock.epochMs(), tenant, streamFrames }
  const run = await startRun(parts, visit, { input, meta, messages })
  if (!input.stream) return wholeResponse(parts, visit, { run, conversationId })
  await refusedEarly(run, options.holdMs ?? 0, parts)
  const headers = await rateLimitHeaders(limiter, limitKeysOf({ ...visit.access, conversationId }))
  return streamResponse(parts, visit, { runId: run.id, meta, protocol, after: undefined, headers })
}

interface Start {
  readonly input: ChatInput
  readonly meta: JsonObject
  readonly messages: readonly Message[] | undefined
}

async function startRun(
  { runs, respond, options, clock }: RouteParts,
  visit: GuardedRequest,
  { input, meta, messages }: Start,
): Promise<StartedRun> {
  const { access, request, requestId } = visit
  const { conversationId, settings } = input
  const runId = newId('run').slice(0, 20)
  const { coalesce } = options
  const open = async (signal: AbortSignal): Promise<ReplyStream> => {
    const stream = await respond(input, { signal, access, request, requestId, runId })
    return coalesce === undefined ? stream : coalesceText(stream, coalesce, clock)
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

// A refusal that cost nobody anything is a status. One from a provider is a frame, unless the host holds the answer back for it.
async function refusedEarly(run: StartedRun, holdMs: number, { clock }: RouteParts): Promise<void> {
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
  { request, leave }: GuardedRequest,
  { run, conversationId }: Whole,
): Promise<Response> {
  const reader = await runs.attach(run.id)
  const expiry = leave()
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
