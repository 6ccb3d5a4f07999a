import { LlmError } from '../core/error.ts'
import { stableHash } from '../core/fit/stable-hash.ts'
import { callSafely } from '../core/host-function.ts'
import { isObject, objectOf, textOf, type JsonObject, type JsonValue } from '../core/json.ts'
import { jsonSchemaOf } from '../core/json-schema.ts'
import { errorFields, safeLogger, type Logger } from '../core/log.ts'
import type { UserPart } from '../core/message.ts'
import { checkOptions } from '../core/options.ts'
import type { MessageInput, Tool, ToolContext } from '../core/request.ts'
import { defineTool } from '../core/tool.ts'
import { mcpClientSchema, type McpClientOptions } from './client-options.ts'
import { McpConnection, type McpRequest } from './connection.ts'
import { isTextOnly, resourceParts, resultParts, textOfContent, userParts } from './content.ts'
import { answerSampling, RunningCalls } from './sampling.ts'
import { allPages, McpToolList, type ListedTool } from './tool-list.ts'

const DEFAULT_TIMEOUT_MS = 60_000
const MAX_NAME = 128
const MAX_ITEMS = 10_000

/** A resource that a server offers. */
export interface McpResource {
  readonly uri: string
  readonly name: string
  readonly description?: string | undefined
  readonly mediaType?: string | undefined
}

/** A prompt that a server offers. */
export interface McpPrompt {
  readonly name: string
  readonly description?: string | undefined
  readonly arguments: readonly {
    readonly name: string
    readonly description?: string | undefined
    readonly required: boolean
  }[]
}

/** A server of the Model Context Protocol. It is connected by the first request, and again after the connection was lost. */
export interface McpClient {
  readonly name: string
  /**
   * The server's tools, for `tools` of a request, an agent or a registry. Tools that are broken, or whose definition is not
   * accepted, are left out. Rejects if the server cannot be reached.
   */
  tools(): Promise<readonly Tool[]>
  /** The hashes of the accepted definitions by tool name, to be given as `pins` next time. */
  pins(): Promise<Readonly<Record<string, string>>>
  /** Accepts the present definitions of these tools, by their names at the server. Default: of all. */
  accept(...names: string[]): void
  resources(): Promise<readonly McpResource[]>
  /** The contents of a resource, as parts of a message. */
  readResource(uri: string): Promise<readonly UserPart[]>
  prompts(): Promise<readonly McpPrompt[]>
  /** The messages of a prompt. */
  getPrompt(name: string, args?: Readonly<Record<string, string>>): Promise<readonly MessageInput[]>
  /** What the server says about its use; `undefined` if nothing. */
  instructions(): Promise<string | undefined>
  /** Completes an authorization with the code that the user came back with. Rejects with `conflict` if none was asked for. */
  finishAuth(code: string): Promise<void>
  /** Ends the connection, its process and its requests. Idempotent. */
  close(): Promise<void>
}

/** Creates the client of one MCP server. Throws `misconfigured` for wrong options. */
export function createMcpClient(options: McpClientOptions): McpClient {
  checkOptions('createMcpClient', mcpClientSchema, options)
  return new Client(options)
}

class Client implements McpClient {
  readonly name: string
  readonly #options: McpClientOptions
  readonly #logger: Logger | undefined
  readonly #connection: McpConnection
  readonly #list: McpToolList
  readonly #calls = new RunningCalls()
  #listing: Promise<void> | undefined

  constructor(options: McpClientOptions) {
    this.name = options.name
    this.#options = options
    this.#logger = safeLogger(options.logger)
    this.#list = new McpToolList(options, this.#logger)
    this.#connection = new McpConnection(options, {
      hasSampling: options.sampling !== undefined,
      opened: () => (this.#listing = undefined),
      prepare: (client, types) => {
        client.setNotificationHandler(types.ToolListChangedNotificationSchema, () => this.#relist())
        if (options.sampling !== undefined)
          client.setRequestHandler(
            types.CreateMessageRequestSchema,
            ({ params }) => this.#sample(params) as never,
          )
      },
    })
  }

  async tools(): Promise<readonly Tool[]> {
    await this.#listed()
    return this.#list.accepted().flatMap((tool) => this.#toolOf(tool))
  }

  async pins(): Promise<Readonly<Record<string, string>>> {
    await this.#listed()
    return this.#list.pins()
  }

  accept(...names: string[]): void {
    this.#list.accept(names.length === 0 ? undefined : names)
  }

  async resources(): Promise<readonly McpResource[]> {
    const items = await this.#pages('resources/list', 'resources')
    return items.flatMap((item) => {
      const { uri, name, description, mimeType } = objectOf(item)
      if (typeof uri !== 'string') return []
      return [
        { uri, name: textOf(name) ?? uri, description: textOf(description), mediaType: textOf(mimeType) },
      ]
    })
  }

  async readResource(uri: string): Promise<readonly UserPart[]> {
    const { contents } = await this.#request({ method: 'resources/read', params: { uri } })
    return resourceParts(contents)
  }

  async prompts(): Promise<readonly McpPrompt[]> {
    const items = await this.#pages('prompts/list', 'prompts')
    return items.flatMap((item) => {
      const { name, description, arguments: args } = objectOf(item)
      return typeof name === 'string'
        ? [{ name, description: textOf(description), arguments: promptArguments(args) }]
        : []
    })
  }

  async getPrompt(
    name: string,
    args: Readonly<Record<string, string>> = {},
  ): Promise<readonly MessageInput[]> {
    const result = await this.#request({ method: 'prompts/get', params: { name, arguments: args } })
    const messages = Array.isArray(result['messages']) ? result['messages'] : []
    return messages.map((message): MessageInput => {
      const { role, content } = objectOf(message)
      if (role === 'assistant') return { role, content: textOfContent([content]) }
      return { role: 'user', content: userParts(content) }
    })
  }

  async instructions(): Promise<string | undefined> {
    return (await this.#connection.client()).getInstructions()
  }

  finishAuth(code: string): Promise<void> {
    return this.#connection.finishAuth(code)
  }

  close(): Promise<void> {
    return this.#connection.close()
  }

  #request(request: McpRequest): Promise<JsonObject> {
    return this.#connection.request(request)
  }

  #pages(method: string, key: string, max = MAX_ITEMS): Promise<unknown[]> {
    const page = (cursor: string | undefined): Promise<JsonObject> =>
      this.#request({ method, params: cursor === undefined ? {} : { cursor } })
    return allPages(page, { key, max })
  }

  // A new connection, and a server that says so, are asked again.
  async #listed(): Promise<void> {
    await this.#connection.client()
    this.#listing ??= this.#fetchTools().catch((error: unknown) => {
      this.#listing = undefined
      throw error
    })
    await this.#listing
  }

  async #fetchTools(): Promise<void> {
    const { onToolsChanged, maxTools = 1000 } = this.#options
    const change = this.#list.take(await this.#pages('tools/list', 'tools', maxTools))
    if (change === undefined) return
    const { added, changed, removed } = change
    const names = { added: added.map(({ name }) => name), changed: changed.map(({ name }) => name), removed }
    this.#logger?.warn({ server: this.name, ...names }, 'MCP: the tools of the server have changed')
    callSafely(
      () => onToolsChanged?.(change),
      (error) => this.#failed('onToolsChanged failed', error),
    )
  }

  #relist(): void {
    this.#listing = undefined
    callSafely(
      () => this.#listed(),
      (error) => this.#failed('the tools could not be listed', error),
    )
  }

  #toolOf(listed: ListedTool): readonly Tool[] {
    const { info, inputSchema } = listed
    const { prefix = `${this.name}_`, tool: settingsOf, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options
    try {
      const settings = settingsOf?.(info) ?? {}
      if (settings === false) return []
      const tool: Tool = defineTool({
        timeoutMs,
        ...settings,
        name: toolName(prefix, info.name),
        description: info.description,
        parameters: inputSchema,
        execute: (args: never, context: ToolContext) => this.#call(listed, args, context),
      })
      // Read now, because a schema that cannot be sent would fail every call.
      jsonSchemaOf(inputSchema, `${info.name}.inputSchema`)
      return [tool]
    } catch (error) {
      this.#failed(`the tool ${info.name.slice(0, 64)} is left out`, error)
      return []
    }
  }

  async #call({ info }: ListedTool, args: JsonValue, context: ToolContext): Promise<unknown> {
    if (!this.#list.isAccepted(info))
      throw new LlmError('conflict', `the definition of ${info.name} has changed, and is not accepted yet`, {
        code: 'tool-changed',
      })
    const { signal, emit } = context
    const leave = this.#options.sampling === undefined ? undefined : await this.#calls.enter(context)
    try {
      const params = { name: info.name, arguments: args ?? {} }
      const onprogress = emit && ((progress: JsonObject) => emit(progress))
      return resultOf(await this.#request({ method: 'tools/call', params, signal, onprogress }))
    } finally {
      leave?.()
    }
  }

  async #sample(params: unknown): Promise<JsonObject> {
    const { sampling } = this.#options
    const context = this.#calls.current
    if (sampling === undefined || context === undefined)
      throw new LlmError('invalid-request', 'a model can be asked only while a tool of the server runs')
    return answerSampling(params, { sampling, context })
  }

  #failed(message: string, error: unknown): void {
    this.#logger?.warn({ server: this.name, ...errorFields(error) }, `MCP: ${message}`)
  }
}

// Servers say what went wrong in the content, for the model.
function resultOf({ content, structuredContent, isError }: JsonObject): unknown {
  if (isError === true)
    throw new Error(
      textOfContent(content)
        .split(/\s*\n\s*/)
        .join('; ') || 'the tool failed',
    )
  if (isObject(structuredContent) && isTextOnly(content ?? [])) return structuredContent
  if (isTextOnly(content)) return textOfContent(content)
  const parts = resultParts(content)
  return parts.length > 0 ? parts : null
}

function promptArguments(args: unknown): McpPrompt['arguments'] {
  return (Array.isArray(args) ? args : []).flatMap((one) => {
    const { name, description, required } = objectOf(one)
    return typeof name === 'string'
      ? [{ name, description: textOf(description), required: required === true }]
      : []
  })
}

// A name that must be changed gets a hash, so that no two tools have one name.
function toolName(prefix: string, name: string): string {
  const whole = `${prefix}${name}`
  const plain = whole.replace(/[^\w.:/-]/g, '_')
  if (plain === whole && whole.length <= MAX_NAME) return whole
  return `${plain.slice(0, MAX_NAME - 15)}_${stableHash(whole)}`
}
