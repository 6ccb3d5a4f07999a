import type { RenderInput } from '../../core/dialect.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { isObject, objectOf, type JsonDraft, type JsonObject } from '../../core/json.ts'
import {
  markOfResult,
  partsOf,
  type AssistantPart,
  type Message,
  type ReasoningPart,
  type SystemMessage,
  type TextPart,
} from '../../core/message.ts'
import { addTurn, isInstructions, openingOf, roleOf, type WireMessage, UNSIGNED } from '../claude-turns.ts'
import { createNote, noteLostThoughts, type Note } from '../note.ts'
import { toolsAsText } from '../tools-as-text.ts'
import { withCachePoint } from './cache-point.ts'
import { resolveConflicts } from './conflicts.ts'
import { renderCall, renderPart, renderText, renderToolResult, type PartContext } from './content.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

const DIALECT = 'bedrock-converse'
/** Text beside a document that came without one, because the format requires some. */
const BESIDE_DOCUMENT = 'See the document.'

/** Writes messages and instructions; the model and the mode are in the endpoint. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: BedrockConverseQuirks = input.quirks
  const note = createNote(input)
  // Without tools the format refuses calls and results. A made-up tool is no way out, because the model could call it.
  const onConvert = (): void =>
    note('earlier tool calls and their results were sent as text: the format accepts them only with tools')
  const messages = offersTools(input) ? input.messages : toolsAsText(input.messages, onConvert)
  const rendered = renderMessages(messages, { note, quirks, documents: new Set() })
  renderSystem(messages, { body, rendered, quirks, note })
  noteLostThoughts(input, (thought) => renderThought(thought, quirks).length > 0, UNSIGNED)
  body['messages'] = rendered.map(({ role, content, fields }) => ({ role, content, ...fields }))
  resolveConflicts(input, body)
  fitTools(input, body)
}

function offersTools({ settings }: RenderInput): boolean {
  return (settings.tools ?? settings.serverTools) !== undefined && settings.toolChoice !== 'none'
}

interface SystemPlace {
  readonly body: JsonDraft
  readonly rendered: readonly WireMessage[]
  readonly quirks: BedrockConverseQuirks
  readonly note: Note
}

// Instructions have a field of their own.
function renderSystem(messages: readonly Message[], { body, rendered, quirks, note }: SystemPlace): void {
  const system = messages
    .filter(isInstructions)
    .flatMap((message) =>
      withCachePoint(withFieldsInLast(renderText(message.content), message), message.cache),
    )
  if (system.length === 0) return
  if (quirks.systemPrompt !== false) {
    body['system'] = system
    return
  }
  rendered[0]?.content.unshift(...system)
  note('the instructions were put into the first user message: the model has no system prompt')
}

// Messages alternate, begin with the user's, and have content.
function renderMessages(messages: readonly Message[], context: PartContext): WireMessage[] {
  const { note } = context
  const rendered: WireMessage[] = []
  for (const message of messages) {
    if (isInstructions(message)) continue
    const content = renderContent(message, context)
    const role = roleOf(message, content, note)
    if (role === undefined) continue
    addTurn(rendered, { role, content }, message.role === 'tool' ? {} : message)
  }
  for (const message of rendered) addText(message, note)
  trimPrefill(rendered, note)
  const opening = openingOf(rendered, note).flatMap(renderText)
  if (opening.length > 0) rendered.unshift({ role: 'user', content: opening })
  return rendered
}

function addText({ role, content }: WireMessage, note: Note): void {
  const wordless = content.every((block) => block['text'] === undefined)
  if (role !== 'user' || !wordless || !content.some((block) => isObject(block['document']))) return
  content.push(...renderText(BESIDE_DOCUMENT))
  note(`${JSON.stringify(BESIDE_DOCUMENT)} was added to a document without text: the format requires some`)
}

function renderContent(message: Exclude<Message, SystemMessage>, context: PartContext): JsonObject[] {
  if (message.role === 'tool')
    return withCachePoint([withFields(renderToolResult(message, context), message)], markOfResult(message))
  if (message.role === 'user')
    return partsOf(message.content).flatMap((part) =>
      withCachePoint(withFieldsInLast(renderPart(part, context), part), (part as TextPart).cache),
    )
  return partsOf(message.content).flatMap((part) =>
    withFieldsInLast(renderAssistantPart(part, context), part),
  )
}

function renderAssistantPart(part: AssistantPart, { note, quirks }: PartContext): JsonObject[] {
  switch (part.type) {
    case 'text':
      return withCachePoint(renderText(part.text), part.cache)
    case 'tool-call':
      return withCachePoint([renderCall(part)], part.cache)
    case 'reasoning':
      return renderThought(part, quirks)
    case 'server-tool':
      return [part.block]
    case 'file':
      note('a file made by the model was left out: the format has none in assistant messages')
      return []
  }
}

// Reasoning goes back unchanged or not at all, because unsigned reasoning would count as part of the answer.
function renderThought(
  { text, signature, encrypted, origin }: ReasoningPart,
  { thoughtsBack }: BedrockConverseQuirks,
): JsonObject[] {
  if (origin !== DIALECT || thoughtsBack === false) return []
  const blocks: JsonObject[] = []
  if (signature !== undefined && signature !== '')
    blocks.push({ reasoningContent: { reasoningText: { text, signature } } })
  if (encrypted !== undefined && encrypted !== '')
    blocks.push({ reasoningContent: { redactedContent: encrypted } })
  return blocks
}

// A final assistant message is the start of the answer. The format refuses white space at its end.
function trimPrefill(rendered: readonly WireMessage[], note: Note): void {
  const last = rendered.at(-1)
  const text = last?.content.at(-1)?.['text']
  if (last?.role !== 'assistant' || typeof text !== 'string' || text.trimEnd() === text) return
  last.content[last.content.length - 1] = { text: text.trimEnd() }
  note('white space at the end of the last assistant message was removed: the format refuses it')
}

// Without tools the body may not mention them. A switch for parallel calls takes the tool choice into the model's own field.
function fitTools(input: RenderInput, body: JsonDraft): void {
  if (!offersTools(input)) delete body['toolConfig']
  const tools = objectOf(body['toolConfig']) as JsonDraft
  const choice = objectOf(objectOf(body['additionalModelRequestFields'])['tool_choice']) as JsonDraft
  if (choice['disable_parallel_tool_use'] === undefined) return
  const { any, tool } = objectOf(tools['toolChoice'])
  Object.assign(
    choice,
    isObject(tool) ? { type: 'tool', ...tool } : { type: any === undefined ? 'auto' : 'any' },
  )
  delete tools['toolChoice']
}
