import type { Call } from '../core/call.ts'
import { Scope } from '../core/call-scope.ts'
import type { Message } from '../core/message.ts'
import type { ResolvedSettings } from '../core/params.ts'
import type { Target } from '../core/registry.ts'
import type { CallOptions, StreamLimits } from '../core/request.ts'
import { nonEmptyKey } from '../core/secret.ts'
import type { Transport } from '../core/wire.ts'
import { createFetchTransport } from '../transport/index.ts'
import { mergeOptions, type OrchestratorContext } from './context.ts'

const DEFAULT_TOTAL_MS = 600_000
const DEFAULT_STREAM_LIMITS: Required<StreamLimits> = {
  maxBytes: 10 * 1024 * 1024,
  maxEventBytes: 4 * 1024 * 1024,
  maxReplyBytes: 64 * 1024 * 1024,
}

/** What a call is about, besides where it goes. */
export interface CallInput {
  readonly operation: Call['operation']
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly exchange: Call['exchange']
}

/** A call with the scope that its orchestrator ends and releases. */
export interface RunningCall extends Call {
  readonly scope: Scope
}

/** Creates a call: finds its target, merges the request with the options of the orchestrator, starts its deadline. */
export function createCall(
  context: OrchestratorContext,
  request: CallOptions,
  input: CallInput,
): RunningCall {
  const { options, clock } = context
  const target = context.registry.resolve(request)
  const own = context.accessTo(target)
  const timeouts = mergeOptions(options.timeouts, request.timeouts)
  const given = nonEmptyKey(request.apiKey)
  // Every field by name: an object that begins by spreading another is moved again and again while it grows.
  const { operation, messages, settings, stream, exchange } = input
  return {
    operation,
    request,
    messages,
    settings,
    stream,
    exchange,
    requestId: request.requestId ?? context.nextRequestId(),
    target,
    candidates: own.candidates,
    previousAttempts: NO_ATTEMPTS,
    hasOwnCredentials: given !== undefined || request.baseUrl !== undefined,
    scope: new Scope(request.signal, timeouts.totalMs ?? DEFAULT_TOTAL_MS, clock.now()),
    apiKey: given ?? own.apiKey,
    credentials: request.credentials ?? own.credentials,
    variables: mergeOptions(own.variables, request.variables),
    baseUrl: request.baseUrl,
    headers: mergeOptions(mergeOptions(own.headers, request.headers), request.extraHeaders),
    extraBody: request.extraBody,
    transport: transportOf(request, own.transport),
    prepared: own.prepared,
    timeouts,
    streamLimits: mergeOptions(context.streamLimits, request.streamLimits),
    onUnsupported: request.onUnsupported ?? options.onUnsupported ?? 'warn',
    continuation: request.continuation,
    fallback: request.fallback,
    priority: request.priority,
    tags: request.tags,
    userId: request.userId,
    conversationId: request.conversationId,
    moderation: request.moderation,
    onAdmitted: request.onAdmitted,
    onEnd: request.onEnd,
    clock,
    logger: request.logger ?? options.logger,
  }
}

/** The stream limits of an orchestrator: its options over the defaults of 10, 4 and 64 MiB. */
export function streamLimitsOf(limits: StreamLimits | undefined): Required<StreamLimits> {
  return mergeOptions(DEFAULT_STREAM_LIMITS, limits)
}

const NO_ATTEMPTS: Call['previousAttempts'] = Object.freeze([])

/**
 * The same call to another target, with the access that the application configured there. A key or base URL that the
 * request brought for its own provider never goes to another.
 */
export function retarget(context: OrchestratorContext, call: Call, target: Target): Call {
  const own = context.accessTo(target)
  const { prepared } = own
  if (target.provider === call.target.provider) return { ...call, target, prepared }
  return {
    ...call,
    target,
    prepared,
    apiKey: own.apiKey,
    credentials: own.credentials,
    variables: own.variables,
    baseUrl: undefined,
    headers: mergeOptions(own.headers, withoutCredentials(call.headers)),
    transport: own.transport,
  }
}

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
])

function withoutCredentials(
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> | undefined {
  const kept = Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase()))
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

function transportOf(request: CallOptions, configured: Transport): Transport {
  if (request.transport !== undefined) return request.transport
  return request.fetch === undefined ? configured : createFetchTransport(request.fetch)
}
