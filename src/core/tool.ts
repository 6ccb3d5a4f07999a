import { checkOptions, optionsSchema } from './options.ts'
import type { Tool } from './request.ts'
import type { Group } from './schema.ts'
import { toolRows } from './settings.ts'

const toolSchema: Group = optionsSchema<Tool>()(() => toolRows)

/** Checks and freezes a tool. Throws `misconfigured` if its name is one that providers refuse, or a field is wrong or unknown. */
export function defineTool<T extends Tool>(tool: T): Readonly<T> {
  checkOptions('defineTool', toolSchema, tool)
  return Object.freeze({ ...tool })
}
