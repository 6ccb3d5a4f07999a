/** 14 letters and digits that depend on the text alone, so that equal requests have equal bodies. Not for secrets. */
export function stableHash(text: string): string {
  let first = 0x811c9dc5
  let second = 0x9dc5811c
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    first = Math.imul(first ^ unit, 0x01000193)
    second = Math.imul(second ^ unit, 0x85ebca6b) ^ (second >>> 13)
  }
  return digits(first) + digits(second)
}

function digits(value: number): string {
  return (value >>> 0).toString(36).padStart(7, '0')
}
