import type { JsonValue } from './json.ts'
import type { Citation, FinishReason, GeneratedFile, TokenLogprob, Usage, Warning } from './response.ts'

/** First event of a stream: who answers. */
export interface StartEvent {
  readonly type: 'start'
  readonly provider: string
  readonly model: string
  readonly id?: string | undefined
}
export interface TextDelta {
  readonly type: 'text-delta'
  readonly text: string
  readonly choice?: number | undefined
  readonly signature?: string | undefined
  readonly logprobs?: readonly TokenLogprob[] | undefined
}
/** A piece of reasoning; `signature`, `encrypted`, `id` and `details` are the vendor's own and may come with an empty text. */
export interface ReasoningDelta {
  readonly type: 'reasoning-delta'
  readonly text: string
  readonly choice?: number | undefined
  readonly signature?: string | undefined
  readonly encrypted?: string | undefined
  readonly id?: string | undefined
  readonly details?: JsonValue | undefined
}
export interface ToolCallStart {
  readonly type: 'tool-call-start'
  readonly id: string
  readonly name: string
  readonly choice?: number | undefined
}
/** A piece of a call's arguments, as JSON text. A prefix that parses is not the whole. */
export interface ToolCallDelta {
  readonly type: 'tool-call-delta'
  readonly id: string
  readonly delta: string
  readonly choice?: number | undefined
}
/** A complete call. Only this one may be executed. */
export interface ToolCallEvent {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  readonly arguments: JsonValue
  /** Why the arguments are the raw text: they are no JSON. Do not execute such a call. */
  readonly invalid?: string | undefined
  readonly choice?: number | undefined
  readonly signature?: string | undefined
}
export interface CitationEvent extends Citation {
  readonly type: 'citation'
  readonly choice?: number | undefined
}
export interface FileEvent extends GeneratedFile {
  readonly type: 'file'
  readonly choice?: number | undefined
}
export interface UsageEvent {
  readonly type: 'usage'
  readonly usage: Usage
}
export interface WarningEvent {
  readonly type: 'warning'
  readonly warning: Warning
}
/** The one good end of a stream. */
export interface FinishEvent {
  readonly type: 'finish'
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly usage: Usage
  /** The reasons of all answers by index, where there is more than one. */
  readonly choices?:
    | readonly { readonly finishReason: FinishReason; readonly rawFinishReason?: string | undefined }[]
    | undefined
}
export interface ToolResultEvent {
  readonly type: 'tool-result'
  readonly id: string
  readonly name: string
  readonly result: JsonValue
}
export interface ToolErrorEvent {
  readonly type: 'tool-error'
  readonly id: string
  readonly name: string
  readonly message: string
}
/** One round of the tool loop has ended. */
export interface StepEvent {
  readonly type: 'step'
  readonly index: number
  readonly finishReason: FinishReason
  readonly usage: Usage
}

/** The stream broke and goes on from another try: asked for with `continuation`. Nothing before `offset` is sent again. */
export interface ContinuedEvent {
  readonly type: 'continued'
  /** Length of the text before the break, in UTF-16 units. */
  readonly offset: number
  readonly provider: string
  readonly model: string
  /** The kind of error that broke the stream. */
  readonly after: string
}

/** Everything that flows back from a call. A closed union: a switch over `type` can be complete. */
export type StreamEvent =
  | StartEvent
  | TextDelta
  | ReasoningDelta
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEvent
  | CitationEvent
  | FileEvent
  | UsageEvent
  | WarningEvent
  | FinishEvent
  | ToolResultEvent
  | ToolErrorEvent
  | StepEvent
  | ContinuedEvent

/** The events of one network read. */
export type EventBatch = readonly StreamEvent[]

/** Content is what makes an answer: non-empty text or reasoning, a tool call, a file. Pings and empty deltas are none. */
export function isContent(event: StreamEvent): boolean {
  switch (event.type) {
    case 'text-delta':
    case 'reasoning-delta':
      return event.text !== ''
    case 'tool-call-start':
    case 'tool-call-delta':
    case 'tool-call':
    case 'file':
      return true
    default:
      return false
  }
}
