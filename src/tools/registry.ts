import { LlmError } from '../core/error.ts'
import { jsonSchemaOf } from '../core/json-schema.ts'
import { objectOf, textOf } from '../core/json.ts'
import { errorFields, safeLogger, type Logger } from '../core/log.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import { loggerField } from '../core/port-fields.ts'
import type { Tool } from '../core/request.ts'
import { listOf, nonEmptyText } from '../core/schema.ts'
import { defineTool } from '../core/tool.ts'
import { mayUse } from './tool-list.ts'

/** Options of {@link createToolRegistry}. */
export interface ToolRegistryOptions {
  /** Gets a warning for each broken definition. Default: none. */
  readonly logger?: Logger | undefined
}

/** Which tools of a registry are meant. */
export interface ToolQuery {
  /** Kind of agent. Matches tools with this tag, and tools without tags. Default: every kind. */
  readonly archetype?: string | undefined
  /** Matches tools with one of these tags, and tools without tags. Default: every tool. */
  readonly capabilities?: readonly string[] | undefined
  /** What the caller may use. A tool whose `permission` is not among these does not match. */
  readonly permissions?: readonly string[] | undefined
}

/** Tools by their names. */
export interface ToolRegistry {
  /** Adds a tool. Throws `conflict` if its name is taken, `misconfigured` or `invalid-request` if its definition is broken. */
  register(tool: Tool): void
  /** Adds definitions from elsewhere. One that is broken, or whose name is taken, is left out with a warning. Returns the added tools. */
  registerAll(definitions: Iterable<unknown>): readonly Tool[]
  /** Adds a tool, in place of the one of its name if there is one. Throws as `register` for a broken definition. */
  replace(tool: Tool): void
  /** Removes a tool. Returns whether it was there. */
  remove(name: string): boolean
  get(name: string): Tool | undefined
  /** All tools, in the order in which they were added. */
  list(): readonly Tool[]
  /** The tools that match. Without `permissions`, those that need one match, too. */
  discover(query?: ToolQuery): readonly Tool[]
  /** The tools that the caller may use. Without `permissions`, these are the tools that need none. */
  toolsFor(query?: ToolQuery): readonly Tool[]
}

const registrySchema = optionsSchema<ToolRegistryOptions>()(() => ({ logger: loggerField }))
const querySchema = optionsSchema<ToolQuery>()(() => ({
  archetype: nonEmptyText,
  capabilities: listOf(nonEmptyText),
  permissions: listOf(nonEmptyText),
}))

/** Creates a registry without tools. */
export function createToolRegistry(options: ToolRegistryOptions = {}): ToolRegistry {
  checkOptions('createToolRegistry', registrySchema, options)
  return new Registry(safeLogger(options.logger))
}

class Registry implements ToolRegistry {
  readonly #tools = new Map<string, Tool>()
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  register(tool: Tool): void {
    this.#add(checked(tool))
  }

  registerAll(definitions: Iterable<unknown>): readonly Tool[] {
    const added: Tool[] = []
    let index = 0
    for (const definition of definitions) {
      try {
        added.push(this.#add(checked(definition as Tool)))
      } catch (error) {
        const tool = nameOf(definition)
        this.#logger?.warn(
          { tool, index, ...errorFields(error) },
          'a tool is left out: its definition is broken',
        )
      }
      index++
    }
    return added
  }

  replace(tool: Tool): void {
    const made = checked(tool)
    this.#tools.set(made.name, made)
  }

  remove(name: string): boolean {
    return this.#tools.delete(name)
  }

  get(name: string): Tool | undefined {
    return this.#tools.get(name)
  }

  list(): readonly Tool[] {
    return [...this.#tools.values()]
  }

  discover(query: ToolQuery = {}): readonly Tool[] {
    checkOptions('discover', querySchema, query)
    return this.list().filter((tool) => matches(tool, query))
  }

  toolsFor(query: ToolQuery = {}): readonly Tool[] {
    return this.discover({ ...query, permissions: query.permissions ?? [] })
  }

  #add(tool: Tool): Tool {
    if (this.#tools.has(tool.name))
      throw new LlmError(
        'conflict',
        `there is a tool "${tool.name}" already; use replace(), or another name`,
        { code: 'duplicate-tool' },
      )
    this.#tools.set(tool.name, tool)
    return tool
  }
}

// Read now, because a schema that cannot be sent would fail every call that has the tool.
function checked(definition: Tool): Tool {
  const tool: Tool = defineTool(definition)
  const schema = tool.parameters ?? tool.inputSchema
  if (schema !== undefined) jsonSchemaOf(schema, `${tool.name}.parameters`)
  return tool
}

// A field of a broken definition may throw.
function nameOf(definition: unknown): string | undefined {
  try {
    return textOf(objectOf(definition)['name'])
  } catch {
    return undefined
  }
}

function matches(tool: Tool, { archetype, capabilities, permissions }: ToolQuery): boolean {
  if (permissions !== undefined && !mayUse(tool, permissions)) return false
  const { tags = [] } = tool
  if (tags.length === 0) return true
  if (archetype !== undefined && !tags.includes(archetype)) return false
  return capabilities === undefined || capabilities.some((capability) => tags.includes(capability))
}
