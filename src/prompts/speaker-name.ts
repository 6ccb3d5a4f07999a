const MAX_CHARS = 64

/**
 * A name as every provider takes it in a turn's `name`: blanks become `_`, only letters and digits of any script, `_`,
 * `-` and `.` stay, at most 64 characters. `undefined` where nothing stays.
 */
export function speakerName(name: string): string | undefined {
  const kept = name
    .normalize('NFC')
    .trim()
    .replaceAll(/\s+/g, '_')
    .replaceAll(/[^\p{L}\p{M}\p{N}_.-]/gu, '')
  // By characters: half a surrogate pair is no text.
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
