import { isObject, listOf as itemsOf } from '../core/json.ts'
import { checkOptions, optionsSchema } from '../core/options.ts'
import type { Tool } from '../core/request.ts'
import { anyObject, listOf, nonEmptyText, positiveCount } from '../core/schema.ts'
import type { DefinedTool } from '../core/tool-types.ts'
import { defineTool } from '../core/tool.ts'
import type { ToolQuery, ToolRegistry } from './registry.ts'
import type { RunProgress, StepSettings } from './run-types.ts'
import { rankTools } from './rank-tools.ts'

/** Options of {@link searchTool}. */
export interface SearchToolOptions extends Omit<ToolQuery, 'permissions'> {
  /** Name of the tool. Default `search_tools`. */
  readonly name?: string | undefined
  /** Maximum number of tools that one search finds. Default 5. */
  readonly limit?: number | undefined
}

/** Options of {@link lazyTools}. */
export interface LazyToolsOptions extends SearchToolOptions {
  /** Tools that the model has from the start. Default: none. */
  readonly always?: readonly Tool[] | undefined
}

/** What a run takes to find its tools as it goes. */
export interface LazyTools {
  readonly tools: readonly Tool[]
  /** Adds the tools that the run has found so far. */
  readonly prepareStep: (run: RunProgress) => StepSettings
}

/** A tool that a search found. */
export interface FoundTool {
  readonly name: string
  readonly description: string
}

const DEFAULT_NAME = 'search_tools'
const DEFAULT_LIMIT = 5
const parameters = {
  type: 'object',
  properties: {
    query: { type: 'string', description: 'What the tool shall do, in a few words.' },
  },
  required: ['query'],
} as const
type Search = DefinedTool<string, typeof parameters, { readonly tools: readonly FoundTool[] }>

const searchRows = {
  name: nonEmptyText,
  limit: positiveCount,
  archetype: nonEmptyText,
  capabilities: listOf(nonEmptyText),
}
const searchSchema = optionsSchema<SearchToolOptions>()(() => searchRows)
const lazySchema = optionsSchema<LazyToolsOptions>()(() => ({ ...searchRows, always: listOf(anyObject) }))

/**
 * Makes one tool that searches the definitions of a registry by words, among the tools that its caller may use. It gives names
 * and descriptions, best match first. {@link lazyTools} makes the found ones callable.
 */
export function searchTool(registry: ToolRegistry, options: SearchToolOptions = {}): Search {
  checkOptions('searchTool', searchSchema, options)
  const { name = DEFAULT_NAME, limit = DEFAULT_LIMIT, archetype, capabilities } = options
  return defineTool({
    name,
    description: 'Finds tools by what they do. The tools that it finds can be called in the next step.',
    parameters,
    execute: ({ query }, { permissions }) => {
      const usable = registry.toolsFor({ archetype, capabilities, permissions })
      const found = rankTools(usable, query).slice(0, limit)
      return { tools: found.map((tool) => ({ name: tool.name, description: tool.description ?? '' })) }
    },
  })
}

/**
 * Lets a run find its tools: `orchestrator.run({ …, ...lazyTools(registry) })`. The model sees the search tool and those of
 * `always`; what a search finds can be called from the next step on. A run that goes on after a restart has the same tools.
 */
export function lazyTools(registry: ToolRegistry, options: LazyToolsOptions = {}): LazyTools {
  checkOptions('lazyTools', lazySchema, options)
  const { always = [], ...searchOptions } = options
  const search = searchTool(registry, searchOptions)
  const tools: readonly Tool[] = [search, ...always]
  const known = new Set(tools.map(({ name }) => name))
  return {
    tools,
    prepareStep: ({ steps }) => {
      const found = new Set(steps.flatMap(({ results }) => results.flatMap(namesIn)))
      const added = [...found].filter((name) => !known.has(name)).flatMap((name) => registry.get(name) ?? [])
      return { tools: [...tools, ...added] }
    },
  }

  // The records of a run may come from anywhere, so results are read loosely.
  function namesIn(result: RunProgress['steps'][number]['results'][number]): string[] {
    if (result.name !== search.name || !result.success || !isObject(result.data)) return []
    return itemsOf(result.data['tools']).flatMap((item) =>
      isObject(item) && typeof item['name'] === 'string' ? [item['name']] : [],
    )
  }
}
