import { systemClock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import type { ChatRequest } from '../../../core/request.ts'
import { plainErrorBody } from '../../encoders/index.ts'
import { createRunHub, type RunHub } from '../../runs/index.ts'
import { createGuards, tagsOf, type CorsOptions } from '../guards/index.ts'
import { answerChat } from './chat-route.ts'
import type { ChatInput } from './chat-input.ts'
import type { ChatHandlerOptions, ChatBackend, ChatTarget, Respond } from './options.ts'
import { checkProtocol } from './protocol.ts'
import { placeOf } from './routes.ts'
import type { RouteParts } from './stream-request.ts'

/** Serves chat over HTTP: a web-standard handler to be mounted anywhere. */
export interface ChatHandler extends AsyncDisposable {
  (request: Request): Promise<Response>
  /** The streams under way and those just ended: for sockets, status pages, shutdown. */
  readonly runs: RunHub
  /** Takes no more requests for new streams, lets those under way end for `drainMs` (default 0), then stops and saves them. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

/**
 * Chat for pages: `POST` streams an answer, `GET …/{id}/stream` takes it up again, `POST …/{id}/cancel` (or `stop`) ends
 * it for everyone, `GET …/{id}/status` and `…/{id}/metrics` tell of it, `GET …/test-sse` shows whether streaming works.
 * `{id}` is the conversation or the stream. Throws `misconfigured` naming the option that is wrong.
 */
export function createChatHandler(
  target: ChatTarget | ChatBackend,
  options: ChatHandlerOptions,
): ChatHandler {
  const { clock = systemClock, cors } = options
  if (options.protocol !== undefined) checkProtocol(options.protocol)
  const respond = options.respond ?? respondBy(target, options.defaults)
  const guards = createGuards(
    // Who leaves is the run's business; the leave here is about access that expires.
    { ...options, cors: withExposed(cors), onClientGone: 'finish' },
    'createChatHandler',
  )
  const runs = options.runs ?? hubOf(options)
  const limiter = 'limiter' in target ? target.limiter : undefined
  const check = checkBy(options, target)
  const parts: RouteParts = { options, runs, respond, check, clock, limiter, errorBody }
  const handle = (request: Request): Promise<Response> =>
    guards.admit(request, placeOf(parts, request, answerChat))
  const close = async (how?: { readonly drainMs?: number | undefined }): Promise<void> => {
    if (options.runs === undefined) await runs.close(how)
  }
  return Object.assign(handle, { runs, close, [Symbol.asyncDispose]: () => close() })
}

function errorBody({ error }: { readonly error: LlmError }, requestId: string): unknown {
  const { body } = plainErrorBody(error)
  return { ...body, requestId }
}

function hubOf(options: ChatHandlerOptions): RunHub {
  const {
    maxStreamsPerUser: maxPerUser,
    onClientGone: onDisconnect,
    goneGraceMs: disconnectGraceMs,
  } = options
  return createRunHub({ ...options, maxPerUser, onDisconnect, disconnectGraceMs })
}

function withExposed(cors: CorsOptions | undefined): CorsOptions | undefined {
  if (cors === undefined) return undefined
  return { ...cors, exposeHeaders: ['x-stream-id', 'x-conversation-id', ...(cors.exposeHeaders ?? [])] }
}

function respondBy(target: ChatTarget | ChatBackend, defaults: Partial<ChatRequest> | undefined): Respond {
  if ('respond' in target) return (input, context) => target.respond(input, context)
  if (typeof target?.chatApiCall !== 'function')
    throw new LlmError('misconfigured', 'createChatHandler takes an orchestrator, or an object with respond')
  return async (input, { access, signal, requestId }) => {
    const { conversationId } = input
    const { userId, priority } = access
    const who = { userId, conversationId, priority, tags: tagsOf(access), requestId, signal }
    return target.chatApiCall({ ...requestOf(input, defaults), ...who, stream: true })
  }
}

function requestOf(
  { messages, settings }: ChatInput,
  defaults: Partial<ChatRequest> | undefined,
): ChatRequest {
  return { ...defaults, ...settings, messages }
}

/** Checks what a page sent before a stream is begun for it: a bad request is a status, never a frame. */
function checkBy(options: ChatHandlerOptions, target: ChatTarget | ChatBackend): RouteParts['check'] {
  if (options.respond !== undefined || 'respond' in target) return undefined
  return async (input) => {
    const { parseRequest: admitRequest } = await import('../../../core/parse-request.ts')
    return admitRequest(requestOf(input, options.defaults)).messages
  }
}
