import { argument, checkArguments } from '../core/check-arguments.ts'
const MAX_CHARS = 64

/**
 * Converts a name to one that every provider accepts as `name` of a message: blanks become `_`; only letters and digits
 * of any script, `_`, `-` and `.` stay; at most 64 characters. Returns `undefined` if nothing is left.
 */
export function speakerName(name: string): string | undefined {
  checkArguments('speakerName', { name: argument.text }, { name })
  const kept = name
    .normalize('NFC')
    .trim()
    .replaceAll(/\s+/g, '_')
    .replaceAll(/[^\p{L}\p{M}\p{N}_.-]/gu, '')
  // Cuts by code points, so that no surrogate pair is split.
  const short = kept.length <= MAX_CHARS ? kept : cut(kept)
  return short === '' ? undefined : short
}

function cut(text: string): string {
  let short = ''
  for (const char of text) {
    if (short.length + char.length > MAX_CHARS) break
    short += char
  }
  return short
}
