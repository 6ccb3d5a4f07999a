import type { RenderInput } from '../../core/dialect.ts'
import { toolNames } from '../../core/history.ts'
import { withFields, withFieldsInLast } from '../../core/fit/wire-fields.ts'
import type { JsonDraft, JsonObject } from '../../core/json.ts'
import type { Extensible } from '../../core/extensible.ts'
import { partsOf, type Message, type UserMessage, type UserPart } from '../../core/message.ts'
import { createNote, noteLostThoughts } from '../note.ts'
import { renderAnswer } from './answer.ts'
import { renderMedia } from './media.ts'
import type { GeminiQuirks } from './quirks.ts'
import { renderResults } from './results.ts'

/** One message on the wire. */
interface Content {
  readonly role: 'user' | 'model'
  readonly parts: JsonDraft[]
  fields?: JsonObject | undefined
}

/** Writes the instructions and the messages; adjacent messages of one role become one. */
export function render(input: RenderInput, body: JsonDraft): void {
  const quirks: GeminiQuirks = input.quirks
  const { messages } = input
  noteLostThoughts(input, ({ origin }) => origin === 'gemini')
  const contents = renderContents(messages, quirks, input)
  const system = collectInstructions(messages)
  if (system.length > 0) placeInstructions(system, contents, { body, quirks, input })
  body['contents'] = contents.map(({ role, parts, fields }) => ({ role, parts, ...fields }))
  if (body['cachedContent'] !== undefined) leaveOutCached(body, input)
}

// The format refuses a request that repeats what the cached content holds.
function leaveOutCached(body: JsonDraft, input: RenderInput): void {
  const repeated = ['systemInstruction', 'tools', 'toolConfig'].filter((field) => body[field] !== undefined)
  for (const field of repeated) body[field] = undefined
  // No loss, because the caller made the content of them.
  if (repeated.length > 0) {
    const message = `${repeated.join(', ')} were left out: the cached content holds its own`
    input.warnings.push({ type: 'other', message })
  }
}

function renderContents(messages: readonly Message[], quirks: GeminiQuirks, input: RenderInput): Content[] {
  const names = toolNames(messages)
  const contents: Content[] = []
  const add = (role: Content['role'], parts: readonly JsonDraft[], message: Extensible = {}): void => {
    const last = contents.at(-1)
    if (last?.role === role) last.parts.push(...parts)
    else if (parts.length > 0) contents.push({ role, parts: [...parts] })
    const place = contents.at(-1)
    if (message.wire !== undefined && place?.role === role)
      place.fields = withFields(place.fields ?? {}, message)
  }
  let at = 0
  while (at < messages.length) {
    const message = messages[at++] as Message
    if (message.role === 'user') add('user', renderUser(message, quirks, input), message)
    else if (message.role === 'assistant') add('model', renderAnswer(message, quirks, input), message)
    else if (message.role === 'tool') {
      // The results of parallel calls go back in one message.
      const results = [message]
      for (let next = messages[at]; next?.role === 'tool'; next = messages[++at]) results.push(next)
      add('user', renderResults(results, names, { quirks, rules: input.rules }))
    }
  }
  return contents
}

function renderUser({ content }: UserMessage, quirks: GeminiQuirks, input: RenderInput): JsonDraft[] {
  return partsOf(content).flatMap((part) => withFieldsInLast(renderPart(part, quirks, input), part))
}

function renderPart(part: UserPart, quirks: GeminiQuirks, input: RenderInput): JsonDraft[] {
  if (part.type === 'text') return part.text === '' ? [] : [{ text: part.text }]
  if (part.type === 'image' && part.detail !== undefined && part.detail !== 'auto')
    createNote(input)(`the detail "${part.detail}" of an image was left out: the format has no field for it`)
  return [renderMedia(part, quirks)]
}

function collectInstructions(messages: readonly Message[]): JsonDraft[] {
  return messages.flatMap((message) =>
    (message.role === 'system' || message.role === 'developer') && message.content !== ''
      ? [withFields({ text: message.content }, message)]
      : [],
  )
}

interface Place {
  readonly body: JsonDraft
  readonly quirks: GeminiQuirks
  readonly input: RenderInput
}

function placeInstructions(system: JsonDraft[], contents: Content[], { body, quirks, input }: Place): void {
  const alone = contents.length === 0
  if (quirks.systemInstruction !== false && !alone) {
    body['systemInstruction'] = { parts: system }
    return
  }
  createNote(input)(
    alone
      ? 'the instructions were sent as a user message: the format requires one'
      : 'the instructions were put into the first user message: the model has no system instruction',
  )
  if (contents[0]?.role === 'user') contents[0].parts.unshift(...system)
  else contents.unshift({ role: 'user', parts: system })
}
