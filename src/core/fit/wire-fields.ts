import { mergeInto, type JsonDraft, type JsonObject } from '../json.ts'
import type { Extensible } from '../extensible.ts'

/** Merges the fields of a message, part or tool into its wire form. */
export function withFields<T extends JsonObject>(wire: T, { wire: own }: Extensible): T {
  if (own === undefined) return wire
  own.placed = true
  const extended: JsonDraft = { ...wire }
  mergeInto(extended, own.fields)
  return extended as T
}

/** The same for a wire form of several blocks, of which the last gets the fields. */
export function withFieldsInLast(blocks: JsonObject[], part: Extensible): JsonObject[] {
  const last = blocks.at(-1)
  if (part.wire === undefined || last === undefined) return blocks
  return [...blocks.slice(0, -1), withFields(last, part)]
}
