import type { JsonObject, JsonValue } from './json.ts'
import type { Citation, FinishReason, GeneratedFile, TokenLogprob, Usage, Warning } from './response.ts'

/** First event of a stream: the provider and model of the response. */
export interface StartEvent {
  readonly type: 'start'
  readonly provider: string
  readonly model: string
  readonly id?: string | undefined
  /** With a turn of a chat service: the conversation, and the ids under which its messages are stored. */
  readonly conversationId?: string | undefined
  /** Id of the assistant message that ends the answer. */
  readonly messageId?: string | undefined
  /** Id of the user message that is answered. */
  readonly userMessageId?: string | undefined
}
export interface TextDelta {
  readonly type: 'text-delta'
  readonly text: string
  readonly choice?: number | undefined
  readonly signature?: string | undefined
  readonly logprobs?: readonly TokenLogprob[] | undefined
  /** With the first text of a message: its phase and, if the response has several messages, its id. */
  readonly phase?: string | undefined
  readonly id?: string | undefined
}
/** A piece of reasoning. `signature`, `encrypted`, `id` and `details` are vendor fields; an event that carries them may have an empty text. */
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
/** A piece of a tool call's arguments, as JSON text. A prefix that parses may still be incomplete. */
export interface ToolCallDelta {
  readonly type: 'tool-call-delta'
  readonly id: string
  readonly delta: string
  readonly choice?: number | undefined
}
/** A complete tool call. Tools run on this event only. */
export interface ToolCallEvent {
  readonly type: 'tool-call'
  readonly id: string
  readonly name: string
  readonly arguments: JsonValue
  /** Why the arguments could not be parsed; `arguments` is the raw text then. Such a call must not be executed. */
  readonly invalid?: string | undefined
  /** The arguments as the model wrote them, if a whole number in them is too large for JavaScript. */
  readonly argumentsText?: string | undefined
  readonly choice?: number | undefined
  readonly signature?: string | undefined
  readonly details?: JsonValue | undefined
}
/** A step of a tool that the provider runs: what it was asked. */
export interface ServerToolCallEvent {
  readonly type: 'server-tool-call'
  readonly id: string
  /** The provider's name of the tool. */
  readonly name: string
  readonly arguments: JsonValue
  /** The step as the provider wrote it, which goes back with the history. Absent if its result holds it. */
  readonly block?: JsonObject | undefined
  readonly choice?: number | undefined
}
/** A step of a tool that the provider runs: what it gave, in the provider's form. Also of a failure. */
export interface ServerToolResultEvent {
  readonly type: 'server-tool-result'
  /** The id of its call. */
  readonly id: string
  readonly name: string
  /** The whole step as the provider wrote it, which goes back with the history. */
  readonly result: JsonObject
  readonly choice?: number | undefined
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
/** Last event of a stream that succeeded. */
export interface FinishEvent {
  readonly type: 'finish'
  readonly finishReason: FinishReason
  readonly rawFinishReason?: string | undefined
  readonly usage: Usage
  /** Finish reasons of all choices by index, if there is more than one. */
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
/** A running tool tells how far it is. */
export interface ToolProgressEvent {
  readonly type: 'tool-progress'
  readonly id: string
  readonly name: string
  readonly progress: JsonValue
}
/** A tool call waits for a decision. The run ends with it, and goes on with the decision. */
export interface ApprovalRequestedEvent {
  readonly type: 'approval-requested'
  readonly runId: string
  readonly id: string
  readonly name: string
  readonly arguments: JsonValue
}
/** An event of a subagent, which a tool call of the run delegated work to. */
export interface AgentEvent {
  readonly type: 'agent-event'
  /** Name of the subagent. */
  readonly agent: string
  /** Id of the tool call that delegated. */
  readonly parentToolCallId: string
  readonly event: StreamEvent
}
/** End of one round of the tool loop. */
export interface StepEvent {
  readonly type: 'step'
  readonly index: number
  readonly finishReason: FinishReason
  readonly usage: Usage
}

/** The stream broke and another attempt continues it (option `continuation`). Text before `offset` is not repeated. */
export interface ContinuedEvent {
  readonly type: 'continued'
  /** Length of the text before the break, in UTF-16 units. */
  readonly offset: number
  readonly provider: string
  readonly model: string
  /** The kind of error that broke the stream. */
  readonly after: string
}

/** All events of a stream: a closed union by `type`. */
export type StreamEvent =
  | StartEvent
  | TextDelta
  | ReasoningDelta
  | ToolCallStart
  | ToolCallDelta
  | ToolCallEvent
  | ServerToolCallEvent
  | ServerToolResultEvent
  | CitationEvent
  | FileEvent
  | UsageEvent
  | WarningEvent
  | FinishEvent
  | ToolResultEvent
  | ToolErrorEvent
  | ToolProgressEvent
  | ApprovalRequestedEvent
  | AgentEvent
  | StepEvent
  | ContinuedEvent

/** The events of one network read. */
export type EventBatch = readonly StreamEvent[]

/** Facts about one type of event that hold wherever it flows. */
export interface EventTraits<E extends StreamEvent = StreamEvent> {
  /** Whether the event is content: `with-text` if its text is not empty. Default: it is none. */
  readonly content?: 'always' | 'with-text' | undefined
  /** Name of the field that holds a piece of a growing text. Default: none. */
  readonly textField?: E extends { readonly text: string }
    ? 'text'
    : E extends { readonly delta: string }
      ? 'delta'
      : never
  /** Whether the event is a step of a tool that the provider runs. It is no content, but the idle time starts again. */
  readonly isStep?: boolean | undefined
  /** Whether the event is the last of its stream. Default false. */
  readonly isTerminal?: boolean | undefined
  /** Length of what the event carries besides a growing text, in UTF-16 units. Default 0. */
  readonly payloadLength?: ((event: E) => number) | undefined
}

function jsonLength(value: JsonValue): number {
  return JSON.stringify(value).length
}

/** The facts about every type of event. Pings, role-only and empty deltas are no content, because they hold nothing. */
export const eventTraits: {
  readonly [T in StreamEvent['type']]: EventTraits<Extract<StreamEvent, { readonly type: T }>>
} = {
  start: {},
  'text-delta': { content: 'with-text', textField: 'text' },
  'reasoning-delta': { content: 'with-text', textField: 'text' },
  'tool-call-start': { content: 'always' },
  'tool-call-delta': { content: 'always', textField: 'delta' },
  'tool-call': { content: 'always', payloadLength: (event) => jsonLength(event.arguments) },
  'server-tool-call': { isStep: true },
  'server-tool-result': { isStep: true },
  citation: {},
  file: { content: 'always', payloadLength: (event) => event.data?.length ?? 0 },
  usage: {},
  warning: {},
  finish: { isTerminal: true },
  'tool-result': { payloadLength: (event) => jsonLength(event.result) },
  'tool-error': { payloadLength: (event) => event.message.length },
  'tool-progress': { payloadLength: (event) => jsonLength(event.progress) },
  'approval-requested': { payloadLength: (event) => jsonLength(event.arguments) },
  'agent-event': { payloadLength: (event) => eventLength(event.event) },
  step: {},
  continued: {},
}

/** Whether an event is content: non-empty text or reasoning, a tool call, or a file. Pings and empty deltas are not. */
export function isContent(event: StreamEvent): boolean {
  const { content } = eventTraits[event.type] ?? NO_TRAITS
  return content === 'always' || (content === 'with-text' && eventText(event) !== '')
}

/** Whether an event is a step of a tool that the provider runs. It is no content, but shows that the provider is at work. */
export function isStep(event: StreamEvent): boolean {
  return ((eventTraits[event.type] ?? NO_TRAITS) as EventTraits).isStep === true
}

/** The piece of growing text that an event carries, `undefined` if its type carries none. */
export function eventText(event: StreamEvent): string | undefined {
  const { textField } = (eventTraits[event.type] ?? NO_TRAITS) as EventTraits<TextDelta | ToolCallDelta>
  return textField === undefined
    ? undefined
    : (event as unknown as Readonly<Record<'text' | 'delta', string>>)[textField]
}

/** A copy of an event with another piece of growing text; the event itself if its type carries none. */
export function withEventText(event: StreamEvent, text: string): StreamEvent {
  const { textField } = eventTraits[event.type] ?? NO_TRAITS
  return textField === undefined ? event : { ...event, [textField]: text }
}

/** Length of an event's text or other payload, in UTF-16 units. */
export function eventLength(event: StreamEvent): number {
  const { payloadLength } = (eventTraits[event.type] ?? NO_TRAITS) as EventTraits
  return eventText(event)?.length ?? payloadLength?.(event) ?? 0
}

// For events of a newer version that another process wrote.
const NO_TRAITS: Readonly<EventTraits<never>> = {}
