import { parseRequest } from '../../../core/parse-request.ts'
import { systemClock } from '../../../core/clock.ts'
import { LlmError } from '../../../core/error.ts'
import { checkOptions } from '../../../core/options.ts'
import type { ChatRequest } from '../../../core/request.ts'
import { group, kind, required } from '../../../core/schema.ts'
import { plainErrorBody } from '../../encoders/index.ts'
import { createRunHub, type RunHub } from '../../runs/index.ts'
import { checkCredentials, createGuards, callerOf, type CorsOptions } from '../guards/index.ts'
import { isChatService, type ChatServiceTarget } from './stored-chats.ts'
import { answerChat } from './chat-route.ts'
import type { ChatInput } from './chat-input.ts'
import {
  chatHandlerSchema,
  type ChatHandlerOptions,
  type ChatBackend,
  type ChatTarget,
  type Respond,
} from './options.ts'
import { endpointOf } from './routes.ts'
import type { RouteParts } from './stream-request.ts'

/** A web-standard handler that serves chat over HTTP. */
export interface ChatHandler extends AsyncDisposable {
  (request: Request): Promise<Response>
  /** The running streams and those that ended recently, for sockets, status pages and shutdown. */
  readonly runs: RunHub
  /** Rejects new streams, waits up to `drainMs` (default 0) for running ones, then aborts and saves them. */
  close(options?: { readonly drainMs?: number | undefined }): Promise<void>
}

/**
 * Creates a chat handler for pages, over a chat service or an orchestrator. `POST` streams an answer, `GET …/{id}/stream`
 * resumes it, `POST …/{id}/cancel` (or `stop`) ends it for every reader, `GET …/{id}/status` and `…/{id}/metrics` report
 * on it, and `GET …/test-sse` checks that streaming works. `{id}` is the conversation or the stream. With a chat service,
 * members of a conversation follow each other's streams. Throws `misconfigured` naming the wrong option.
 */
export function createChatHandler(
  target: ChatTarget | ChatBackend | ChatServiceTarget,
  options: ChatHandlerOptions,
): ChatHandler {
  checkOptions('createChatHandler', argumentsSchema, { target })
  checkOptions('createChatHandler', chatHandlerSchema, options)
  checkCredentials('createChatHandler', options.cors)
  const { clock = systemClock, cors } = options
  const chats = options.respond === undefined && isChatService(target) ? target : undefined
  if (chats !== undefined && options.authorize === 'open') throw new LlmError('misconfigured', OPEN_SERVICE)
  if (chats === undefined) refuseServiceOptions(options)
  const respond = options.respond ?? respondBy(target, options.defaults)
  // The run decides about clients that disconnect; the guards only watch access that expires.
  const guards = createGuards({ ...options, cors: withExposed(cors), onClientGone: 'finish' })
  const runs = options.runs ?? hubOf(options)
  const limiter = 'limiter' in target ? target.limiter : undefined
  const estimateTokens = 'estimateTokens' in target ? target.estimateTokens : undefined
  const check = checkBy(options, target)
  const parts: RouteParts = {
    options,
    runs,
    respond,
    chats,
    check,
    clock,
    limiter,
    estimateTokens,
    errorBody,
  }
  const handle = (request: Request): Promise<Response> =>
    guards.handle(request, endpointOf(parts, request, answerChat))
  const close = async (how?: { readonly drainMs?: number | undefined }): Promise<void> => {
    if (options.runs === undefined) await runs.close(how)
  }
  return Object.assign(handle, { runs, close, [Symbol.asyncDispose]: () => close() })
}

// A switch that has no effect is a mistake.
function refuseServiceOptions({ decide, agent, allow }: ChatHandlerOptions): void {
  const given = { decide, agent, 'allow.agents': allow?.agents }
  for (const [path, value] of Object.entries(given)) {
    if (value === undefined) continue
    const message = 'needs a chat service as the target: createChatHandler(chats, …)'
    throw new LlmError('misconfigured', `createChatHandler: ${path} ${message}`, {
      issues: [{ path, message }],
    })
  }
}

const OPEN_SERVICE =
  "createChatHandler: authorize is 'open', but a chat service has to know whose conversations it shows; pass a function that returns { userId }"

type Target = ChatTarget | ChatBackend | ChatServiceTarget

const argumentsSchema = group(() => ({
  target: required(
    kind('an orchestrator, a chat service, or an object with chatApiCall() or respond()', isTarget),
  ),
}))

function isTarget(value: unknown): boolean {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false
  const { chatApiCall, respond } = value as Partial<Record<string, unknown>>
  return typeof chatApiCall === 'function' || typeof respond === 'function' || isChatService(value)
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
  const { log, onSave, onSaveFailed, savePolicy, saveWaitMs, idleMs, maxRuns, maxReaders } = options
  const { logger, clock } = options
  const renamed = { maxPerUser, onDisconnect, disconnectGraceMs }
  const same = {
    log,
    onSave,
    onSaveFailed,
    savePolicy,
    saveWaitMs,
    idleMs,
    maxRuns,
    maxReaders,
    logger,
    clock,
  }
  return createRunHub({ ...renamed, ...same })
}

const ID_HEADERS = ['x-stream-id', 'x-conversation-id', 'x-message-id', 'x-user-message-id']

function withExposed(cors: CorsOptions | undefined): CorsOptions | undefined {
  if (cors === undefined) return undefined
  return { ...cors, exposeHeaders: [...ID_HEADERS, ...(cors.exposeHeaders ?? [])] }
}

function respondBy(target: Target, defaults: Partial<ChatRequest> | undefined): Respond {
  if ('respond' in target) return (input, context) => target.respond(input, context)
  return async (input, { access, signal, requestId, conversationId }) => {
    if (!('chatApiCall' in target))
      throw new LlmError('misconfigured', 'the chat handler has nothing to call')
    const caller = { ...callerOf(access, conversationId), requestId, signal }
    const request = { ...requestOf(input, defaults), ...caller, stream: true } as const
    if (target.run === undefined || !hasExecute(request)) return target.chatApiCall(request)
    return target.run({ ...request, permissions: access.permissions })
  }
}

function hasExecute({ tools = [] }: ChatRequest): boolean {
  return tools.some((tool) => ('function' in tool ? tool.function : tool).execute !== undefined)
}

function requestOf(
  { messages, settings }: ChatInput,
  defaults: Partial<ChatRequest> | undefined,
): ChatRequest {
  return { ...defaults, ...settings, messages }
}

/** Validates a page's request before its stream starts, so that an invalid one gets a status instead of a frame. */
function checkBy(options: ChatHandlerOptions, target: Target): RouteParts['check'] {
  if (options.respond !== undefined || !('chatApiCall' in target)) return undefined
  return async (input) => {
    return parseRequest(requestOf(input, options.defaults)).messages
  }
}
