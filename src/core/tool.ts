import { LlmError } from './error.ts'
import type { Tool } from './request.ts'

/** Checks and freezes a tool. Throws `misconfigured` for a name that providers refuse. */
export function defineTool<T extends Tool>(tool: T): Readonly<T> {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(tool.name)) {
    const message = `tool ${JSON.stringify(tool.name)}: a name takes 1 to 64 of letters, digits, "_" and "-"`
    throw new LlmError('misconfigured', message, { issues: [{ path: 'name', message }] })
  }
  return Object.freeze({ ...tool })
}
