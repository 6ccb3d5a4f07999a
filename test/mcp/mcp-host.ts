import type { Tool, ToolContext } from 'llm-switchyard'
import { createMcpClient, type McpClient, type McpClientOptions } from 'llm-switchyard/mcp'
import { inMemory, sdkServer } from './sdk-server.ts'

export const CONTEXT: ToolContext = { toolCallId: 'call_1' }

/** A client of a server in this process, unless the options say otherwise. Closed at the end of its scope. */
export function client(options: Partial<McpClientOptions> = {}): McpClient & AsyncDisposable {
  const made = createMcpClient({ name: 'harbour', server: inMemory(() => sdkServer()), ...options })
  return Object.assign(made, { [Symbol.asyncDispose]: () => made.close() })
}

export async function toolOf(made: McpClient, name: string): Promise<Tool> {
  const found = (await made.tools()).find((tool) => tool.name === name)
  if (found === undefined) throw new Error(`no tool ${name}`)
  return found
}

/** Runs a tool of the server by its name. */
export async function run(
  made: McpClient,
  name: string,
  args: object = {},
  context: ToolContext = CONTEXT,
): Promise<unknown> {
  const { execute } = await toolOf(made, name)
  return (execute as (args: object, context: ToolContext) => unknown)(args, context)
}
