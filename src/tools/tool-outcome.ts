import type { ToolErrorEvent, ToolResultEvent } from '../core/event.ts'
import { isObject, type JsonValue } from '../core/json.ts'
import type { ToolCall, ToolMessage, ToolResultPart } from '../core/message.ts'
import type { Tool } from '../core/request.ts'
import type { Usage } from '../core/response.ts'

const DEFAULT_MAX_CHARS = 100_000

/** The result of one tool call. */
export interface ToolOutcome {
  /** Message for the next model call. */
  readonly message: ToolMessage
  /** Event for the stream of the run. */
  readonly event: ToolResultEvent | ToolErrorEvent
  /** Whether the tool was not run, because the arguments do not fit its schema. */
  readonly isInvalid?: boolean | undefined
  /** What agents that the tool delegated to have used. */
  readonly spent?: readonly AgentUsage[] | undefined
}

/** What one agent used for one call that delegated to it. */
export interface AgentUsage {
  readonly agent: string
  readonly toolCallId: string
  readonly usage: Usage
  /** In US dollars; `null` if unknown. */
  readonly costUsd: number | null
  /** What agents below this one have used of it. */
  readonly agents?: readonly AgentUsage[] | undefined
}

/** How a result is sent to the model. */
type OutputRules = Pick<Tool, 'maxResultChars' | 'toModelOutput'>

/** The outcome of a call whose tool returned `value`. Throws if `toModelOutput` does. */
export function returned({ id, name }: ToolCall, value: unknown, rules: OutputRules = {}): ToolOutcome {
  const { maxResultChars = DEFAULT_MAX_CHARS, toModelOutput } = rules
  const told = toModelOutput === undefined ? value : toModelOutput(value as never)
  const content = contentOf(told, maxResultChars)
  const result = isParts(value) ? null : resultOf(value, maxResultChars)
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

/** The outcome of a call whose arguments do not fit. */
export function invalid(call: ToolCall, reason: string): ToolOutcome {
  return { ...failed(call, reason), isInvalid: true }
}

const PARTS: ReadonlySet<unknown> = new Set(['text', 'image', 'file'])

function contentOf(value: unknown, maxChars: number): string | readonly ToolResultPart[] {
  if (!isParts(value)) return cut(typeof value === 'string' ? value : jsonText(value), maxChars)
  return value.map((part) => (part.type === 'text' ? { ...part, text: cut(part.text, maxChars) } : part))
}

function isParts(value: unknown): value is readonly ToolResultPart[] {
  const isPart = (part: unknown): boolean => isObject(part) && PARTS.has(part['type'])
  return Array.isArray(value) && value.length > 0 && value.every(isPart)
}

// What the page and the records get: plain JSON, and no more of it than the model gets of a text.
function resultOf(value: unknown, maxChars: number): JsonValue {
  if (typeof value === 'string') return cut(value, maxChars)
  const text = jsonText(value)
  return text.length > maxChars ? cut(text, maxChars) : (JSON.parse(text) as JsonValue)
}

function cut(text: string, maxChars: number): string {
  if (text.length <= maxChars) return text
  const kept = text.slice(0, maxChars).replace(/[\uD800-\uDBFF]$/, '')
  return `${kept}\n[${text.length - kept.length} more characters were cut]`
}

/** JSON text of any value: big integers are digits, what repeats inside itself is named, and what is no JSON is `null`. */
function jsonText(value: unknown): string {
  try {
    return JSON.stringify(value) ?? 'null'
  } catch {
    return JSON.stringify(value, plainValues()) ?? 'null'
  }
}

function plainValues(): (this: unknown, key: string, value: unknown) => unknown {
  const above: unknown[] = []
  return function plain(_key, value) {
    if (typeof value === 'bigint') return String(value)
    if (typeof value !== 'object' || value === null) return value
    // `this` is the object that holds the value, so what is not above it has ended.
    while (above.length > 0 && above.at(-1) !== this) above.pop()
    if (above.includes(value)) return '[circular]'
    above.push(value)
    return value
  }
}
