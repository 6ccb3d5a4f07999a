/** A key in slashes: the source and the flags of its regular expression. */
export interface RegexKey {
  readonly source: string
  /** Flags: `i`, `m`, `s` and `x`. */
  readonly flags: string
}

/** Parses `/source/flags`. Returns `undefined` if the key is a literal. */
export function readRegexKey(key: string): RegexKey | undefined {
  const match = /^\/(.+)\/([imsx]{0,4})$/s.exec(key)
  return match === null ? undefined : { source: match[1] ?? '', flags: match[2] ?? '' }
}

/** Splits a line after a key in slashes and its flags, if `next` follows them. Escaped slashes do not end the key. */
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

/**
 * Converts a pattern with the flag `x` to one without: removes whitespace and `#` comments, except if escaped or inside
 * a class.
 */
export function stripExtendedSyntax(source: string): string {
  let out = ''
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const char = source.charAt(at)
    if (char === '\\') {
      const next = source.charAt(at + 1)
      // Without the flag, whitespace and `#` need no escape.
      out += /[\s#]/.test(next) ? next : char + next
      at++
    } else if (inClass || !/[\s#]/.test(char)) {
      if (char === '[') inClass = true
      else if (char === ']') inClass = false
      out += char
    } else if (char === '#') {
      while (at + 1 < source.length && source.charAt(at + 1) !== '\n') at++
    }
  }
  return out
}
