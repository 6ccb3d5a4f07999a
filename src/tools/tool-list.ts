import type { ChatRequest, Tool } from '../core/request.ts'

type GivenTools = ChatRequest['tools']

/** The tools that a caller may use, by name. One that needs a permission is the caller's only with that permission. */
export function usableTools(
  given: GivenTools,
  permissions: readonly string[] | undefined,
): ReadonlyMap<string, Tool> {
  const tools = (given ?? []).map((tool) => ('function' in tool ? tool.function : tool))
  return new Map(tools.filter((tool) => mayUse(tool, permissions)).map((tool) => [tool.name, tool]))
}

/** The tools as a call takes them: those that the caller may use, without what only a tool loop reads. */
export function shownTools(given: GivenTools, usable: ReadonlyMap<string, Tool>): GivenTools {
  return given?.flatMap((tool): NonNullable<GivenTools> => {
    if (!('function' in tool)) return usable.has(tool.name) ? [shown(tool)] : []
    return usable.has(tool.function.name) ? [{ ...tool, function: shown(tool.function) }] : []
  })
}

/** Whether a caller with these permissions may use a tool. */
export function mayUse({ permission }: Tool, permissions: readonly string[] | undefined): boolean {
  return permission === undefined || permissions?.includes(permission) === true
}

function shown<T extends Tool>(tool: T): T {
  const {
    execute: _execute,
    needsApproval: _needsApproval,
    permission: _permission,
    tags: _tags,
    sequential: _sequential,
    retries: _retries,
    maxResultChars: _maxResultChars,
    toModelOutput: _toModelOutput,
    timeoutMs: _timeoutMs,
    ...rest
  } = tool
  return rest as T
}
