import { isObject, parseJson, type JsonValue } from '../../core/json.ts'
import type { FinishReason, Usage, Warning } from '../../core/response.ts'
import type { SseEvent } from './sse-parser.ts'

/** What a frame says of an error. `code` is the kind of the error. */
export interface FrameError {
  readonly code: string
  readonly message: string
  readonly retryAfterMs?: number | undefined
}

/** One frame of an answer, as `createChatHandler` sends them with its protocol `sse`. */
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
  | {
      readonly type: 'done'
      readonly finishReason?: FinishReason | undefined
      readonly usage?: Usage | undefined
      readonly model?: string | undefined
    }
  | { readonly type: 'error'; readonly error: FrameError; readonly usage?: Usage | undefined }
  /** `[DONE]`: nothing comes after it. */
  | { readonly type: 'end' }
  /** A frame of the host's own: anything that is none of the above. */
  | { readonly type: 'other'; readonly event: string; readonly data: string }

// The field that a frame of the type must have, and its JavaScript type.
const NEEDED: Readonly<Record<string, readonly [name: string, type: string]>> = {
  content: ['content', 'string'],
  reasoning: ['content', 'string'],
  tool_call_start: ['id', 'string'],
  tool_result: ['id', 'string'],
  tool_error: ['id', 'string'],
  citation: ['type', 'string'],
  file: ['mediaType', 'string'],
  warning: ['warning', 'object'],
  continued: ['offset', 'number'],
  step: ['type', 'string'],
  done: ['type', 'string'],
  error: ['error', 'object'],
  stream_start: ['type', 'string'],
  stream_end: ['type', 'string'],
}

/** Reads an event as a frame. What it does not know becomes `other`: nothing throws. */
export function readFrame({ event, data }: SseEvent): ChatFrame {
  if (data.trim() === '[DONE]') return { type: 'end' }
  const value = parseJson(data)
  const other: ChatFrame = { type: 'other', event, data }
  if (!isObject(value)) return other
  const type = nameOf(value, event)
  if (type === 'error') return { ...value, type, error: errorIn(value['error']) }
  const [field, kind] = NEEDED[type] ?? []
  const known = { ...value, type }
  if (field === undefined || typeof known[field as keyof typeof known] !== kind) return other
  return known as ChatFrame
}

function nameOf(value: Readonly<Record<string, unknown>>, event: string): string {
  const { type } = value
  if (typeof type === 'string' && Object.hasOwn(NEEDED, type)) return type
  if (Object.hasOwn(NEEDED, event)) return event
  return 'error' in value ? 'error' : ''
}

function errorIn(given: unknown): FrameError {
  if (!isObject(given)) return { code: '', message: typeof given === 'string' ? given : '' }
  const { code, message, retryAfterMs } = given
  return {
    code: typeof code === 'string' ? code : '',
    message: typeof message === 'string' ? message : '',
    retryAfterMs: typeof retryAfterMs === 'number' ? retryAfterMs : undefined,
  }
}
