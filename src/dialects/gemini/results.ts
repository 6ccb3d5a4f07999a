import { withFields } from '../../core/fit/wire-fields.ts'
import type { JsonDraft } from '../../core/json.ts'
import { bytesOf, plainText, type FilePart, type ImagePart, type ToolMessage } from '../../core/message.ts'
import { renderMedia } from './media.ts'
import type { WireRules } from '../../core/fit/rules.ts'
import type { GeminiQuirks } from './quirks.ts'

// Media types that a function response may hold.
const INSIDE: ReadonlySet<string> = new Set([
  'image/png',
  'image/jpeg',
  'image/webp',
  'application/pdf',
  'text/plain',
])

/** What all results of a request share. */
export interface ResultContext {
  readonly quirks: GeminiQuirks
  readonly rules: WireRules
}

/** The results of parallel calls: one response each, then the media that no response can hold. */
export function renderResults(
  results: readonly ToolMessage[],
  names: ReadonlyMap<string, string>,
  { quirks, rules }: ResultContext,
): JsonDraft[] {
  const responses: JsonDraft[] = []
  const after: JsonDraft[] = []
  for (const result of results) {
    const name = names.get(result.toolCallId) ?? result.name ?? result.toolCallId
    const media = mediaOf(result)
    const inside = media.filter((part) => fitsInside(part, quirks))
    const outside = media.filter((part) => !inside.includes(part))
    const response = renderResponse(result, { name, inside, outside }, rules)
    responses.push(withFields({ functionResponse: response }, result))
    if (outside.length > 0)
      after.push({ text: `Result of ${name}:` }, ...outside.map((part) => renderMedia(part, quirks)))
  }
  return [...responses, ...after]
}

type Media = ImagePart | FilePart

interface Parts {
  readonly name: string
  readonly inside: readonly Media[]
  readonly outside: readonly Media[]
}

function renderResponse(
  { toolCallId, content, isError }: ToolMessage,
  { name, inside, outside }: Parts,
  rules: WireRules,
): JsonDraft {
  const text = plainText(content, '\n')
  const shown = text === '' && outside.length > 0 ? 'See below.' : text
  return {
    ...('absent' in rules.callIds ? undefined : { id: toolCallId }),
    name,
    response: isError === true ? { error: shown } : { output: shown },
    ...(inside.length === 0 ? undefined : { parts: inside.map((part) => renderMedia(part, {})) }),
  }
}

function mediaOf({ content }: ToolMessage): readonly Media[] {
  return typeof content === 'string' ? [] : content.filter((part) => part.type !== 'text')
}

function fitsInside(part: Media, { resultParts }: GeminiQuirks): boolean {
  const bytes = resultParts === false ? undefined : bytesOf(part)
  return bytes !== undefined && INSIDE.has(bytes.mediaType)
}
