import type { RenderInput } from '../../core/dialect.ts'
import { adaptHistory, type ToolIdRule } from '../../core/history.ts'
import { isObject, objectOf, type JsonDraft, type JsonObject } from '../../core/json.ts'
import {
  partsOf,
  type AssistantPart,
  type Message,
  type ReasoningPart,
  type SystemMessage,
} from '../../core/message.ts'
import { tellTools } from '../told-tools.ts'
import {
  renderCall,
  renderPart,
  renderText,
  renderToolResult,
  type Note,
  type PartContext,
} from './content.ts'
import { mendParams } from './mend.ts'
import type { BedrockConverseQuirks } from './quirks.ts'

const DIALECT = 'bedrock-converse'
const TOOL_IDS: ToolIdRule = {
  allowed: /^[A-Za-z0-9_-]{1,64}$/,
  make: (index) => `tooluse_renamed_${index}`,
}
const LOOSE_IDS: ToolIdRule = { ...TOOL_IDS, allowed: /^[A-Za-z0-9_.:-]{1,64}$/ }
const SHORT_IDS: ToolIdRule = {
  allowed: /^[A-Za-z0-9]{9}$/,
  make: (index) => `call${String(index).padStart(5, '0')}`,
}
/** Stands in for the user turn that a conversation must begin with. */
const OPENING = 'Continue.'
/** Goes with a document that came without a word: the format wants some text beside it. */
const BESIDE_DOCUMENT = 'See the document.'
/** Parts two user turns that may not be one. */
const BETWEEN = '.'

interface Turn {
  readonly role: 'user' | 'assistant'
  readonly content: JsonObject[]
}

/** Writes messages and instructions; the model and the mode are in the endpoint. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: BedrockConverseQuirks = input.quirks
  const note: Note = (message) => {
    input.warnings.push({ type: 'compatibility', message })
  }
  const rules = { dialect: DIALECT, toolIds: toolIdsOf(quirks) }
  const fitted = adaptHistory(input.messages, rules, input.warnings)
  // Without tools the format refuses calls and results; a tool made up for their sake could be called.
  const told = (): void =>
    note('earlier tool calls and their results were sent as text: the format takes them only with tools')
  const messages = offersTools(input) ? fitted : tellTools(fitted, told)
  const turns = renderTurns(messages, { note, quirks, documents: new Set() })
  renderSystem(messages, { body, turns, quirks, note })
  noteLostThoughts(messages, input)
  body['messages'] = turns.map(({ role, content }) => ({ role, content }))
  mendParams(input, body)
  mendTools(input, body)
}

function toolIdsOf({ toolIds }: BedrockConverseQuirks): ToolIdRule {
  if (toolIds === undefined) return TOOL_IDS
  return toolIds === 'short' ? SHORT_IDS : LOOSE_IDS
}

function offersTools({ settings }: RenderInput): boolean {
  return settings.tools !== undefined && settings.toolChoice !== 'none'
}

function isInstructions(message: Message): message is SystemMessage {
  return message.role === 'system' || message.role === 'developer'
}

interface SystemPlace {
  readonly body: JsonDraft
  readonly turns: readonly Turn[]
  readonly quirks: BedrockConverseQuirks
  readonly note: Note
}

// Instructions stand apart from the turns: those from the middle of a conversation go to its beginning.
function renderSystem(messages: readonly Message[], { body, turns, quirks, note }: SystemPlace): void {
  const begins = messages.findIndex((message) => !isInstructions(message))
  if (begins !== -1 && messages.slice(begins).some(isInstructions))
    note('instructions from inside the conversation were moved to its beginning')
  const system = messages.filter(isInstructions).flatMap(({ content }) => renderText(content))
  if (system.length === 0) return
  if (quirks.systemPrompt !== false) {
    body['system'] = system
    return
  }
  turns[0]?.content.unshift(...system)
  note('the instructions were put before the first user turn: the model takes none apart')
}

// Turns alternate, begin with the user, and hold something each.
function renderTurns(messages: readonly Message[], context: PartContext): Turn[] {
  const { note, quirks } = context
  const turns: Turn[] = []
  for (const message of messages) {
    if (isInstructions(message)) continue
    const role = message.role === 'assistant' ? 'assistant' : 'user'
    const content = renderContent(message, context)
    if (content.length === 0) {
      note(`an empty ${role} turn was left out: the format takes none`)
      continue
    }
    const last = turns.at(-1)
    if (last?.role !== role) turns.push({ role, content })
    else if (quirks.toolResultsAlone === true && isResult(last.content[0]) !== isResult(content[0])) {
      note(
        'an assistant turn was put between tool results and the next user turn: the model wants them apart',
      )
      turns.push({ role: 'assistant', content: renderText(BETWEEN) }, { role, content })
    } else last.content.push(...content)
  }
  for (const turn of turns) addText(turn, note)
  trimPrefill(turns, note)
  if (turns[0]?.role !== 'user') {
    note(`the user turn ${JSON.stringify(OPENING)} was put first: the format wants one there`)
    turns.unshift({ role: 'user', content: renderText(OPENING) })
  }
  return turns
}

function isResult(block: JsonObject | undefined): boolean {
  return isObject(block?.['toolResult'])
}

function addText({ role, content }: Turn, note: Note): void {
  const wordless = content.every((block) => block['text'] === undefined)
  if (role !== 'user' || !wordless || !content.some((block) => isObject(block['document']))) return
  content.push(...renderText(BESIDE_DOCUMENT))
  note(
    `${JSON.stringify(BESIDE_DOCUMENT)} was added to a document without text: the format wants some beside it`,
  )
}

function renderContent(message: Exclude<Message, SystemMessage>, context: PartContext): JsonObject[] {
  if (message.role === 'tool') return [renderToolResult(message, context)]
  if (message.name !== undefined && message.name !== '')
    context.note('the name of a speaker was left out: the format has none')
  if (message.role === 'user') return partsOf(message.content).flatMap((part) => renderPart(part, context))
  return partsOf(message.content).flatMap((part) => renderAssistantPart(part, context))
}

function renderAssistantPart(part: AssistantPart, { note, quirks }: PartContext): JsonObject[] {
  switch (part.type) {
    case 'text':
      return renderText(part.text)
    case 'tool-call':
      return [renderCall(part)]
    case 'reasoning':
      return renderThought(part, quirks)
    case 'file':
      note('a file that a model made was left out: the format takes none in an assistant turn')
      return []
  }
}

// Thoughts go back as they came or not at all: what is not signed would pass for a part of the answer.
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

function noteLostThoughts(messages: readonly Message[], { warnings, quirks }: RenderInput): void {
  const lost = messages.some(
    (message) =>
      message.role === 'assistant' &&
      partsOf(message.content).some(
        (part) => part.type === 'reasoning' && part.text !== '' && renderThought(part, quirks).length === 0,
      ),
  )
  if (lost)
    warnings.push({
      type: 'other',
      message: 'reasoning of earlier turns was not sent back: the model takes only thoughts it has signed',
    })
}

// A turn of the assistant at the end is the beginning of its answer: white space at its end is refused.
function trimPrefill(turns: readonly Turn[], note: Note): void {
  const last = turns.at(-1)
  const text = last?.content.at(-1)?.['text']
  if (last?.role !== 'assistant' || typeof text !== 'string' || text.trimEnd() === text) return
  last.content[last.content.length - 1] = { text: text.trimEnd() }
  note('white space at the end of the last assistant turn was cut: the format refuses it')
}

// Without tools there may be no word about them; a switch for parallel calls takes the choice along, in its own words.
function mendTools(input: RenderInput, body: JsonDraft): void {
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
