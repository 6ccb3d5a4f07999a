import { checkOptions, optionsSchema } from './options.ts'
import type { Tool } from './request.ts'
import { anyObject, callable, flag, required, text, type Group } from './schema.ts'
import { cacheMark, toolName } from './settings.ts'

const toolSchema: Group = optionsSchema<Tool>()(() => ({
  name: required(toolName),
  description: text,
  parameters: anyObject,
  inputSchema: anyObject,
  strict: flag,
  cache: cacheMark,
  execute: callable,
}))

/** Checks and freezes a tool. Throws `misconfigured` if its name is one that providers refuse, or a field is wrong or unknown. */
export function defineTool<T extends Tool>(tool: T): Readonly<T> {
  checkOptions('defineTool', toolSchema, tool)
  return Object.freeze({ ...tool })
}
