/**
 * A pattern of the flag `x` as one without: blanks and `#` comments between its parts are taken out. Escaped ones, and
 * those inside a class, stay.
 */
export function withoutLayout(source: string): string {
  let out = ''
  let inClass = false
  for (let at = 0; at < source.length; at++) {
    const char = source.charAt(at)
    if (char === '\\') {
      const next = source.charAt(at + 1)
      // An escaped blank or `#` is the character itself, for which there is no need of an escape any more.
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
