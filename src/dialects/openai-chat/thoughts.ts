import type { RenderInput } from '../../core/dialect.ts'
import { isObject, listOf, objectOf, textOf, type JsonObject, type JsonValue } from '../../core/json.ts'
import type { AssistantPart, ReasoningPart, ToolCallPart } from '../../core/message.ts'
import { noteLostThoughts } from '../note.ts'
import type { OpenAIChatQuirks } from './quirks.ts'
import { thinks } from '../samplers.ts'

const DIALECT = 'openai-chat'
// The signature that Gemini's documentation names for calls of another model.
const STAND_IN = 'skip_thought_signature_validator'
// Fields with pieces of a block's text.
const TEXTS = ['text', 'summary', 'thinking'] as const

/** Joins the pieces of streamed blocks: text after text of one block, and the signature that completes it. */
export function joinBlocks(pieces: readonly JsonValue[]): JsonValue[] {
  const blocks: JsonValue[] = []
  for (const piece of pieces) {
    const at = isObject(piece)
      ? blocks.findLastIndex((block) => isPieceOf(piece, objectOf(block) as JsonObject))
      : -1
    if (at === -1) blocks.push(piece)
    else blocks[at] = joined(objectOf(blocks[at]) as JsonObject, piece as JsonObject)
  }
  return blocks
}

// A signature completes a block, and encrypted data is one by itself.
function isPieceOf(piece: JsonObject, block: JsonObject): boolean {
  const same = (field: string): boolean =>
    piece[field] === block[field] || (piece[field] ?? undefined) === undefined
  return (
    piece['type'] === block['type'] &&
    same('index') &&
    same('id') &&
    !textOf(block['signature']) &&
    piece['data'] === undefined &&
    block['data'] === undefined
  )
}

function joined(block: JsonObject, piece: JsonObject): JsonObject {
  const whole: Record<string, JsonValue | undefined> = { ...block }
  for (const [field, value] of Object.entries(piece)) {
    const isText = (TEXTS as readonly string[]).includes(field)
    if (isText && typeof value === 'string') whole[field] = (textOf(block[field]) ?? '') + value
    else if (value !== null && value !== '') whole[field] = value
  }
  return whole
}

/** The text of reasoning blocks. */
export function textOfBlocks(blocks: readonly unknown[]): string {
  return blocks.map((block) => TEXTS.map((field) => textOf(objectOf(block)[field]) ?? '').join('')).join('')
}

/** The signature of a part and the vendor fields that hold it; `undefined` if there is none. */
export function readMark(holder: Readonly<Record<string, unknown>>): JsonObject | undefined {
  const found = MARKS.filter((field) => holder[field] !== undefined && holder[field] !== null)
  if (found.length === 0) return undefined
  const fields = Object.fromEntries(found.map((field) => [field, holder[field] as JsonValue]))
  return signatureIn(fields) === undefined ? undefined : fields
}
const MARKS = ['extra_content', 'provider_specific_fields', 'thought_signature', 'thoughtSignature'] as const

/** The signature inside the fields of {@link readMark}. */
export function signatureIn(fields: JsonObject): string | undefined {
  for (const [field, value] of Object.entries(fields)) {
    const text = /^thought_?signature$/i.test(field) ? textOf(value) : undefined
    const found = text ?? (isObject(value) ? signatureIn(value) : undefined)
    if (found !== undefined) return found
  }
  return undefined
}

/** What an assistant message is rendered with. */
export interface ThoughtContext {
  readonly quirks: OpenAIChatQuirks
  readonly input: RenderInput
}

/** The fields of an assistant message with its reasoning. `text`: its text. */
export function renderThoughts(
  parts: readonly AssistantPart[],
  text: string,
  { quirks, input }: ThoughtContext,
): JsonObject | undefined {
  const { reasoningField: field, reasoningRequired } = quirks
  const thoughts = parts.filter((part) => part.type === 'reasoning')
  const required = reasoningRequired === true || (reasoningRequired === 'calls' && hasCalls(parts))
  if (thoughts.length === 0 && !required) return undefined
  const blocks = joinBlocks(
    thoughts.flatMap(({ details }) => (listOf(details) as JsonValue[]).filter(isObject)),
  )
  const isDetail = (block: JsonValue): boolean => !String(objectOf(block)['type']).endsWith('thinking')
  const details = blocks.filter(isDetail)
  const signed = blocks.filter((block) => !isDetail(block))
  const thought = thoughts.map((part) => (isSent(part, quirks) ? part.text : '')).join('')
  return {
    ...(details.length === 0 ? undefined : { reasoning_details: details }),
    ...(signed.length === 0 ? undefined : { thinking_blocks: signed }),
    ...plainFields(thought, text, { field, hasDetails: details.length > 0 }),
    ...(thought === '' && required && field !== undefined && thinks(input.settings.reasoning, quirks)
      ? { [field]: reasoningRequired === 'calls' ? ' ' : '' }
      : undefined),
  }
}

function hasCalls(parts: readonly AssistantPart[]): boolean {
  return parts.some((part) => part.type === 'tool-call')
}

function isSent({ origin }: ReasoningPart, { reasoningField, foreignThoughts }: OpenAIChatQuirks): boolean {
  const own = origin === undefined || origin === DIALECT
  return reasoningField !== undefined && (own || foreignThoughts !== false)
}

interface PlainPlace {
  readonly field: OpenAIChatQuirks['reasoningField']
  readonly hasDetails: boolean
}

function plainFields(
  thought: string,
  text: string,
  { field, hasDetails }: PlainPlace,
): JsonObject | undefined {
  if (thought === '' || field === undefined) return undefined
  if (field === 'reasoning_details') return hasDetails ? undefined : { reasoning: thought }
  if (field !== 'thinking') return { [field]: thought }
  const said = text === '' ? [] : [{ type: 'text', text }]
  return { content: [{ type: 'thinking', thinking: [{ type: 'text', text: thought }] }, ...said] }
}

/** Adds a warning if reasoning of an earlier message is not sent. */
export function noteLost(input: RenderInput, quirks: OpenAIChatQuirks): void {
  noteLostThoughts(input, (part) => isSent(part, quirks) || listOf(part.details).length > 0)
}

/** The vendor fields of an earlier tool call. `first`: of the message. */
export function renderMark(
  { details, signature }: ToolCallPart,
  first: boolean,
  { signedCalls }: OpenAIChatQuirks,
): JsonObject | undefined {
  if (isObject(details)) return details
  const mark = signature ?? (first ? STAND_IN : undefined)
  return signedCalls === true && mark !== undefined ? googleMark(mark) : undefined
}

/** The vendor field with a signature of Gemini. */
export function googleMark(signature: string): JsonObject {
  return { extra_content: { google: { thought_signature: signature } } }
}
