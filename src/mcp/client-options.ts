import type { Clock } from '../core/clock.ts'
import type { Logger } from '../core/log.ts'
import { optionsSchema } from '../core/options.ts'
import { clockField, fetchField, loggerField } from '../core/port-fields.ts'
import type { Tool } from '../core/request.ts'
import {
  anyOf,
  callable,
  count,
  listOf,
  matching,
  milliseconds,
  nonEmptyText,
  oneOf,
  positiveCount,
  recordOf,
  required,
  secretKind,
  text,
  variants,
  withMethods,
  type Group,
} from '../core/schema.ts'
import type { Orchestrator } from '../orchestrator/index.ts'
import type { McpTransport } from './sdk.ts'

/** A server that is a child process, reached by its standard input and output. */
export interface McpStdioServer {
  readonly type: 'stdio'
  readonly command: string
  readonly args?: readonly string[] | undefined
  /** Environment of the process, besides `PATH`, `HOME` and the like. It gets no other variables of the application. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly cwd?: string | undefined
}

/** A server that is reached by streamable HTTP. */
export interface McpHttpServer {
  readonly type: 'http'
  readonly url: string
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** An `OAuthClientProvider` of the SDK, which keeps the tokens and sends the user to the authorization. */
  readonly authProvider?: object | undefined
  /** Default: the global `fetch`. */
  readonly fetch?: typeof fetch | undefined
}

/** What a server tells of one of its tools. Its hints are its own claims. */
export interface McpToolInfo {
  /** Name of the tool at the server. */
  readonly name: string
  readonly description: string
  /** Hash of name, description, schemas and hints. */
  readonly pin: string
  readonly readOnlyHint?: boolean | undefined
  readonly destructiveHint?: boolean | undefined
  readonly idempotentHint?: boolean | undefined
}

/** How the definitions of a server's tools have changed since they were listed last. */
export interface McpToolsChange {
  readonly added: readonly McpToolInfo[]
  /** Tools whose definition has changed. They are refused until `accept` is called. */
  readonly changed: readonly McpToolInfo[]
  /** Names of tools that are gone. */
  readonly removed: readonly string[]
}

/** What a server asks a model for while one of its tools runs. */
export interface McpSamplingRequest {
  readonly system?: string | undefined
  /** Estimated by the server; at most `maxTokens` of the options is sent. */
  readonly maxTokens: number
  readonly messageCount: number
  readonly userId?: string | undefined
}

/** Answers a server's requests for a model (sampling). */
export interface McpSampling {
  /** Makes the calls, under its limits and as part of the run whose tool the server works for. */
  readonly orchestrator: Pick<Orchestrator, 'chatApiCall'>
  /** Model of the calls. Default: that of the orchestrator. */
  readonly model?: string | undefined
  readonly provider?: string | undefined
  /** Maximum tokens of one answer. Default 4 096. */
  readonly maxTokens?: number | undefined
  /** Called before each request. False refuses it. Default: every request is answered. */
  readonly approve?: ((request: McpSamplingRequest) => boolean | Promise<boolean>) | undefined
}

/** Bounds of the attempts to reach a server. */
export interface McpReconnect {
  /** Attempts before a request fails. Default 3. */
  readonly attempts?: number | undefined
  /** Wait before the second attempt in ms; doubled for each further one. Default 500. */
  readonly backoffMs?: number | undefined
  /** Longest wait in ms. Default 10 000. */
  readonly maxBackoffMs?: number | undefined
}

/** Settings of one tool that the application chooses, because a server cannot be asked for them. */
export type McpToolSettings = Pick<
  Tool,
  'permission' | 'needsApproval' | 'tags' | 'timeoutMs' | 'sequential' | 'retries' | 'maxResultChars'
>

/** Options of {@link createMcpClient}. */
export interface McpClientOptions {
  /** Name of the server in tool names, errors and logs: 1 to 40 letters, digits, `_` and `-`. */
  readonly name: string
  /** How to reach the server: a child process, HTTP, or a function that returns a new transport of the SDK. */
  readonly server: McpStdioServer | McpHttpServer | (() => McpTransport | Promise<McpTransport>)
  /** Start of the names of its tools. Default: `name` and `_`. */
  readonly prefix?: string | undefined
  /** Called with each tool. Returns its settings; `false` leaves the tool out. Default: no settings. */
  readonly tool?: ((tool: McpToolInfo) => McpToolSettings | false) | undefined
  /**
   * The definitions that the application has seen, as `pins()` returned them: a tool that is not among them, or is another one, is
   * refused until `accept` is called. Default: the definitions of the first listing, and new tools are accepted.
   */
  readonly pins?: Readonly<Record<string, string>> | undefined
  /** Called when the server's tools have changed, and when the first listing is not as pinned. */
  readonly onToolsChanged?: ((change: McpToolsChange) => unknown) | undefined
  /** Answers the server's requests for a model. Default: they are refused. */
  readonly sampling?: McpSampling | undefined
  /** Maximum time of one request in ms, and of one run of a tool. Default 60 000. */
  readonly timeoutMs?: number | undefined
  /** Maximum number of tools; the rest is left out with a warning. Default 1 000. */
  readonly maxTools?: number | undefined
  /** Maximum size of one message of the server. Default 10 MiB. */
  readonly maxMessageBytes?: number | undefined
  readonly reconnect?: McpReconnect | undefined
  /** Gets a warning for what is left out and for lost connections. Default: none. */
  readonly logger?: Logger | undefined
  readonly clock?: Clock | undefined
}

const stdioSchema: Group = optionsSchema<McpStdioServer>()(() => ({
  type: required(oneOf('stdio')),
  command: required(nonEmptyText),
  args: listOf(text),
  env: recordOf(text),
  cwd: text,
}))
const httpSchema: Group = optionsSchema<McpHttpServer>()(() => ({
  type: required(oneOf('http')),
  url: required(secretKind('an http or https URL without a user and password', isHttpUrl)),
  headers: recordOf(text),
  authProvider: withMethods('tokens', 'redirectToAuthorization'),
  fetch: fetchField,
}))
const samplingSchema: Group = optionsSchema<McpSampling>()(() => ({
  orchestrator: required(withMethods('chatApiCall')),
  model: nonEmptyText,
  provider: nonEmptyText,
  maxTokens: positiveCount,
  approve: callable,
}))
const reconnectSchema: Group = optionsSchema<McpReconnect>()(() => ({
  attempts: positiveCount,
  backoffMs: milliseconds,
  maxBackoffMs: milliseconds,
}))

/** The schema of {@link McpClientOptions}. */
export const mcpClientSchema: Group = optionsSchema<McpClientOptions>()(() => ({
  name: required(matching(/^[\w-]{1,40}$/, '1 to 40 letters, digits, _ and -')),
  server: required(
    anyOf(
      callable,
      variants('type', () => [stdioSchema, httpSchema]),
    ),
  ),
  prefix: matching(/^[\w-]{0,40}$/, 'up to 40 letters, digits, _ and -'),
  tool: callable,
  pins: recordOf(text),
  onToolsChanged: callable,
  sampling: samplingSchema,
  timeoutMs: milliseconds,
  maxTools: count,
  maxMessageBytes: positiveCount,
  reconnect: reconnectSchema,
  logger: loggerField,
  clock: clockField,
}))

function isHttpUrl(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false
  const { protocol, username, password } = new URL(value)
  return /^https?:$/.test(protocol) && username === '' && password === ''
}
