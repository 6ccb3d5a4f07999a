import type { Agent } from '../agents/index.ts'
import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { optionsSchema } from '../core/options.ts'
import { clockField, loggerField } from '../core/port-fields.ts'
import type { Tool } from '../core/request.ts'
import {
  anyObject,
  anyOf,
  callable,
  kind,
  listOf,
  milliseconds,
  nonEmptyText,
  positiveCount,
  required,
  text,
  withMethods,
  type Group,
} from '../core/schema.ts'
import type { Orchestrator } from '../orchestrator/index.ts'
import type { ToolRegistry } from '../tools/index.ts'

/** Who uses a server, and what he may use. */
export interface McpCaller {
  readonly userId?: string | undefined
  readonly tenant?: string | undefined
  /** What the caller may use. A tool whose `permission` is not among these is neither listed nor run. Default: nothing. */
  readonly permissions?: readonly string[] | undefined
  /** Given to the tools as `identity`. */
  readonly identity?: unknown
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/**
 * Called with each request. Returns the caller, or a `Response` to send instead. Any other value, `undefined` included, is a 401.
 * `'open'` accepts every request; it must be explicit because tools act for their callers.
 */
export type McpAuthorize =
  | 'open'
  | ((request: Request) => McpCaller | Response | undefined | Promise<McpCaller | Response | undefined>)

/** Options of {@link createMcpServer}. */
export interface McpServerOptions {
  /** Name of the server, as clients show it. */
  readonly name: string
  /** Default `1.0.0`. */
  readonly version?: string | undefined
  /** What clients tell their model about the server. */
  readonly instructions?: string | undefined
  /** The tools: a list, a registry, or a function of the caller that is called for each listing and each call. */
  readonly tools?:
    | readonly Tool[]
    | ToolRegistry
    | ((caller: McpCaller) => readonly Tool[] | Promise<readonly Tool[]>)
    | undefined
  /** Agents, each of which becomes a tool that gives it a task. */
  readonly agents?: readonly Agent[] | undefined
  /** Runs agents that have no orchestrator of their own. */
  readonly orchestrator?: Pick<Orchestrator, 'run' | 'estimateTokens'> | undefined
  /** Who uses the server over HTTP. Required for `fetch`. */
  readonly authorize?: McpAuthorize | undefined
  /** Origins of web pages that may use the server. Default: none; requests without `Origin` are no pages. */
  readonly allowedOrigins?: readonly string[] | undefined
  /** Maximum time of one run of a tool in ms, unless the tool has its own. Default 15 000. */
  readonly toolTimeoutMs?: number | undefined
  /** Maximum number of sessions. A new one ends the one that was idle for the longest time; if all work, it is a 503. Default 1 000. */
  readonly maxSessions?: number | undefined
  /** Sessions end if no request used them for so long, in ms. Default 1 800 000. */
  readonly idleMs?: number | undefined
  /** Maximum size of the body of a request, in bytes. Default 4 MiB. */
  readonly maxBodyBytes?: number | undefined
  /** Gets what tools throw, in full. Default: none. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

/** The schema of {@link McpServerOptions}. */
export const mcpServerSchema: Group = optionsSchema<McpServerOptions>()(() => ({
  name: required(nonEmptyText),
  version: nonEmptyText,
  instructions: text,
  tools: anyOf(listOf(anyObject), callable, withMethods('list', 'toolsFor')),
  agents: listOf(withMethods('asTool')),
  orchestrator: withMethods('run'),
  authorize: kind(
    "a function of the request, or 'open'",
    (value) => value === 'open' || typeof value === 'function',
  ),
  allowedOrigins: listOf(text),
  toolTimeoutMs: milliseconds,
  maxSessions: positiveCount,
  idleMs: milliseconds,
  maxBodyBytes: positiveCount,
  logger: loggerField,
  clock: clockField,
}))
