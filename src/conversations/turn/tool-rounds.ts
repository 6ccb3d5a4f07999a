import type { StreamEvent } from '../../core/event.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import type { ToolCall, ToolMessage, ToolResultPart } from '../../core/message.ts'
import type { Tool } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { TurnSettings } from '../contract/index.ts'

/** The result of one tool call. */
export interface ToolOutcome {
  /** Message for the next model call. */
  readonly message: ToolMessage
  /** Event for the turn's stream. */
  readonly event: StreamEvent
}

/**
 * The tool calls of a response that the service answers: all of them, or `undefined` if one names a tool without `execute`,
 * which is the caller's to run. A call of a tool that is not in the list is answered with an error.
 */
export function runnableCalls(
  { toolCalls }: ChatResponse,
  settings: TurnSettings,
): readonly ToolCall[] | undefined {
  const tools = toolsByName(settings)
  if (toolCalls.length === 0 || tools.size === 0) return undefined
  const isDelegated = ({ name }: ToolCall): boolean =>
    tools.has(name) && tools.get(name)?.execute === undefined
  return toolCalls.some(isDelegated) ? undefined : toolCalls
}

/** The tools of a turn by name. */
export function toolsByName({ tools = [] }: TurnSettings): ReadonlyMap<string, Tool> {
  return new Map(
    tools.map((given) => {
      const tool: Tool = 'function' in given ? given.function : given
      return [tool.name, tool]
    }),
  )
}

/** The tools as a call takes them, which never runs one. */
export function declared(tools: TurnSettings['tools']): TurnSettings['tools'] {
  return tools?.map((given) => {
    if (!('function' in given)) return withoutExecute(given)
    return { ...given, function: withoutExecute(given.function) }
  })
}

function withoutExecute({ execute: _execute, ...tool }: Tool): Tool {
  return tool
}

/** The outcome of a call whose tool returned `value`. Throws if the value is no JSON. */
export function returned({ id, name }: ToolCall, value: unknown): ToolOutcome {
  const content = contentOf(value)
  const result = typeof content === 'string' ? jsonOf(value) : null
  return {
    message: { role: 'tool', toolCallId: id, name, content },
    event: { type: 'tool-result', id, name, result },
  }
}

/** The outcome of a call that failed. `reason` is for the model and the page. */
export function failed({ id, name }: ToolCall, reason: string): ToolOutcome {
  return {
    message: { role: 'tool', toolCallId: id, name, content: reason, isError: true },
    event: { type: 'tool-error', id, name, message: reason },
  }
}

const PARTS: ReadonlySet<unknown> = new Set(['text', 'image', 'file'])

function contentOf(value: unknown): string | readonly ToolResultPart[] {
  if (typeof value === 'string') return value
  if (isParts(value)) return value
  return JSON.stringify(value) ?? 'null'
}

function isParts(value: unknown): value is readonly ToolResultPart[] {
  const isPart = (part: unknown): boolean => isObject(part) && PARTS.has(part['type'])
  return Array.isArray(value) && value.length > 0 && value.every(isPart)
}

function jsonOf(value: unknown): JsonValue {
  return value === undefined ? null : (value as JsonValue)
}
