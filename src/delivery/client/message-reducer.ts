import type { JsonValue } from '../../core/json.ts'
import type { AgentEvent } from '../../core/event.ts'
import type { FinishReason, Usage } from '../../core/response.ts'
import type { ChatFrame } from './frame.ts'

/** A tool call of an answer: `running` until its result or error arrives, or `needs-approval` until a person has decided. */
export interface ChatToolPart {
  readonly type: 'tool'
  /** Of a subagent's call: the id of the call that started the subagent, `/`, and its own. */
  readonly id: string
  readonly name: string
  readonly arguments: JsonValue
  readonly state: 'running' | 'needs-approval' | 'completed' | 'failed'
  /** What the tool has told last about its progress. */
  readonly progress?: JsonValue | undefined
  /** Name of the subagent that makes the call. */
  readonly agent?: string | undefined
  readonly result?: JsonValue | undefined
  readonly error?: string | undefined
}

/** A part of a message. */
export type ChatPart =
  | { readonly type: 'text' | 'reasoning'; readonly text: string }
  | ChatToolPart
  | {
      readonly type: 'citation'
      readonly url?: string | undefined
      readonly title?: string | undefined
      readonly text?: string | undefined
    }
  | ChatFile

/** A file of a message: a URL (also a data URL), or base64 `data` with its `mediaType`. */
export interface ChatFile {
  readonly type: 'image' | 'file'
  readonly mediaType?: string | undefined
  readonly url?: string | undefined
  readonly data?: string | undefined
  readonly filename?: string | undefined
}

/** Why an answer failed: `kind` for the program, `message` for the reader. */
export interface ChatError {
  readonly kind: string
  readonly message: string
}

/** A message as a page shows it. Immutable: a changed message is a new object. */
export interface ChatMessage {
  readonly id: string
  /** `notice`: added by `notify`, never sent to a model. */
  readonly role: 'user' | 'assistant' | 'notice'
  /** A user message is `queued`, then `complete`. An answer is `waiting` until its first content. */
  readonly status: 'queued' | 'waiting' | 'streaming' | 'complete' | 'stopped' | 'failed'
  /** The text of all `text` parts together. */
  readonly text: string
  /** In the order of arrival. */
  readonly parts: readonly ChatPart[]
  /** Time of creation in ms since 1970. */
  readonly createdMs: number
  readonly model?: string | undefined
  readonly finishReason?: FinishReason | undefined
  readonly usage?: Usage | undefined
  readonly error?: ChatError | undefined
}

/** Returns the answer with these frames applied; a pure function. Ignores the frames of all choices but the first. */
export function reduceFrames(message: ChatMessage, frames: readonly ChatFrame[]): ChatMessage {
  const parts = [...message.parts]
  let next = message
  let text = ''
  for (const frame of frames) {
    if ('choice' in frame && (frame.choice ?? 0) > 0) continue
    if (frame.type === 'content') text += frame.content
    if (addPart(parts, frame))
      next = { ...next, status: next.status === 'waiting' ? 'streaming' : next.status }
    else next = { ...next, ...metadataOf(frame) }
  }
  return { ...next, parts, text: message.text + text }
}

/** Appends the content of a frame to `parts`, or updates its tool call. Returns whether the frame has content. */
function addPart(parts: ChatPart[], frame: ChatFrame): boolean {
  switch (frame.type) {
    case 'content':
    case 'reasoning': {
      const type = frame.type === 'content' ? 'text' : 'reasoning'
      const last = parts.at(-1)
      if (last?.type === type) parts[parts.length - 1] = { type, text: last.text + frame.content }
      else parts.push({ type, text: frame.content })
      return true
    }
    case 'tool_call_start': {
      const { id, name, args, invalid } = frame
      const state = invalid === undefined ? 'running' : 'failed'
      setTool(parts, { type: 'tool', id, name, arguments: args ?? {}, state, error: invalid })
      return true
    }
    case 'tool_result':
      setTool(parts, { ...toolIn(parts, frame), state: 'completed', result: frame.result, error: undefined })
      return true
    case 'tool_error':
      setTool(parts, { ...toolIn(parts, frame), state: 'failed', error: frame.error })
      return true
    case 'tool_progress':
      setTool(parts, { ...toolIn(parts, frame), progress: frame.progress })
      return true
    case 'approval_requested':
      setTool(parts, { ...toolIn(parts, frame), arguments: frame.args, state: 'needs-approval' })
      return true
    case 'agent_event':
      return addAgentEvent(parts, frame, '')
    case 'citation': {
      const { url, title, text } = frame
      parts.push({ type: 'citation', url, title, text })
      return true
    }
    case 'file':
      parts.push({ type: 'file', mediaType: frame.mediaType, url: frame.url, data: frame.data })
      return true
    default:
      return false
  }
}

// Of subagents, the calls are shown.
function addAgentEvent(
  parts: ChatPart[],
  { agent, parentToolCallId, event }: Omit<AgentEvent, 'type'>,
  above: string,
): boolean {
  const lead = `${above}${parentToolCallId}/`
  if (event.type === 'agent-event') return addAgentEvent(parts, event, lead)
  if (!('id' in event && 'name' in event)) return false
  const { type, name } = event
  const tool = { ...toolIn(parts, { id: lead + event.id, name }), agent }
  if (type === 'tool-call') setTool(parts, { ...tool, arguments: event.arguments })
  else if (type === 'tool-progress') setTool(parts, { ...tool, progress: event.progress })
  else if (type === 'tool-result') setTool(parts, { ...tool, state: 'completed', result: event.result })
  else if (type === 'tool-error') setTool(parts, { ...tool, state: 'failed', error: event.message })
  return true
}

function toolIn(parts: readonly ChatPart[], { id, name }: { id: string; name: string }): ChatToolPart {
  const known = parts.findLast((part) => part.type === 'tool' && part.id === id) as ChatToolPart | undefined
  return known ?? { type: 'tool', id, name, arguments: {}, state: 'running' }
}

function setTool(parts: ChatPart[], tool: ChatToolPart): void {
  const at = parts.findLastIndex((part) => part.type === 'tool' && part.id === tool.id)
  if (at < 0) parts.push(tool)
  else parts[at] = tool
}

/** Returns the message with its running tools `failed`, because their results can no longer arrive. */
export function failRunningTools(message: ChatMessage): ChatMessage {
  const isRunning = (part: ChatPart): boolean => part.type === 'tool' && part.state === 'running'
  if (!message.parts.some(isRunning)) return message
  const error = 'The answer ended before the tool did.'
  const parts = message.parts.map((part) =>
    isRunning(part) ? ({ ...part, state: 'failed', error } as ChatPart) : part,
  )
  return { ...message, parts }
}

function metadataOf(frame: ChatFrame): Partial<ChatMessage> {
  if (frame.type === 'stream_start') return { model: frame.model }
  if (frame.type === 'error') return frame.usage === undefined ? {} : { usage: frame.usage }
  if (frame.type !== 'done') return {}
  const { finishReason = 'other', usage, model } = frame
  return { finishReason, usage, ...(model === undefined || model === '' ? {} : { model }) }
}

/** Returns the tool calls of the messages that are in one of these states, in their order. Default: those that run or wait. */
export function toolsOf(
  messages: readonly ChatMessage[],
  states: readonly ChatToolPart['state'][] = ['running', 'needs-approval'],
): readonly ChatToolPart[] {
  return messages
    .flatMap(({ parts }) => parts)
    .filter((part): part is ChatToolPart => part.type === 'tool' && states.includes(part.state))
}

/** Returns the sum of the usage of all answers, or `undefined` if none has reported any. */
export function totalUsage(messages: readonly ChatMessage[]): Usage | undefined {
  let total: Usage | undefined
  for (const { usage } of messages) {
    if (usage === undefined) continue
    const { inputTokens = 0, outputTokens = 0, totalTokens = 0, estimated } = total ?? {}
    const sum = {
      inputTokens: inputTokens + usage.inputTokens,
      outputTokens: outputTokens + usage.outputTokens,
      totalTokens: totalTokens + usage.totalTokens,
    }
    total = estimated === true || usage.estimated === true ? { ...sum, estimated: true } : sum
  }
  return total
}

/** Returns the text as the parts of a message: none for an empty text. */
export function textParts(text: string): { readonly type: 'text'; readonly text: string }[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

/** Creates the id of a message or conversation. Not `randomUUID`, because browsers have that over HTTPS only. */
export function clientId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12))
  return `${prefix}_${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
