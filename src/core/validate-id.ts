/** Whether a value is a conversation id: 1 to 100 letters, digits, `_` and `-`, such as a UUID. Such an id is safe as a file name. */
export function isConversationId(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9_-]{1,100}$/.test(value)
}

/** Whether a value is a persona's id or name: 1 to 100 letters and digits of any script, spaces, `_` and `-`, not blank. */
export function isPersonaName(value: unknown): value is string {
  return typeof value === 'string' && /^(?=.*\S)[\p{L}\p{M}\p{N} _-]{1,100}$/u.test(value)
}

/** Whether a text contains a line break or another control character, which would break a header, frame or file name. */
export function hasControls(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /[\u0000-\u001f\u007f]/.test(text)
}
