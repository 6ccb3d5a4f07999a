/** A key in slashes, taken apart. */
export interface RegexKey {
  readonly source: string
  /** Of `i`, `m`, `s` and `x`. */
  readonly flags: string
}

/** Reads `/source/flags`; `undefined` for a key that is a literal text. */
export function readRegexKey(key: string): RegexKey | undefined {
  const match = /^\/(.+)\/([imsx]{0,4})$/s.exec(key)
  return match === null ? undefined : { source: match[1] ?? '', flags: match[2] ?? '' }
}

/** Splits a line that begins with a key in slashes behind its last slash that `next` follows; an escaped slash ends no key. */
export function splitRegexKey(line: string, next: string): { key: string; rest: string } | undefined {
  if (!line.startsWith('/')) return undefined
  for (let at = 1; at < line.length; at++) {
    if (line[at] === '\\') at++
    else if (line[at] === '/') {
      const flags = /^[imsx]{0,4}[^\S\n]{0,8}/.exec(line.slice(at + 1, at + 14))?.[0] ?? ''
      const end = at + 1 + flags.length
      if (at > 1 && line[end] === next) return { key: line.slice(0, end).trimEnd(), rest: line.slice(end) }
    }
  }
  return undefined
}
