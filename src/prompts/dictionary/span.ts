import type { Breather } from './breather.ts'

/** A piece of a text: from `start` up to, but not, `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** Finds one pattern in texts: pieces from left to right that do not overlap, none of them empty. */
export interface Finder {
  /** Gives way to others where it takes long; rejects where it would take too long. */
  spans(text: string, breather: Breather): Promise<readonly Span[]>
}

const SPANS_AT_ONCE = 4_096

/** The text with these pieces replaced, the replacement taken as it is. */
export async function replaceSpans(
  text: string,
  spans: readonly Span[],
  { replacement, breather }: { readonly replacement: string; readonly breather: Breather },
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
    await breather.pause()
  }
  return out + text.slice(at)
}

/** How long the text will be then. */
export function lengthAfter(text: string, spans: readonly Span[], replacement: string): number {
  let length = text.length + spans.length * replacement.length
  for (const { start, end } of spans) length -= end - start
  return length
}
