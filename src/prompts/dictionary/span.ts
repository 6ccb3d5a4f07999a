import type { YieldWhenDue } from '../../core/yield.ts'

/** A range of a text: from `start` (inclusive) to `end` (exclusive). */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Finds the matches of one pattern: from left to right, without overlap, never empty. */
export interface Finder {
  /** Yields to the event loop during long searches. Rejects if the pattern needs too many steps on the text. */
  spans(text: string, yieldWhenDue: YieldWhenDue): Promise<readonly Span[]>
}

const SPANS_AT_ONCE = 4_096

/** Replaces ranges of a text. The replacement is inserted literally. */
export async function replaceSpans(
  text: string,
  spans: readonly Span[],
  { replacement, yieldWhenDue }: { readonly replacement: string; readonly yieldWhenDue: YieldWhenDue },
): Promise<string> {
  let out = ''
  let at = 0
  for (let from = 0; from < spans.length; from += SPANS_AT_ONCE) {
    const pieces: string[] = []
    for (const { start, end } of spans.slice(from, from + SPANS_AT_ONCE)) {
      pieces.push(text.slice(at, start), replacement)
      at = end
    }
    out += pieces.join('')
    await yieldWhenDue()
  }
  return out + text.slice(at)
}

/** Returns the length of the text after {@link replaceSpans}. */
export function lengthAfter(text: string, spans: readonly Span[], replacement: string): number {
  let length = text.length + spans.length * replacement.length
  for (const { start, end } of spans) length -= end - start
  return length
}
