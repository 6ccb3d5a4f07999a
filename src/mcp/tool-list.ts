import { createHash } from 'node:crypto'
import { canonicalJson } from '../core/canonical-json.ts'
import { isObject, listOf, objectOf, textOf, type JsonObject } from '../core/json.ts'
import type { Logger } from '../core/log.ts'
import type { McpClientOptions, McpToolInfo, McpToolsChange } from './client-options.ts'

const DEFAULT_MAX_TOOLS = 1000

/** A tool as the server defines it. */
export interface ListedTool {
  readonly info: McpToolInfo
  readonly inputSchema: JsonObject
}

/** The tools of a server, and which of their definitions the application has accepted. */
export class McpToolList {
  readonly #options: McpClientOptions
  readonly #logger: Logger | undefined
  /** Pins of the accepted definitions by tool name; `undefined` until the first listing. */
  #accepted: Map<string, string> | undefined
  /** Pins of the last listing. */
  #told = new Map<string, string>()
  #tools: ReadonlyMap<string, ListedTool> = new Map()

  constructor(options: McpClientOptions, logger: Logger | undefined) {
    const { pins } = options
    this.#options = options
    this.#logger = logger
    if (pins === undefined) return
    this.#accepted = new Map(Object.entries(pins))
    this.#told = new Map(this.#accepted)
  }

  /** Takes a new listing. Returns what has changed; `undefined` if nothing has. */
  take(listed: readonly unknown[]): McpToolsChange | undefined {
    const { pins, maxTools = DEFAULT_MAX_TOOLS } = this.#options
    const tools = new Map(listed.flatMap((raw, index) => this.#read(raw, index)).slice(0, maxTools))
    if (listed.length > maxTools)
      this.#warn(
        { tools: listed.length, maxTools },
        'the server has more tools than maxTools; the rest is left out',
      )
    this.#tools = tools
    const isFirst = this.#accepted === undefined
    const accepted = (this.#accepted ??= new Map())
    // Without pins of the application the first definition of a tool counts.
    if (pins === undefined)
      for (const { info } of tools.values()) if (!accepted.has(info.name)) accepted.set(info.name, info.pin)
    const change = this.#change(tools)
    this.#told = new Map([...tools.values()].map(({ info }) => [info.name, info.pin]))
    const isSame = change.added.length + change.changed.length + change.removed.length === 0
    return isSame || isFirst ? undefined : change
  }

  /** The tools whose definitions are accepted. */
  accepted(): readonly ListedTool[] {
    return [...this.#tools.values()].filter(({ info }) => this.isAccepted(info))
  }

  /** Whether the tool is still what the application has accepted. */
  isAccepted({ name, pin }: Pick<McpToolInfo, 'name' | 'pin'>): boolean {
    const now = this.#tools.get(name)?.info.pin ?? pin
    return this.#accepted?.get(name) === pin && now === pin
  }

  /** Accepts the present definitions of these tools, or of all. */
  accept(names: readonly string[] = [...this.#tools.keys()]): void {
    for (const name of names) {
      const tool = this.#tools.get(name)
      if (tool !== undefined) (this.#accepted ??= new Map()).set(name, tool.info.pin)
    }
  }

  pins(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#accepted ?? [])
  }

  #change(tools: ReadonlyMap<string, ListedTool>): McpToolsChange {
    const infos = [...tools.values()].map(({ info }) => info)
    return {
      added: infos.filter(({ name }) => !this.#told.has(name)),
      changed: infos.filter(({ name, pin }) => this.#told.has(name) && this.#told.get(name) !== pin),
      removed: [...this.#told.keys()].filter((name) => !tools.has(name)),
    }
  }

  // What a server lists may have any shape. What is no tool is left out.
  #read(raw: unknown, index: number): readonly (readonly [string, ListedTool])[] {
    const { name, description, inputSchema, outputSchema, annotations } = objectOf(raw)
    if (typeof name !== 'string' || name === '' || !isObject(inputSchema)) {
      this.#warn({ index, tool: textOf(name) }, 'a tool without name or schema is left out')
      return []
    }
    const definition = { name, description, inputSchema, outputSchema, annotations }
    const pin = createHash('sha256').update(canonicalJson(definition)).digest('base64url')
    const info = { name, description: textOf(description) ?? '', pin, ...hints(annotations) }
    return [[name, { info, inputSchema: inputSchema as JsonObject }]]
  }

  #warn(fields: object, message: string): void {
    this.#logger?.warn({ server: this.#options.name, ...fields }, `MCP: ${message}`)
  }
}

const HINTS = ['readOnlyHint', 'destructiveHint', 'idempotentHint'] as const

function hints(annotations: unknown): Pick<McpToolInfo, (typeof HINTS)[number]> {
  const given = objectOf(annotations)
  return Object.fromEntries(
    HINTS.flatMap((hint) => (typeof given[hint] === 'boolean' ? [[hint, given[hint]]] : [])),
  )
}

/** Reads all pages of a list, at most `max` items and as many pages. */
export async function allPages(
  page: (cursor: string | undefined) => Promise<JsonObject>,
  { key, max }: { readonly key: string; readonly max: number },
): Promise<unknown[]> {
  const items: unknown[] = []
  const seen = new Set<string>()
  for (let cursor: string | undefined; ;) {
    const result = await page(cursor)
    items.push(...listOf(result[key]))
    cursor = textOf(result['nextCursor'])
    // A server that repeats a cursor would never end.
    if (cursor === undefined || items.length > max || seen.has(cursor)) return items
    seen.add(cursor)
    if (seen.size > max) return items
  }
}
