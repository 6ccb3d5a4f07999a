import { isObject, numberOf, parseJson, textOf, type JsonValue, rowOf } from '../../core/json.ts'
import type { StreamEvent } from '../../core/event.ts'
import type { FinishReason, Usage, Warning } from '../../core/response.ts'
import type { SseEvent } from './sse-parser.ts'

/** The error of a frame. `code` is the kind of the `LlmError`. */
export interface FrameError {
  readonly code: string
  /** Finer reason, such as `run-lost`. */
  readonly reason?: string | undefined
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

/** Ids under which a server has stored an answer and its user message. */
export interface StoredIds {
  readonly messageId?: string | undefined
  readonly userMessageId?: string | undefined
}

/** One frame of an answer in the protocol `sse` of `createChatHandler`. */
export type ChatFrame =
  | { readonly type: 'content' | 'reasoning'; readonly content: string; readonly choice?: number | undefined }
  | {
      readonly type: 'tool_call_start'
      readonly id: string
      readonly name: string
      readonly args: JsonValue
      readonly invalid?: string | undefined
      readonly choice?: number | undefined
    }
  | { readonly type: 'tool_result'; readonly id: string; readonly name: string; readonly result: JsonValue }
  | { readonly type: 'tool_error'; readonly id: string; readonly name: string; readonly error: string }
  | {
      readonly type: 'tool_progress'
      readonly id: string
      readonly name: string
      readonly progress: JsonValue
    }
  | {
      readonly type: 'approval_requested'
      readonly id: string
      readonly name: string
      readonly args: JsonValue
    }
  /** An event of a subagent that the call `parentToolCallId` has started. */
  | {
      readonly type: 'agent_event'
      readonly agent: string
      readonly parentToolCallId: string
      readonly event: StreamEvent
    }
  | {
      readonly type: 'citation'
      readonly url?: string | undefined
      readonly title?: string | undefined
      readonly text?: string | undefined
    }
  | {
      readonly type: 'file'
      readonly mediaType: string
      readonly url?: string | undefined
      readonly data?: string | undefined
    }
  | { readonly type: 'warning'; readonly warning: Warning }
  | { readonly type: 'continued'; readonly offset: number }
  | { readonly type: 'step' }
  | { readonly type: 'stream_start'; readonly model: string }
  | { readonly type: 'stream_end'; readonly success: boolean }
  | (StoredIds & {
      readonly type: 'done'
      readonly finishReason?: FinishReason | undefined
      readonly usage?: Usage | undefined
      readonly model?: string | undefined
    })
  | (StoredIds & { readonly type: 'error'; readonly error: FrameError; readonly usage?: Usage | undefined })
  /** `[DONE]`: the last frame of a stream. */
  | { readonly type: 'end' }
  /** Any other frame, such as one that the application sends. */
  | { readonly type: 'other'; readonly event: string; readonly data: string }

// The field that a frame of each type must have: a string, unless `FIELD_TYPES` says otherwise.
const REQUIRED_FIELDS: Readonly<Record<string, string>> = {
  content: 'content',
  reasoning: 'content',
  tool_call_start: 'id',
  tool_result: 'id',
  tool_error: 'id',
  tool_progress: 'id',
  approval_requested: 'id',
  agent_event: 'parentToolCallId',
  file: 'mediaType',
  warning: 'warning',
  continued: 'offset',
  error: 'error',
  citation: 'type',
  step: 'type',
  done: 'type',
  stream_start: 'type',
  stream_end: 'type',
}
const FIELD_TYPES: Readonly<Record<string, string>> = { warning: 'object', offset: 'number' }

/** Reads an event as a frame; unknown and malformed ones become `other`. Never throws. */
export function readFrame({ event, data }: SseEvent): ChatFrame {
  if (data.trim() === '[DONE]') return { type: 'end' }
  const value = parseJson(data)
  const other: ChatFrame = { type: 'other', event, data }
  if (!isObject(value)) return other
  const type = nameOf(value, event)
  if (type === 'error') return { ...value, type, error: errorIn(value['error']) }
  const field = rowOf(REQUIRED_FIELDS, type)
  const known: Readonly<Record<string, unknown>> = { ...value, type }
  if (field === undefined || typeof known[field] !== (rowOf(FIELD_TYPES, field) ?? 'string')) return other
  return known as ChatFrame
}

function nameOf(value: Readonly<Record<string, unknown>>, event: string): string {
  const { type } = value
  if (typeof type === 'string' && Object.hasOwn(REQUIRED_FIELDS, type)) return type
  if (Object.hasOwn(REQUIRED_FIELDS, event)) return event
  return 'error' in value ? 'error' : ''
}

function errorIn(given: unknown): FrameError {
  if (!isObject(given)) return { code: '', message: textOf(given) ?? '' }
  const { code, reason, message, retryAfterMs } = given
  const text = textOf(message) ?? ''
  return {
    code: textOf(code) ?? '',
    reason: textOf(reason),
    message: text,
    retryAfterMs: numberOf(retryAfterMs),
  }
}
