import { LlmError } from '../../core/error.ts'
import type { StreamEvent } from '../../core/event.ts'
import { isObject, type JsonValue } from '../../core/json.ts'
import type { ToolCall, ToolMessage, ToolResultPart } from '../../core/message.ts'
import type { Tool, ToolContext } from '../../core/request.ts'
import type { ChatResponse } from '../../core/response.ts'
import type { TurnSettings } from '../contract/index.ts'

/** The result of one tool call. */
export interface ToolOutcome {
  /** Message for the next model call. */
  readonly message: ToolMessage
  /** Event for the turn's stream. */
  readonly event: StreamEvent
}

/** The tool calls of a response if the service can run all of them; `undefined` otherwise. */
export function runnableCalls(
  response: ChatResponse,
  settings: TurnSettings,
): readonly ToolCall[] | undefined {
  const { toolCalls } = response
  if (toolCalls.length === 0) return undefined
  const tools = executableTools(settings)
  return toolCalls.every(({ name }) => tools.has(name)) ? toolCalls : undefined
}

/** Runs tool calls concurrently. An error of a tool becomes its result, so that the model sees it. Rejects with `aborted` on abort. */
export async function runCalls(
  calls: readonly ToolCall[],
  settings: TurnSettings,
): Promise<readonly ToolOutcome[]> {
  const tools = executableTools(settings)
  const { signal } = settings
  const outcomes = Promise.all(calls.map((call) => runCall(call, tools.get(call.name), signal)))
  return signal === undefined ? outcomes : abortable(outcomes, signal)
}

type Execute = (args: JsonValue, context: ToolContext) => unknown

function executableTools({ tools = [] }: TurnSettings): ReadonlyMap<string, Execute> {
  const found = new Map<string, Execute>()
  for (const given of tools) {
    const tool: Tool = 'function' in given ? given.function : given
    if (tool.execute !== undefined) found.set(tool.name, tool.execute as Execute)
  }
  return found
}

async function runCall(
  call: ToolCall,
  execute: Execute | undefined,
  signal: AbortSignal | undefined,
): Promise<ToolOutcome> {
  const { id, name } = call
  if (call.invalid !== undefined) return failed(call, `invalid arguments: ${call.invalid}`)
  try {
    const value = await execute?.(call.arguments, { toolCallId: id, signal })
    const content = contentOf(value)
    const result = typeof content === 'string' ? jsonOf(value) : null
    return {
      message: { role: 'tool', toolCallId: id, name, content },
      event: { type: 'tool-result', id, name, result },
    }
  } catch (error) {
    return failed(call, error instanceof Error ? error.message : String(error))
  }
}

function failed({ id, name }: ToolCall, reason: string): ToolOutcome {
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

async function abortable<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const onAbort = (): void =>
    reject(new LlmError('aborted', 'the turn was aborted while its tools were running'))
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}
