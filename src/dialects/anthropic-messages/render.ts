import type { RenderInput } from '../../core/dialect.ts'
import { withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { listOf, objectOf, textOf, type JsonDraft, type JsonObject } from '../../core/json.ts'
import {
  partsOf,
  plainText,
  type AssistantMessage,
  type AssistantPart,
  type Message,
  type ReasoningPart,
  type SystemMessage,
  type TextPart,
  type ToolMessage,
  type UserMessage,
} from '../../core/message.ts'
import { withCacheControl } from '../cache-control.ts'
import { addTurn, isInstructions, openingOf, roleOf, type WireMessage, UNSIGNED } from '../claude-turns.ts'
import { createNote, noteLostThoughts, type Note } from '../note.ts'
import { CONTAINER } from './blocks.ts'
import { renderCall, renderPart, renderText, vendorBlocks } from './content.ts'
import { resolveConflicts } from './thinking.ts'

const DIALECT = 'anthropic-messages'

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const note = createNote(input)
  const { messages } = input
  body['model'] = input.model
  renderSystem(messages, body)
  noteLostThoughts(input, (thought) => renderReasoning(thought).length > 0, UNSIGNED)
  const { cacheMarks } = input.rules
  // Where marks are placed here, every content is a list: a text that loses its mark keeps its form.
  const placed = 'auto' in cacheMarks && cacheMarks.auto === 'placed'
  const marked = placed && input.settings.cache?.auto === true
  body['messages'] = renderMessages(messages, note).map(({ role, content, fields }) => ({
    role,
    content: marked ? content : shortest(content),
    ...fields,
  }))
  if (input.stream) body['stream'] = true
  renderContainer(messages, body)
  resolveConflicts(input, body)
}

// Instructions at the beginning have a field of their own.
function renderSystem(messages: readonly Message[], body: JsonDraft): void {
  const begin = messages.findIndex((message) => !isInstructions(message))
  const leading = begin < 0 ? messages : messages.slice(0, begin)
  const blocks = leading.filter(isInstructions).flatMap(renderInstructions)
  if (blocks.length > 0) body['system'] = shortest(blocks)
}

function renderInstructions(message: SystemMessage): JsonObject[] {
  return withFieldsInLast(withCacheControl(renderText(message.content), message.cache), message)
}

// The container of the last answer that ran code, so that its files are still there.
function renderContainer(messages: readonly Message[], body: JsonDraft): void {
  const runs = listOf(body['tools']).some((tool) => textOf(objectOf(tool)['type'])?.includes('_20') === true)
  if (!runs) return
  for (const { role, content } of messages)
    for (const part of role === 'assistant' ? partsOf(content) : [])
      if (part.type === 'server-tool' && part.name === CONTAINER) body['container'] = part.id
}

// Messages alternate, begin with the user's, and have content.
function renderMessages(messages: readonly Message[], note: Note): readonly WireMessage[] {
  const rendered: WireMessage[] = []
  for (const message of messages) {
    if (isInstructions(message)) {
      // Those at the beginning are in the field.
      if (rendered.length > 0) rendered.push({ role: 'system', content: renderInstructions(message) })
      continue
    }
    const content = renderContent(message, note)
    const role = roleOf(message, content, note)
    const isResult = message.role === 'tool'
    if (role !== undefined) addTurn(rendered, { role, content }, isResult ? {} : message)
  }
  trimPrefill(rendered, note)
  const opening = openingOf(rendered, note).flatMap(renderText)
  return opening.length === 0 ? rendered : [{ role: 'user', content: opening }, ...rendered]
}

function renderContent(message: UserMessage | AssistantMessage | ToolMessage, note: Note): JsonObject[] {
  switch (message.role) {
    case 'user':
      return renderUser(message, note)
    case 'assistant':
      return renderAssistant(message, note)
    case 'tool':
      return withFieldsInLast(renderToolResult(message, note), message)
  }
}

function renderUser({ content }: UserMessage, note: Note): JsonObject[] {
  return partsOf(content).flatMap((part) =>
    withFieldsInLast(withCacheControl(renderPart(part, note), (part as TextPart).cache), part),
  )
}

function renderAssistant({ content }: AssistantMessage, note: Note): JsonObject[] {
  return partsOf(content).flatMap((part) => withFieldsInLast(renderAssistantPart(part, note), part))
}

function renderAssistantPart(part: AssistantPart, note: Note): JsonObject[] {
  switch (part.type) {
    case 'text':
      return withCacheControl(renderText(part.text), part.cache)
    case 'tool-call':
      return withCacheControl([renderCall(part)], part.cache)
    case 'reasoning':
      return renderReasoning(part)
    case 'server-tool':
      return part.name === CONTAINER ? [] : [part.block]
    case 'file':
      note('a file made by the model was left out: the format has none in assistant messages')
      return []
  }
}

// Reasoning goes back unchanged or not at all, because the format refuses it without its signature.
function renderReasoning({ text, signature, encrypted, details, origin }: ReasoningPart): JsonObject[] {
  if (origin !== DIALECT) return []
  const blocks: JsonObject[] = []
  if (signature !== undefined && signature !== '')
    blocks.push({ type: 'thinking', thinking: text, signature })
  if (encrypted !== undefined && encrypted !== '') blocks.push({ type: 'redacted_thinking', data: encrypted })
  return [...blocks, ...vendorBlocks(details)]
}

function renderToolResult({ toolCallId, content, isError, cache }: ToolMessage, note: Note): JsonObject[] {
  const failed = isError === true
  const blocks = partsOf(content).flatMap((part) =>
    withFieldsInLast(withCacheControl(renderPart(part, note), part.cache), part),
  )
  // The format refuses a failure without text.
  const text = failed && blocks.length === 0 ? 'The tool failed.' : undefined
  const result = {
    type: 'tool_result',
    tool_use_id: toolCallId,
    content: text ?? (blocks.length === 0 ? undefined : shortest(blocks)),
    is_error: failed ? true : undefined,
  }
  return withCacheControl([result], cache)
}

// A final assistant message is the start of the answer. The format refuses white space at its end.
function trimPrefill(rendered: readonly WireMessage[], note: Note): void {
  const last = rendered.at(-1)
  const block = last?.content.at(-1)
  if (last?.role !== 'assistant' || block?.['type'] !== 'text') return
  const text = plainText([block as { type: string; text: string }])
  if (text.trimEnd() === text) return
  last.content[last.content.length - 1] = { ...block, text: text.trimEnd() }
  note('white space at the end of the last assistant message was removed: the format refuses it')
}

// A single text is sent as a string.
function shortest(blocks: readonly JsonObject[]): JsonObject['content'] {
  const [only] = blocks
  const isPlain = blocks.length === 1 && only?.['type'] === 'text' && Object.keys(only).length === 2
  return isPlain ? only['text'] : blocks
}
