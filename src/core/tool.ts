import { checkOptions, optionsSchema } from './options.ts'
import type { Schema, Tool } from './request.ts'
import type { Group } from './schema.ts'
import { toolRows } from './settings.ts'
import type { DefinedTool, NoExecute, ToolDefinition } from './tool-types.ts'

const toolSchema: Group = optionsSchema<Tool>()(() => toolRows)

/**
 * Checks and freezes a tool. The types of `execute`'s arguments follow from `parameters`. Throws `misconfigured` if its name is
 * one that providers refuse, or a field is wrong or unknown.
 */
export function defineTool<
  const Name extends string,
  const Parameters extends Schema | undefined = undefined,
  Result = NoExecute,
>(tool: ToolDefinition<Name, Parameters, Result>): DefinedTool<Name, Parameters, Result> {
  checkOptions('defineTool', toolSchema, tool)
  return Object.freeze({ ...tool }) as unknown as DefinedTool<Name, Parameters, Result>
}
