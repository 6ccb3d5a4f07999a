import { systemClock } from '../core/clock.ts'
import { newId } from '../core/create-id.ts'
import { LlmError } from '../core/error.ts'
import { isObject, type JsonObject, type JsonValue } from '../core/json.ts'
import { jsonSchemaOf } from '../core/json-schema.ts'
import { errorFields, type Logger } from '../core/log.ts'
import type { Tool } from '../core/request.ts'
import { Turn } from '../core/turn.ts'
import { ToolRunner, usableTools, type DecidedCall, type ToolOutcome } from '../tools/index.ts'
import { mcpContent } from './content.ts'
import type { McpCaller, McpServerOptions } from './server-options.ts'

const NEEDS_APPROVAL = 'the call needs the decision of a person, which this server cannot get'
const NO_RESULT = 'the tool has no result now'

/** One call of a client. */
export interface ServedCall {
  readonly name: string
  readonly args: JsonValue
  readonly caller: McpCaller
  readonly signal: AbortSignal
  readonly progress: (progress: JsonValue) => void
}

/** The tools of a server: who may see which, and how they run. */
export class ServedTools {
  readonly #options: McpServerOptions
  readonly #logger: Logger | undefined
  readonly #agents: readonly Tool[]

  constructor(options: McpServerOptions, logger: Logger | undefined) {
    const { agents = [], orchestrator } = options
    this.#options = options
    this.#logger = logger
    this.#agents = agents.map((agent) => agent.asTool({ orchestrator }))
  }

  /** The definitions of the tools that the caller may use. One that cannot be sent is left out. */
  async list(caller: McpCaller): Promise<JsonObject[]> {
    try {
      const usable = await this.#usable(caller)
      return [...usable.values()].flatMap((tool) => this.#definition(tool))
    } catch (error) {
      this.#logger?.error(errorFields(error), 'MCP: the tools could not be listed')
      throw new LlmError('server-failed', 'the tools could not be listed', { cause: error })
    }
  }

  /** Runs a tool. Whatever it does, the call has a result. Never rejects. */
  async call({ name, args, caller, signal, progress }: ServedCall): Promise<JsonObject> {
    const { userId, tenant, permissions, identity, tags: own } = caller
    const { clock = systemClock, toolTimeoutMs: timeoutMs } = this.#options
    const requestId = newId('mcp')
    const tags = tenant === undefined ? own : { ...own, tenant }
    const turn = new Turn({ requestId, signal, userId, anonymous: userId === undefined, tags })
    try {
      const context = {
        runId: requestId,
        requestId,
        userId,
        tags,
        permissions,
        identity,
        logger: this.#logger,
      }
      const runner = new ToolRunner({ context, scope: turn.scope, clock, logger: this.#logger, timeoutMs })
      const call = { id: requestId, name, arguments: args }
      const tools = await this.#usable(caller)
      const decided = await runner.decide(call, { tools, step: 0, isApproved: false })
      return await run(runner, decided, progress)
    } catch (error) {
      this.#logger?.warn({ tool: name, ...errorFields(error) }, 'MCP: a call ended without a result')
      return failure('the call ended without a result')
    } finally {
      turn.end()
    }
  }

  async #usable(caller: McpCaller): Promise<ReadonlyMap<string, Tool>> {
    const { tools = [] } = this.#options
    const { permissions = [] } = caller
    const given =
      typeof tools === 'function'
        ? await tools(caller)
        : 'toolsFor' in tools
          ? tools.toolsFor({ permissions })
          : tools
    return usableTools([...given, ...this.#agents], permissions)
  }

  #definition(tool: Tool): readonly JsonObject[] {
    const { name, description = '' } = tool
    try {
      const schema = tool.parameters ?? tool.inputSchema
      const json = schema === undefined ? {} : jsonSchemaOf(schema, `${name}.parameters`)
      return [{ name, description, inputSchema: { ...json, type: 'object' } }]
    } catch (error) {
      this.#logger?.warn(
        { tool: name, ...errorFields(error) },
        'a tool is not listed: its schema cannot be sent',
      )
      return []
    }
  }
}

async function run(
  runner: ToolRunner,
  decided: DecidedCall,
  tell: ServedCall['progress'],
): Promise<JsonObject> {
  if (decided.state === 'needs-approval') return failure(NEEDS_APPROVAL)
  let outcome: ToolOutcome | undefined
  await runner.run([decided], {
    step: 0,
    progress: (event) => {
      if (event.type === 'tool-progress') tell(event.progress)
    },
    settled: (_call, settled) => {
      outcome = settled
    },
    deferred: () => undefined,
  })
  if (outcome === undefined) return failure(NO_RESULT)
  const { message, event } = outcome
  const content = mcpContent(message.content)
  if (message.isError === true) return { content, isError: true }
  const structured = event.type === 'tool-result' && isObject(event.result) ? event.result : undefined
  return structured === undefined ? { content } : { content, structuredContent: structured }
}

function failure(text: string): JsonObject {
  return { content: [{ type: 'text', text }], isError: true }
}
