import type { RenderInput } from '../../core/dialect.ts'
import { adaptHistory, type ToolIdRule } from '../../core/history.ts'
import type { JsonDraft, JsonObject } from '../../core/json.ts'
import {
  partsOf,
  plainText,
  type AssistantMessage,
  type AssistantPart,
  type Message,
  type ReasoningPart,
  type SystemMessage,
  type ToolMessage,
  type UserMessage,
} from '../../core/message.ts'
import { renderCall, renderPart, renderText, vendorBlocks, type Note } from './content.ts'
import { mendParams } from './thinking.ts'

const DIALECT = 'anthropic-messages'
const TOOL_IDS: ToolIdRule = {
  allowed: /^[A-Za-z0-9_-]+$/,
  make: (index) => `toolu_renamed_${index}`,
}
/** Stands in for the user turn that every conversation must begin with. */
const OPENING = 'Continue.'

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: JsonObject[]
}

/** Writes model, messages and mode. */
export function render(input: RenderInput, body: JsonDraft): void {
  const note: Note = (message) => {
    input.warnings.push({ type: 'compatibility', message })
  }
  const messages = adaptHistory(input.messages, { dialect: DIALECT, toolIds: TOOL_IDS }, input.warnings)
  body['model'] = input.model
  renderSystem(messages, body, note)
  const turns = renderTurns(messages, note)
  noteLostThoughts(messages, input)
  body['messages'] = turns.map(({ role, content }) => ({ role, content: shortest(content) }))
  if (input.stream) body['stream'] = true
  mendParams(input, body)
}

// Instructions stand apart from the turns: those from the middle of a conversation go to its beginning.
function renderSystem(messages: readonly Message[], body: JsonDraft, note: Note): void {
  const texts: string[] = []
  let late = false
  let begun = false
  for (const message of messages) {
    if (!isInstructions(message)) begun = true
    else if (message.content.trim() !== '') {
      texts.push(message.content)
      late ||= begun
    }
  }
  if (late) note('instructions from inside the conversation were moved to its beginning')
  if (texts.length === 1) body['system'] = texts[0]
  else if (texts.length > 1) body['system'] = texts.map((text) => ({ type: 'text', text }))
}

function isInstructions(message: Message): message is SystemMessage {
  return message.role === 'system' || message.role === 'developer'
}

// Turns alternate, begin with the user, and hold something each.
function renderTurns(messages: readonly Message[], note: Note): readonly Turn[] {
  const turns: Turn[] = []
  for (const message of messages) {
    if (isInstructions(message)) continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = renderContent(message, note)
    if (content.length === 0) {
      note(`an empty ${role} turn was left out: the format takes none`)
      continue
    }
    const last = turns.at(-1)
    if (last?.role === role) last.content.push(...content)
    else turns.push({ role, content })
  }
  trimPrefill(turns, note)
  if (turns[0]?.role !== 'user') {
    note(`the user turn ${JSON.stringify(OPENING)} was put first: the format wants one there`)
    turns.unshift({ role: 'user', content: renderText(OPENING) })
  }
  return turns
}

function renderContent(message: Exclude<Message, SystemMessage>, note: Note): JsonObject[] {
  switch (message.role) {
    case 'user':
      return renderUser(message, note)
    case 'assistant':
      return renderAssistant(message, note)
    case 'tool':
      return [renderToolResult(message, note)]
  }
}

function renderUser({ content, name }: UserMessage, note: Note): JsonObject[] {
  noteName(name, note)
  return partsOf(content).flatMap((part) => renderPart(part, note))
}

function renderAssistant({ content, name }: AssistantMessage, note: Note): JsonObject[] {
  noteName(name, note)
  return partsOf(content).flatMap((part) => renderAssistantPart(part, note))
}

function noteName(name: string | undefined, note: Note): void {
  if (name !== undefined && name !== '') note('the name of a speaker was left out: the format has none')
}

function renderAssistantPart(part: AssistantPart, note: Note): JsonObject[] {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'tool-call':
      return [renderCall(part)]
    case 'reasoning':
      return renderReasoning(part)
    case 'file':
      note('a file that a model made was left out: the format takes none in an assistant turn')
      return []
  }
}

// Thoughts go back as they came or not at all: one without its signature is refused.
function renderReasoning({ text, signature, encrypted, details, origin }: ReasoningPart): JsonObject[] {
  if (origin !== DIALECT) return []
  const blocks: JsonObject[] = []
  if (signature !== undefined && signature !== '')
    blocks.push({ type: 'thinking', thinking: text, signature })
  if (encrypted !== undefined && encrypted !== '') blocks.push({ type: 'redacted_thinking', data: encrypted })
  return [...blocks, ...vendorBlocks(details)]
}

function noteLostThoughts(messages: readonly Message[], { warnings }: RenderInput): void {
  const lost = messages.some(
    (message) =>
      message.role === 'assistant' &&
      partsOf(message.content).some(
        (part) => part.type === 'reasoning' && part.text !== '' && renderReasoning(part).length === 0,
      ),
  )
  if (lost)
    warnings.push({
      type: 'other',
      message: 'reasoning of earlier turns was not sent back: the format takes only thoughts it has signed',
    })
}

function renderToolResult({ toolCallId, content, isError }: ToolMessage, note: Note): JsonObject {
  const failed = isError === true
  const blocks = partsOf(content).flatMap((part) => renderPart(part, note))
  // A failure without a word is refused.
  const text = failed && blocks.length === 0 ? 'The tool failed.' : undefined
  return {
    type: 'tool_result',
    tool_use_id: toolCallId,
    content: text ?? (blocks.length === 0 ? undefined : shortest(blocks)),
    is_error: failed ? true : undefined,
  }
}

// A turn of the assistant at the end is the beginning of its answer: white space at its end is refused.
function trimPrefill(turns: Turn[], note: Note): void {
  const last = turns.at(-1)
  const block = last?.content.at(-1)
  if (last?.role !== 'assistant' || block?.['type'] !== 'text') return
  const text = plainText([block as { type: string; text: string }])
  if (text.trimEnd() === text) return
  last.content[last.content.length - 1] = { type: 'text', text: text.trimEnd() }
  note('white space at the end of the last assistant turn was cut: the format refuses it')
}

// A single text needs no list.
function shortest(blocks: readonly JsonObject[]): JsonObject['content'] {
  const [only] = blocks
  return blocks.length === 1 && only?.['type'] === 'text' ? only['text'] : blocks
}
