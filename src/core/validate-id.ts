/** A conversation's id: 1 to 100 letters, digits, `_` and `-`, as every UUID is. Holds nothing that could lead out of a folder. */
export function isConversationId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(value)
}

/** A persona's id or name: 1 to 100 letters and digits of any script, spaces, `_` and `-`, not blank. */
export function isPersonaName(value: unknown): value is string {
  return typeof value === 'string' && /^(?=.*\S)[\p{L}\p{M}\p{N} _-]{1,100}$/u.test(value)
}

/** True for a text that would break a header, a frame or a file name: with a line break or another control character. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f]/.test(text)
}
