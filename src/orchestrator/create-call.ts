import type { Call } from '../core/call.ts'
import type { Clock } from '../core/clock.ts'
import type { Message } from '../core/message.ts'
import type { ResolvedSettings } from '../core/params.ts'
import type { Registry, Target } from '../core/registry.ts'
import type { CallOptions, StreamLimits } from '../core/request.ts'
import { nonEmptyKey, type KeySource } from '../core/secret.ts'
import type { Transport } from '../core/wire.ts'
import { createFetchTransport } from '../transport/index.ts'
import type { OrchestratorOptions, ProviderAccess } from './config.ts'
import { Scope } from '../core/call-scope.ts'

const DEFAULT_TOTAL_MS = 600_000
const DEFAULT_STREAM: Required<StreamLimits> = {
  maxBytes: 10 * 1024 * 1024,
  maxEventBytes: 4 * 1024 * 1024,
  maxReplyBytes: 64 * 1024 * 1024,
}

/** What a host brings to every call. */
export interface OrchestratorContext {
  readonly options: OrchestratorOptions
  readonly registry: Registry
  readonly access: ReadonlyMap<string, ProviderAccess>
  /** Deployments that share the calls of a provider, with their weights. */
  readonly pools: ReadonlyMap<string, readonly { readonly id: string; readonly weight: number }[]>
  readonly transport: Transport
  readonly clock: Clock
  readonly nextRequestId: () => string
}

/** What a call is about, besides where it goes. */
export interface CallInput {
  readonly messages: readonly Message[]
  readonly settings: ResolvedSettings
  readonly stream: boolean
  readonly exchange: Call['exchange']
}

/** A call as it begins, with the life that its host watches over. */
export interface RunningCall extends Call {
  readonly scope: Scope
}

/** Opens a call: resolves its target, lays the request over the host's options, starts its deadline. */
export function createCall(host: OrchestratorContext, request: CallOptions, content: CallInput): RunningCall {
  const { options, clock } = host
  const target = host.registry.resolve(request)
  const own = host.access.get(target.provider)
  const timeouts = mergeOptions(options.timeouts, request.timeouts)
  const given = nonEmptyKey(request.apiKey)
  // Every field by name: an object that is begun by spreading another is moved again and again while it grows.
  const { messages, settings, stream, exchange } = content
  return {
    messages,
    settings,
    stream,
    exchange,
    requestId: request.requestId ?? host.nextRequestId(),
    target,
    candidates: [target],
    previousAttempts: [],
    hasOwnCredentials: given !== undefined || request.baseUrl !== undefined,
    scope: new Scope(request.signal, timeouts.totalMs ?? DEFAULT_TOTAL_MS, clock.now()),
    apiKey: given ?? firstKey(own?.apiKey),
    credentials: request.credentials ?? own?.credentials,
    variables: { ...own?.variables, ...request.variables },
    baseUrl: request.baseUrl,
    headers: mergeOptions(mergeOptions(own?.headers, request.headers), request.extraHeaders),
    extraBody: request.extraBody,
    transport: transportOf(request, own?.transport ?? host.transport),
    timeouts,
    streamLimits: mergeOptions(mergeOptions(DEFAULT_STREAM, options.stream), request.streamLimits),
    onUnsupported: request.onUnsupported ?? options.onUnsupported ?? 'warn',
    continuation: request.continuation ?? options.continuation ?? false,
    fallback: request.fallback ?? options.fallback,
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

/**
 * The same call to another target: with the access that this host has there. What the request brought for its own
 * provider, a key or an address, never goes to another.
 */
export function retarget(host: OrchestratorContext, call: Call, target: Target): Call {
  if (target.provider === call.target.provider) return { ...call, target }
  const own = host.access.get(target.provider)
  return {
    ...call,
    target,
    apiKey: firstKey(own?.apiKey),
    credentials: own?.credentials,
    variables: own?.variables ?? {},
    baseUrl: undefined,
    headers: mergeOptions(own?.headers, withoutCredentials(call.headers)),
    transport: own?.transport ?? host.transport,
  }
}

const CREDENTIAL_HEADERS: ReadonlySet<string> = new Set([
  'authorization',
  'x-api-key',
  'api-key',
  'x-goog-api-key',
  'cookie',
])

function withoutCredentials(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !CREDENTIAL_HEADERS.has(name.toLowerCase())),
  )
}

/** Of several keys the first; the planner turns to the others. */
function firstKey(source: ProviderAccess['apiKey']): KeySource | undefined {
  return isKeyList(source) ? source[0] : source
}

/** True where a provider has several keys to turn to. */
export function isKeyList(source: ProviderAccess['apiKey']): source is readonly KeySource[] {
  return Array.isArray(source)
}

const NONE = Object.freeze({})

// Most calls lay nothing over their host: nothing is copied then.
function mergeOptions<T extends object>(base: T | undefined, extra: Partial<T> | undefined): T {
  if (extra === undefined) return base ?? (NONE as T)
  return { ...(base as T), ...extra }
}

function transportOf(request: CallOptions, standing: Transport): Transport {
  if (request.transport !== undefined) return request.transport
  return request.fetch === undefined ? standing : createFetchTransport(request.fetch)
}
