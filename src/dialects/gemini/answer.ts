import type { RenderInput } from '../../core/dialect.ts'
import type { WireRules } from '../../core/fit/rules.ts'
import { withFieldsInLast } from '../../core/fit/wire-fields.ts'
import { isObject, type JsonDraft, type JsonValue } from '../../core/json.ts'
import {
  argumentsObject,
  partsOf,
  type AssistantMessage,
  type AssistantPart,
  type ReasoningPart,
  type ToolCallPart,
} from '../../core/message.ts'
import { renderMedia } from './media.ts'
import type { GeminiQuirks } from './quirks.ts'

// The signature that the format documents for calls of another model.
const STAND_IN = 'skip_thought_signature_validator'

/** An earlier answer as the parts of a model message, without reasoning of other formats. */
export function renderAnswer(
  { content }: AssistantMessage,
  quirks: GeminiQuirks,
  { rules }: RenderInput,
): JsonDraft[] {
  const parts: JsonDraft[] = []
  for (const part of partsOf(content))
    if (part.type !== 'reasoning' || part.origin === 'gemini')
      parts.push(...withFieldsInLast(renderAnswerPart(part, quirks, rules), part))
  if (quirks.signedCalls !== false) signParts(parts)
  return parts
}

function renderAnswerPart(part: AssistantPart, quirks: GeminiQuirks, rules: WireRules): JsonDraft[] {
  switch (part.type) {
    case 'text':
      return part.text === '' && part.signature === undefined
        ? []
        : [withSignature({ text: part.text }, part.signature)]
    case 'reasoning':
      return renderThought(part)
    case 'tool-call':
      return [withSignature({ functionCall: renderCall(part, rules) }, part.signature)]
    case 'server-tool':
      return [part.block]
    case 'file':
      return [withSignature(renderMedia(part, quirks), part.signature)]
  }
}

// Parts of tools that the provider ran itself are in `details` and go back unchanged.
function renderThought({ text, signature, details }: ReasoningPart): JsonDraft[] {
  const thought =
    text === '' && signature === undefined ? [] : [withSignature({ text, thought: true }, signature)]
  const others = Array.isArray(details) ? details.filter((item: JsonValue) => isObject(item)) : []
  return [...thought, ...others.map((item: JsonValue) => item as JsonDraft)]
}

function renderCall(call: ToolCallPart, { callIds }: WireRules): JsonDraft {
  const { id, name } = call
  return { ...('absent' in callIds ? undefined : { id }), name, args: argumentsObject(call) }
}

function withSignature(part: JsonDraft, signature: string | undefined): JsonDraft {
  return signature === undefined ? part : { ...part, thoughtSignature: signature }
}

// Of parallel calls the first has a signature; every image has one.
function signParts(parts: readonly JsonDraft[]): void {
  const calls = parts.filter((part) => part['functionCall'] !== undefined)
  const [first] = calls
  if (first !== undefined && calls.every((part) => part['thoughtSignature'] === undefined))
    first['thoughtSignature'] = STAND_IN
  for (const part of parts) if (part['inlineData'] !== undefined) part['thoughtSignature'] ??= STAND_IN
}
