import type { Call } from '../core/call.ts'
import { Scope } from '../core/call-scope.ts'
import { safeLogger } from '../core/log.ts'
import type { Message } from '../core/message.ts'
import { lineageOf, type Lineage } from '../core/parent-call.ts'
import type { ResolvedSettings } from '../core/params.ts'
import type { Target } from '../core/registry.ts'
import type { CallOptions, ChatRequest, StreamLimits } from '../core/request.ts'
import { nonEmptyKey } from '../core/secret.ts'
import type { Transport } from '../core/wire.ts'
import { createFetchTransport } from '../transport/index.ts'
import { mergeOptions, type OrchestratorContext } from './context.ts'

/** Default of `timeouts.totalMs`. */
export const DEFAULT_TOTAL_MS = 600_000
const DEFAULT_STREAM_LIMITS: Call['streamLimits'] = {
  maxBytes: 10 * 1024 * 1024,
  maxReplyBytes: 64 * 1024 * 1024,
}

/** Operation, messages and settings of a call. */
export interface CallInput {
  readonly operation: Call['operation']
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly warnings?: Call['warnings']
  readonly stream: boolean
  readonly exchange: Call['exchange']
}

/** A call whose scope the orchestrator controls. */
export interface RunningCall extends Call {
  readonly scope: Scope
}

/**
 * Creates a call: resolves its target, merges the request with the options of the orchestrator, and starts its deadline.
 * Throws `misconfigured` if the request names no known target.
 */
export function createCall(
  context: OrchestratorContext,
  request: CallOptions,
  input: CallInput,
): RunningCall {
  const { options, clock } = context
  // Only chat calls have a format by default that is not the provider's own.
  const { provider, model, api = '' } = request
  const chat = input.operation === 'chat'
  const target = context.registry.resolve(chat ? request : { provider, model, api })
  const own = context.accessTo(target)
  const timeouts = mergeOptions(options.timeouts, request.timeouts)
  const given = nonEmptyKey(request.apiKey)
  const lineage = lineageOf(request.parent)
  const scope = createScope(request, { totalMs: timeouts.totalMs, now: clock.now() })
  // Every field is listed, because V8 copies an object that starts with a spread each time it grows.
  const { operation, messages, settings, warnings, stream, exchange } = input
  return {
    operation,
    request,
    messages,
    settings,
    warnings,
    stream,
    exchange,
    requestId: request.requestId ?? context.nextRequestId(),
    target,
    candidates: own.candidates,
    previousAttempts: NO_ATTEMPTS,
    hasOwnCredentials: given !== undefined || request.baseUrl !== undefined,
    scope,
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
    onUnsupported:
      request.onUnsupported ?? target.definition.onUnsupported ?? options.onUnsupported ?? 'warn',
    providerOptions: (request as ChatRequest).providerOptions,
    include: (request as ChatRequest).include,
    continuation: request.continuation,
    fallback: request.fallback,
    priority: request.priority,
    ...ownerOf(request, lineage),
    lineage,
    moderation: request.moderation,
    onAdmitted: request.onAdmitted,
    onEnd: request.onEnd,
    clock,
    estimateTokens: options.estimateTokens,
    logger: request.logger === undefined ? options.logger : safeLogger(request.logger),
  }
}

function createScope(
  { signal, parent }: CallOptions,
  { totalMs = DEFAULT_TOTAL_MS, now }: { readonly totalMs: number | undefined; readonly now: number },
): Scope {
  const scope = new Scope(signal, totalMs, now)
  const above = lineageOf(parent)
  if (above !== undefined) scope.follow(above.scope)
  return scope
}

type CallOwner = Pick<Call, 'userId' | 'anonymous' | 'conversationId' | 'conversationChecked' | 'tags'>

/** Who the call is made for: its parent's user and conversation, unless the request names its own. */
function ownerOf(request: CallOptions, lineage: Lineage | undefined): CallOwner {
  const { userId, anonymous, conversationId, conversationChecked, tags } = request
  if (lineage === undefined) return { userId, anonymous, conversationId, conversationChecked, tags }
  const isOwn = conversationId !== undefined
  return {
    userId: userId ?? lineage.userId,
    anonymous: anonymous ?? (userId === undefined ? lineage.anonymous : undefined),
    conversationId: conversationId ?? lineage.conversationId,
    conversationChecked: isOwn ? conversationChecked : lineage.conversationChecked,
    tags: lineage.tags === undefined ? tags : { ...lineage.tags, ...tags },
  }
}

/** Returns the stream limits of an orchestrator. Defaults: `maxBytes` 10 MiB, `maxReplyBytes` 64 MiB. */
export function streamLimitsOf(limits: StreamLimits | undefined): Call['streamLimits'] {
  return mergeOptions(DEFAULT_STREAM_LIMITS, limits)
}

const NO_ATTEMPTS: Call['previousAttempts'] = Object.freeze([])

/**
 * Returns the call with another target and the application's access to it. A key, base URL or header with credentials of the
 * request is not sent to another provider.
 */
export function retarget(context: OrchestratorContext, call: Call, target: Target): Call {
  const own = context.accessTo(target)
  const { prepared } = own
  if (target.provider === call.target.provider) return { ...call, target, prepared }
  const onUnsupported =
    call.request.onUnsupported ?? target.definition.onUnsupported ?? context.options.onUnsupported ?? 'warn'
  return {
    ...call,
    onUnsupported,
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
